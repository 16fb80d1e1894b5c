# SPDX-License-Identifier: MIT
# A64 loads and stores of general registers (C4.1.4); bit 26, V, is clear in all of them.

ldr_lit      opc:2 011 0 00 imm:19 rt:5

# op2: 0 no-allocate hint, 1 post-index, 2 offset, 3 pre-index.
ldst_pair    opc:2 101 0 0 op2:2 l:1 imm:7 rt2:5 rn:5 rt:5

# op2: 0 unscaled, 1 post-index, 2 unprivileged, 3 pre-index.
ldst_imm9    size:2 111 0 00 opc:2 0 imm:9 op2:2 rn:5 rt:5
ldst_reg     size:2 111 0 00 opc:2 1 rm:5 opt:3 s:1 10 rn:5 rt:5
ldst_imm12   size:2 111 0 01 opc:2 imm:12 rn:5 rt:5
