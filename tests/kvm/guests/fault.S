/* SPDX-License-Identifier: MIT */
/* A triple fault: no vector table, and an exception. */
#include "macros.S"
	.code64
	.globl _start
_start:	lidt none(%rip)
	xor %ecx, %ecx
	div %ecx
none:	.word 0
	.quad 0
