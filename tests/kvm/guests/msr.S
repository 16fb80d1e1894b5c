/* SPDX-License-Identifier: MIT */
/* An MSR that a device has, one that is not there, and one of the processor's. */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec 13, gp
	mov $0x40000105, %ecx
	rdmsr
	mov %eax, OUT_AREA
	mov %edx, OUT_AREA + 4
	mov $0x11111111, %eax
	mov $0x22222222, %edx
	wrmsr
	mov $0x40000150, %ecx
	rdmsr			/* #GP: not there */
	mov $0x34, %ecx
	rdmsr			/* #GP: the host's, taken from KVM */
	mov $0x12345, %ecx
	wrmsr			/* #GP: KVM does not know it */
	mov $0xc0000102, %ecx	/* KERNEL_GS_BASE */
	mov $0x1000, %eax
	xor %edx, %edx
	wrmsr
	rdmsr
	mov %eax, OUT_AREA + 16
	done $0x600d0014
gp:	incl OUT_AREA + 8
	add $8, %rsp
	addq $2, (%rsp)
	iretq
