# SPDX-License-Identifier: MIT
# F and D (vol. I). d: double.

flw        imm:12 rs1:5 010 rd:5 0000111
fld        imm:12 rs1:5 011 rd:5 0000111
fsw        imm:7 rs2:5 rs1:5 010 imm:5 0100111
fsd        imm:7 rs2:5 rs1:5 011 imm:5 0100111
fmadd      rs3:5 0 d:1 rs2:5 rs1:5 rm:3 rd:5 100 op:2 11
farith     000 op:2 0 d:1 rs2:5 rs1:5 rm:3 rd:5 1010011
fsqrt      01011 0 d:1 00000 rs1:5 rm:3 rd:5 1010011
fsgnj      00100 0 d:1 rs2:5 rs1:5 op:3 rd:5 1010011
fminmax    00101 0 d:1 rs2:5 rs1:5 00 op:1 rd:5 1010011
fcmp       10100 0 d:1 rs2:5 rs1:5 op:3 rd:5 1010011
fcvt_int   11000 0 d:1 000 w:1 u:1 rs1:5 rm:3 rd:5 1010011
fcvt_fp    11010 0 d:1 000 w:1 u:1 rs1:5 rm:3 rd:5 1010011
fcvt_s_d   01000 00 00001 rs1:5 rm:3 rd:5 1010011
fcvt_d_s   01000 01 00000 rs1:5 rm:3 rd:5 1010011
fmv_x      11100 0 d:1 00000 rs1:5 000 rd:5 1010011
fclass     11100 0 d:1 00000 rs1:5 001 rd:5 1010011
fmv_f      11110 0 d:1 00000 rs1:5 000 rd:5 1010011
