# SPDX-License-Identifier: MIT
# A64 scalar floating point (Arm ARM DDI 0487 C4.1.6) and the loads and stores of SIMD&FP registers (C4.1.4).

# ftype: 0 S, 1 D, 3 H, 2 reserved (but for FMOV of V.D[1]).
fp_int           sf:1 0 0 11110 ftype:2 1 rmode:2 opc:3 000000 rn:5 rd:5
fp_fixed         sf:1 0 0 11110 ftype:2 0 rmode:2 opc:3 scale:6 rn:5 rd:5
fp_dp1           0 0 0 11110 ftype:2 1 opc:6 10000 rn:5 rd:5
fp_cmp           0 0 0 11110 ftype:2 1 rm:5 00 1000 rn:5 op:2 000
fp_imm           0 0 0 11110 ftype:2 1 imm:8 100 00000 rd:5
fp_ccmp          0 0 0 11110 ftype:2 1 rm:5 cond:4 01 rn:5 op:1 nzcv:4
fp_dp2           0 0 0 11110 ftype:2 1 rm:5 opc:4 10 rn:5 rd:5
fp_csel          0 0 0 11110 ftype:2 1 rm:5 cond:4 11 rn:5 rd:5
fp_dp3           0 0 0 11111 ftype:2 o1:1 rm:5 o0:1 ra:5 rn:5 rd:5

fp_ldr_lit       opc:2 011 1 00 imm:19 rt:5
# op2: 0 no-allocate hint, 1 post-index, 2 offset, 3 pre-index.
fp_pair          opc:2 101 1 0 op2:2 l:1 imm:7 rt2:5 rn:5 rt:5
# op2: 0 unscaled, 1 post-index, 3 pre-index.
fp_ldst_imm9     size:2 111 1 00 opc:2 0 imm:9 op2:2 rn:5 rt:5
fp_ldst_reg      size:2 111 1 00 opc:2 1 rm:5 opt:3 s:1 10 rn:5 rt:5
fp_ldst_imm12    size:2 111 1 01 opc:2 imm:12 rn:5 rt:5
