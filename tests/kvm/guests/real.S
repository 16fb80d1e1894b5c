/* SPDX-License-Identifier: MIT */
/* Real mode: arithmetic, segments, the stack, string moves, an interrupt through the vector table. */
#include "macros.S"
	.code16
	.globl _start
_start:	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $(STACK & 0xffff), %sp
	movw $handler, 0x20 * 4
	movw $0, 0x20 * 4 + 2
	mov $1000, %cx
	xor %bx, %bx
1:	add %cx, %bx
	loop 1b
	mov %bx, OUT_AREA
	mov $0x900, %ax		/* segment 0x900 is address 0x9000 */
	mov %ax, %es
	mov $text, %si
	xor %di, %di
	mov $6, %cx
	cld
	rep movsb
	call sub
	int $0x20
	movl $0x600d0001, %eax
	out %eax, $PORT_DONE
9:	hlt
	jmp 9b
sub:	push %bp
	mov %sp, %bp
	mov 2(%bp), %ax
	mov %ax, OUT_AREA + 2
	pop %bp
	ret
handler:
	movw $0x1234, OUT_AREA + 4
	iret
text:	.ascii "vmrun!"
