# SPDX-License-Identifier: MIT
# A64 data processing, register (C4.1.5).

# Two sources.
udiv         sf:1 00 11010110 rm:5 000010 rn:5 rd:5
sdiv         sf:1 00 11010110 rm:5 000011 rn:5 rd:5
shiftv       sf:1 00 11010110 rm:5 0010 op2:2 rn:5 rd:5
crc32        sf:1 00 11010110 rm:5 010 op:1 size:2 rn:5 rd:5

# One source.
rbit         sf:1 10 11010110 00000 000000 rn:5 rd:5
rev16        sf:1 10 11010110 00000 000001 rn:5 rd:5
rev32        sf:1 10 11010110 00000 000010 rn:5 rd:5
rev64        1    10 11010110 00000 000011 rn:5 rd:5
clz          sf:1 10 11010110 00000 000100 rn:5 rd:5
cls          sf:1 10 11010110 00000 000101 rn:5 rd:5

logic_shift  sf:1 opc:2 01010 shift:2 n:1 rm:5 imm:6 rn:5 rd:5
addsub_shift sf:1 op:1 s:1 01011 shift:2 0 rm:5 imm:6 rn:5 rd:5
addsub_ext   sf:1 op:1 s:1 01011 00 1 rm:5 opt:3 imm:3 rn:5 rd:5
adc          sf:1 op:1 s:1 11010000 rm:5 000000 rn:5 rd:5
ccmp_reg     sf:1 op:1 1 11010010 rm:5 cond:4 0 0 rn:5 0 nzcv:4
ccmp_imm     sf:1 op:1 1 11010010 imm:5 cond:4 1 0 rn:5 0 nzcv:4
csel         sf:1 op:1 0 11010100 rm:5 cond:4 0 o2:1 rn:5 rd:5

# Three sources. SMULH and UMULH have Ra as should-be-one: ignored.
madd         sf:1 00 11011 000 rm:5 o0:1 ra:5 rn:5 rd:5
maddl        1 00 11011 u:1 01 rm:5 o0:1 ra:5 rn:5 rd:5
mulh         1 00 11011 u:1 10 rm:5 0 ..... rn:5 rd:5
