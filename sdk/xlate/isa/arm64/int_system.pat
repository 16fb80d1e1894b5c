# SPDX-License-Identifier: MIT
# A64 system instructions (C4.1.3, C5.1).

# Hints that name nothing known are NOPs, which is what makes pointer authentication, BTI and the like harmless.
hint         11010101 00 0 00 011 0010 crm:4 op2:3 11111
clrex        11010101 00 0 00 011 0011 .... 010 11111
dsb          11010101 00 0 00 011 0011 crm:4 100 11111
dmb          11010101 00 0 00 011 0011 crm:4 101 11111
isb          11010101 00 0 00 011 0011 .... 110 11111

msr_imm      11010101 00 0 00 op1:3 0100 crm:4 op2:3 11111
sys          11010101 00 0 01 op1:3 crn:4 crm:4 op2:3 rt:5
msr          11010101 00 0 1 o0:1 op1:3 crn:4 crm:4 op2:3 rt:5
mrs          11010101 00 1 1 o0:1 op1:3 crn:4 crm:4 op2:3 rt:5
