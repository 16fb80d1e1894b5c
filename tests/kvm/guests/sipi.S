/* SPDX-License-Identifier: MIT */
/* Wakes vCPU 1 through the local APIC (SDM vol. 3 9.4.4.1) and waits for its word. Its code is at AP_CODE. */
#include "macros.S"
	.code64
	.globl _start
_start:	lapic_on
	movl $0x01000000, 0x310(%rbx)
	movl $0x00004500, 0x300(%rbx)	/* INIT */
	movl $0x01000000, 0x310(%rbx)
	movl $(0x00004600 | (AP_CODE >> 12)), 0x300(%rbx)	/* SIPI */
1:	pause
	cmpl $0x5a5a, OUT_AREA
	jne 1b
	done $0x600d0012
