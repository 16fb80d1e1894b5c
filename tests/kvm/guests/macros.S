/* SPDX-License-Identifier: MIT */
/* What the guests share. */
#include "../layout.h"

.macro done value
	mov \value, %eax
	out %eax, $PORT_DONE
9:	hlt
	jmp 9b
.endm

/* Interrupt gate for a vector; 64-bit code. */
.macro setvec vector, label, dpl=0
	lea \label(%rip), %rax
	mov $(IDT + 16 * \vector), %edi
	mov %ax, (%rdi)
	movw $SEL_CODE64, 2(%rdi)
	movw $(0x8e00 | (\dpl << 13)), 4(%rdi)
	shr $16, %rax
	mov %ax, 6(%rdi)
	shr $16, %rax
	mov %eax, 8(%rdi)
	movl $0, 12(%rdi)
.endm
