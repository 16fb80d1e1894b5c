# SPDX-License-Identifier: MIT
# A64 exclusives, ordered accesses and LSE atomics (C4.1.4). o0: release (and the acquire of a load); l: load, or acquire.

stxr         size:2 001000 0 0 0 rs:5 o0:1 ..... rn:5 rt:5
ldxr         size:2 001000 0 1 0 ..... o0:1 ..... rn:5 rt:5
stxp         1 size:1 001000 0 0 1 rs:5 o0:1 rt2:5 rn:5 rt:5
ldxp         1 size:1 001000 0 1 1 ..... o0:1 rt2:5 rn:5 rt:5
stlr         size:2 001000 1 0 0 ..... 1 ..... rn:5 rt:5
ldar         size:2 001000 1 1 0 ..... 1 ..... rn:5 rt:5

# ARMv8.1-LSE.
casp         0 size:1 001000 0 l:1 1 rs:5 o0:1 11111 rn:5 rt:5
cas          size:2 001000 1 l:1 1 rs:5 o0:1 11111 rn:5 rt:5
ldop         size:2 111 0 00 a:1 r:1 1 rs:5 0 opc:3 00 rn:5 rt:5
swp          size:2 111 0 00 a:1 r:1 1 rs:5 1 000 00 rn:5 rt:5
