/* SPDX-License-Identifier: MIT */
/* Ports in all sizes, ports without a device, and string I/O. */
#include "macros.S"
	.code64
	.globl _start
_start:	mov $OUT_AREA, %edi
	mov $PORT_ECHO, %edx
	mov $0x11223344, %eax
	out %eax, %dx
	xor %eax, %eax
	in %dx, %al
	stosl
	xor %eax, %eax
	in %dx, %ax
	stosl
	in %dx, %eax
	stosl
	mov $0x5566, %eax
	out %ax, %dx
	in %dx, %eax
	stosl
	mov $0x77, %eax
	out %al, %dx
	in %dx, %eax
	stosl
	mov $PORT_NONE, %edx
	xor %eax, %eax
	in %dx, %al
	stosl
	xor %eax, %eax
	in %dx, %ax
	stosl
	xor %eax, %eax
	in %dx, %eax
	stosl
	out %eax, %dx
	mov $PORT_LOG, %edx
	cld
	lea text(%rip), %rsi
	mov $7, %ecx
	rep outsb
	lea text(%rip), %rsi
	mov $4, %ecx
	rep outsw
	lea text(%rip), %rsi
	mov $3, %ecx
	rep outsl
	mov $5, %ecx
	rep insb
	mov $(OUT_AREA + 0x40), %edi
	mov $6, %ecx
	rep insl
	mov $(OUT_AREA + 0x60), %edi
	mov $3, %ecx
	rep insw
	done $0x600d0005
text:	.ascii "string I/O text"
