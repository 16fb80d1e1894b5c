# SPDX-License-Identifier: MIT
# A64 data processing, immediate (Arm ARM DDI 0487 C4.1.2).

adr          op:1 immlo:2 10000 immhi:19 rd:5
addsub_imm   sf:1 op:1 s:1 100010 sh:1 imm:12 rn:5 rd:5
logic_imm    sf:1 opc:2 100100 n:1 immr:6 imms:6 rn:5 rd:5
movn         sf:1 00 100101 hw:2 imm:16 rd:5
movz         sf:1 10 100101 hw:2 imm:16 rd:5
movk         sf:1 11 100101 hw:2 imm:16 rd:5
sbfm         sf:1 00 100110 n:1 immr:6 imms:6 rn:5 rd:5
bfm          sf:1 01 100110 n:1 immr:6 imms:6 rn:5 rd:5
ubfm         sf:1 10 100110 n:1 immr:6 imms:6 rn:5 rd:5
extr         sf:1 00 100111 n:1 0 rm:5 imms:6 rn:5 rd:5
