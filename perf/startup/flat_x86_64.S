/* SPDX-License-Identifier: MIT */
/*
 * What perf/start.sh boots: an ELF file with PVH's note, which vmrun and QEMU's microvm both enter in 32 bits. The
 * first thing it does is a byte to the serial port; then it sets the 16550 up as an operating system would, prints
 * a line, waits a little, and powers off, by ACPI or, where no device answers at that port, by a triple fault.
 */
#include "pvh.S"
	.code32
	.globl _start
_start:	mov $0x3f8, %edx
	mov $'1', %al
	out %al, %dx
	mov $'\n', %al
	out %al, %dx
	mov $setup, %esi
1:	movzbl (%esi), %edx
	test %edx, %edx
	jz 2f
	add $0x300, %edx
	mov 1(%esi), %al
	out %al, %dx
	add $2, %esi
	jmp 1b
2:	mov $text, %esi
3:	mov $0x3fd, %edx
4:	in %dx, %al
	test $0x20, %al
	jz 4b
	mov $0x3f8, %edx
	lodsb
	test %al, %al
	jz 5f
	out %al, %dx
	jmp 3b
/* Waits 256 million time stamps, so that the process can be looked at from outside. */
5:	rdtsc
	mov %eax, %ebx
6:	rdtsc
	sub %ebx, %eax
	cmp $(256 << 20), %eax
	jb 6b
	mov $0x604, %edx
	mov $0x3400, %eax
	out %ax, %dx
	lidt none
	ud2
none:	.word 0
	.long 0
/* Register and value: no interrupts, divisor 1, 8N1, FIFOs, DTR, RTS and OUT2. */
setup:	.byte 0xf9, 0, 0xfb, 0x80, 0xf8, 1, 0xf9, 0, 0xfb, 3, 0xfa, 7, 0xfc, 0xb, 0
text:	.asciz "perf-mark\n"
	.section .note.GNU-stack, "", @progbits
