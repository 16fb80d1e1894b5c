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

/* Nothing by the 8259s. */
.macro no_8259
	mov $0xff, %al
	out %al, $0x21
	out %al, $0xa1
.endm

/* The local APIC is on; %rbx: its registers. */
.macro lapic_on
	mov $0xfee00000, %ebx
	movl $0x1ff, 0xf0(%rbx)
.endm

/* As `done`, for code without access to ports. */
.macro done_mmio value
	mov $MMIO_DONE, %edi
	movl \value, (%rdi)
9:	pause
	jmp 9b
.endm
