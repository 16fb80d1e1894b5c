/* SPDX-License-Identifier: MIT */
/* Where SIPI starts vCPU 1: real mode, CS = AP_CODE / 16, IP = 0. */
#include "macros.S"
	.code16
	.globl _start
_start:	xor %ax, %ax
	mov %ax, %ds
	movl $0x5a5a, OUT_AREA
1:	hlt
	jmp 1b
