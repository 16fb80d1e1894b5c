# SPDX-License-Identifier: MIT
# C: the 16-bit forms, with 16 zeros above (vol. I, "RVC Instruction Set Listings"). A group where a form has
# another meaning for some operands. imm: the immediate's bits as they lie in the word, from the top.

c_addi4spn 0000000000000000 000 imm:8 rd:3 00
c_fld      0000000000000000 001 imm:3 rs1:3 imm:2 rd:3 00
c_lw       0000000000000000 010 imm:3 rs1:3 imm:2 rd:3 00
c_ld       0000000000000000 011 imm:3 rs1:3 imm:2 rd:3 00
c_fsd      0000000000000000 101 imm:3 rs1:3 imm:2 rs2:3 00
c_sw       0000000000000000 110 imm:3 rs1:3 imm:2 rs2:3 00
c_sd       0000000000000000 111 imm:3 rs1:3 imm:2 rs2:3 00

c_addi     0000000000000000 000 imm:1 rd:5 imm:5 01
c_addiw    0000000000000000 001 imm:1 rd:5 imm:5 01
c_li       0000000000000000 010 imm:1 rd:5 imm:5 01
{
c_addi16sp 0000000000000000 011 imm:1 00010 imm:5 01
c_lui      0000000000000000 011 imm:1 rd:5 imm:5 01
}
c_srli     0000000000000000 100 imm:1 00 rd:3 imm:5 01
c_srai     0000000000000000 100 imm:1 01 rd:3 imm:5 01
c_andi     0000000000000000 100 imm:1 10 rd:3 imm:5 01
c_arith    0000000000000000 100 0 11 rd:3 op:2 rs2:3 01
c_arithw   0000000000000000 100 1 11 rd:3 0 op:1 rs2:3 01
c_j        0000000000000000 101 imm:11 01
c_beqz     0000000000000000 11 op:1 imm:3 rs1:3 imm:5 01

c_slli     0000000000000000 000 imm:1 rd:5 imm:5 10
c_fldsp    0000000000000000 001 imm:1 rd:5 imm:5 10
c_lwsp     0000000000000000 010 imm:1 rd:5 imm:5 10
c_ldsp     0000000000000000 011 imm:1 rd:5 imm:5 10
{
c_ebreak   0000000000000000 100 1 00000 00000 10
c_jr       0000000000000000 100 op:1 rs1:5 00000 10
c_mv       0000000000000000 100 0 rd:5 rs2:5 10
c_add      0000000000000000 100 1 rd:5 rs2:5 10
}
c_fsdsp    0000000000000000 101 imm:6 rs2:5 10
c_swsp     0000000000000000 110 imm:6 rs2:5 10
c_sdsp     0000000000000000 111 imm:6 rs2:5 10
