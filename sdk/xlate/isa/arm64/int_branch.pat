# SPDX-License-Identifier: MIT
# A64 branches and exception generation (C4.1.3). UDF (C6.2.387) has no row: what no row matches is undefined.

b            0 00101 imm:26
bl           1 00101 imm:26
cbz          sf:1 011010 op:1 imm:19 rt:5
tbz          b5:1 011011 op:1 b40:5 imm:14 rt:5
bcond        01010100 imm:19 0 cond:4
br           1101011 0000 11111 000000 rn:5 00000
blr          1101011 0001 11111 000000 rn:5 00000
ret          1101011 0010 11111 000000 rn:5 00000
eret         1101011 0100 11111 000000 11111 00000

svc          11010100 000 imm:16 00001
hvc          11010100 000 imm:16 00010
smc          11010100 000 imm:16 00011
brk          11010100 001 imm:16 00000
hlt          11010100 010 imm:16 00000
