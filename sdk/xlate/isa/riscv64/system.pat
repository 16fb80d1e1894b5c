# SPDX-License-Identifier: MIT
# A, Zicsr, Zifencei, Machine and Supervisor instructions (vol. I and II).

lr         00010 aq:1 rl:1 00000 rs1:5 01 w:1 rd:5 0101111
sc         00011 aq:1 rl:1 rs2:5 rs1:5 01 w:1 rd:5 0101111
amoswap    00001 aq:1 rl:1 rs2:5 rs1:5 01 w:1 rd:5 0101111
amo        op:3 00 aq:1 rl:1 rs2:5 rs1:5 01 w:1 rd:5 0101111

fence      fm:4 pred:4 succ:4 rs1:5 000 rd:5 0001111
fencei     imm:12 rs1:5 001 rd:5 0001111
ecall      000000000000 00000 000 00000 1110011
ebreak     000000000001 00000 000 00000 1110011
sret       000100000010 00000 000 00000 1110011
mret       001100000010 00000 000 00000 1110011
wfi        000100000101 00000 000 00000 1110011
sfence     0001001 rs2:5 rs1:5 000 00000 1110011
csrrw      csr:12 rs1:5 i:1 01 rd:5 1110011
csrrs      csr:12 rs1:5 i:1 10 rd:5 1110011
csrrc      csr:12 rs1:5 i:1 11 rd:5 1110011
