# SPDX-License-Identifier: MIT
# AdvSIMD (Arm ARM DDI 0487 C4.1.6): one row an encoding group; the handlers go by opcode through tables.

simd_three_same    0 q:1 u:1 01110 size:2 1 rm:5 opc:5 1 rn:5 rd:5
simd_three_extra   0 q:1 u:1 01110 size:2 0 rm:5 1 opc:4 1 rn:5 rd:5
simd_three_diff    0 q:1 u:1 01110 size:2 1 rm:5 opc:4 00 rn:5 rd:5
simd_two_misc      0 q:1 u:1 01110 size:2 10000 opc:5 10 rn:5 rd:5
simd_across        0 q:1 u:1 01110 size:2 11000 opc:5 10 rn:5 rd:5
simd_copy          0 q:1 op:1 01110 000 imm:5 0 op2:4 1 rn:5 rd:5
simd_permute       0 q:1 0 01110 size:2 0 rm:5 0 opc:3 10 rn:5 rd:5
simd_table         0 q:1 0 01110 000 rm:5 0 len:2 op:1 00 rn:5 rd:5
simd_ext           0 q:1 1 01110 000 rm:5 0 imm:4 0 rn:5 rd:5
{
simd_mod_imm       0 q:1 op:1 01111 00000 immhi:3 cmode:4 o2:1 1 immlo:5 rd:5
simd_shift         0 q:1 u:1 01111 0 immh:4 immb:3 opc:5 1 rn:5 rd:5
}
simd_elem          0 q:1 u:1 01111 size:2 l:1 m:1 rm:4 opc:4 h:1 0 rn:5 rd:5

simd_s_three_same  01 u:1 11110 size:2 1 rm:5 opc:5 1 rn:5 rd:5
simd_s_three_extra 01 u:1 11110 size:2 0 rm:5 1 opc:4 1 rn:5 rd:5
simd_s_three_diff  01 0 11110 size:2 1 rm:5 opc:4 00 rn:5 rd:5
simd_s_two_misc    01 u:1 11110 size:2 10000 opc:5 10 rn:5 rd:5
simd_s_pairwise    01 u:1 11110 size:2 11000 opc:5 10 rn:5 rd:5
simd_s_copy        01 0 11110 000 imm:5 0 0000 1 rn:5 rd:5
simd_s_shift       01 u:1 11111 0 immh:4 immb:3 opc:5 1 rn:5 rd:5
simd_s_elem        01 u:1 11111 size:2 l:1 m:1 rm:4 opc:4 h:1 0 rn:5 rd:5

simd_aes           0100 1110 00 10100 opc:5 10 rn:5 rd:5
simd_sha3          0101 1110 00 0 rm:5 0 opc:3 00 rn:5 rd:5
simd_sha2          0101 1110 00 10100 opc:5 10 rn:5 rd:5

# Structures (C4.1.4).
simd_ldst_multi      0 q:1 001100 0 l:1 0 00000 opc:4 size:2 rn:5 rt:5
simd_ldst_multi_post 0 q:1 001100 1 l:1 0 rm:5 opc:4 size:2 rn:5 rt:5
simd_ldst_one        0 q:1 001101 0 l:1 r:1 00000 opc:3 s:1 size:2 rn:5 rt:5
simd_ldst_one_post   0 q:1 001101 1 l:1 r:1 rm:5 opc:3 s:1 size:2 rn:5 rt:5
