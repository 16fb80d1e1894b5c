# SPDX-License-Identifier: MIT
# RV64I, M, Zba, Zbb, Zbs: integer computation, loads and stores, branches (vol. I).

lui        imm:20 rd:5 0110111
auipc      imm:20 rd:5 0010111
jal        imm:20 rd:5 1101111
jalr       imm:12 rs1:5 000 rd:5 1100111
beq        imm:7 rs2:5 rs1:5 00 op:1 imm:5 1100011
blt        imm:7 rs2:5 rs1:5 1 op:2 imm:5 1100011
load       imm:12 rs1:5 0 op:2 rd:5 0000011
loadu      imm:12 rs1:5 10 op:1 rd:5 0000011
lwu        imm:12 rs1:5 110 rd:5 0000011
store      imm:7 rs2:5 rs1:5 0 op:2 imm:5 0100011

addi       imm:12 rs1:5 000 rd:5 0010011
slti       imm:12 rs1:5 010 rd:5 0010011
sltiu      imm:12 rs1:5 011 rd:5 0010011
xori       imm:12 rs1:5 100 rd:5 0010011
ori        imm:12 rs1:5 110 rd:5 0010011
andi       imm:12 rs1:5 111 rd:5 0010011
slli       000000 shamt:6 rs1:5 001 rd:5 0010011
srli       000000 shamt:6 rs1:5 101 rd:5 0010011
srai       010000 shamt:6 rs1:5 101 rd:5 0010011
addiw      imm:12 rs1:5 000 rd:5 0011011
slliw      0000000 shamt:5 rs1:5 001 rd:5 0011011
srliw      0000000 shamt:5 rs1:5 101 rd:5 0011011
sraiw      0100000 shamt:5 rs1:5 101 rd:5 0011011

add        0000000 rs2:5 rs1:5 000 rd:5 0110011
sub        0100000 rs2:5 rs1:5 000 rd:5 0110011
sll        0000000 rs2:5 rs1:5 001 rd:5 0110011
slt        0000000 rs2:5 rs1:5 010 rd:5 0110011
sltu       0000000 rs2:5 rs1:5 011 rd:5 0110011
xor        0000000 rs2:5 rs1:5 100 rd:5 0110011
srl        0000000 rs2:5 rs1:5 101 rd:5 0110011
sra        0100000 rs2:5 rs1:5 101 rd:5 0110011
or         0000000 rs2:5 rs1:5 110 rd:5 0110011
and        0000000 rs2:5 rs1:5 111 rd:5 0110011
addw       0000000 rs2:5 rs1:5 000 rd:5 0111011
subw       0100000 rs2:5 rs1:5 000 rd:5 0111011
sllw       0000000 rs2:5 rs1:5 001 rd:5 0111011
srlw       0000000 rs2:5 rs1:5 101 rd:5 0111011
sraw       0100000 rs2:5 rs1:5 101 rd:5 0111011

mul        0000001 rs2:5 rs1:5 000 rd:5 0110011
mulh       0000001 rs2:5 rs1:5 001 rd:5 0110011
mulhsu     0000001 rs2:5 rs1:5 010 rd:5 0110011
mulhu      0000001 rs2:5 rs1:5 011 rd:5 0110011
div        0000001 rs2:5 rs1:5 1 op:2 rd:5 0110011
mulw       0000001 rs2:5 rs1:5 000 rd:5 0111011
divw       0000001 rs2:5 rs1:5 1 op:2 rd:5 0111011

add_uw     0000100 rs2:5 rs1:5 000 rd:5 0111011
sh1add     0010000 rs2:5 rs1:5 010 rd:5 0110011
sh2add     0010000 rs2:5 rs1:5 100 rd:5 0110011
sh3add     0010000 rs2:5 rs1:5 110 rd:5 0110011
sh1add_uw  0010000 rs2:5 rs1:5 010 rd:5 0111011
sh2add_uw  0010000 rs2:5 rs1:5 100 rd:5 0111011
sh3add_uw  0010000 rs2:5 rs1:5 110 rd:5 0111011
slli_uw    000010 shamt:6 rs1:5 001 rd:5 0011011

andn       0100000 rs2:5 rs1:5 111 rd:5 0110011
orn        0100000 rs2:5 rs1:5 110 rd:5 0110011
xnor       0100000 rs2:5 rs1:5 100 rd:5 0110011
clz        0110000 00000 rs1:5 001 rd:5 0010011
ctz        0110000 00001 rs1:5 001 rd:5 0010011
cpop       0110000 00010 rs1:5 001 rd:5 0010011
clzw       0110000 00000 rs1:5 001 rd:5 0011011
ctzw       0110000 00001 rs1:5 001 rd:5 0011011
cpopw      0110000 00010 rs1:5 001 rd:5 0011011
sext_b     0110000 00100 rs1:5 001 rd:5 0010011
sext_h     0110000 00101 rs1:5 001 rd:5 0010011
zext_h     0000100 00000 rs1:5 100 rd:5 0111011
min        0000101 rs2:5 rs1:5 1 op:2 rd:5 0110011
rol        0110000 rs2:5 rs1:5 001 rd:5 0110011
ror        0110000 rs2:5 rs1:5 101 rd:5 0110011
rori       011000 shamt:6 rs1:5 101 rd:5 0010011
rolw       0110000 rs2:5 rs1:5 001 rd:5 0111011
rorw       0110000 rs2:5 rs1:5 101 rd:5 0111011
roriw      0110000 shamt:5 rs1:5 101 rd:5 0011011
orc_b      001010000111 rs1:5 101 rd:5 0010011
rev8       011010111000 rs1:5 101 rd:5 0010011

bclr       0100100 rs2:5 rs1:5 001 rd:5 0110011
bext       0100100 rs2:5 rs1:5 101 rd:5 0110011
binv       0110100 rs2:5 rs1:5 001 rd:5 0110011
bset       0010100 rs2:5 rs1:5 001 rd:5 0110011
bclri      010010 shamt:6 rs1:5 001 rd:5 0010011
bexti      010010 shamt:6 rs1:5 101 rd:5 0010011
binvi      011010 shamt:6 rs1:5 001 rd:5 0010011
bseti      001010 shamt:6 rs1:5 001 rd:5 0010011
