/* SPDX-License-Identifier: MIT */
/*
 * The modes below 64-bit mode: 32-bit protected mode as PVH enters it, 16-bit protected mode, real mode, and
 * back (SDM vol. 3, 10.9). Without the runtime, which lives in 64-bit mode. A sum of bits tells what went well.
 */
#include "arch.h"
#include "pvh.S"
#define REAL 0x8000 /* where the 16-bit part is copied to */
#define STACK16 0x7ff0
#define AT(label) (label - low)

	.macro say text
	mov $\text, %esi
	call print
	.endm

	.code32
	.globl _start
_start:	cld
	mov $stack, %esp
	lgdt gdt_pointer
	ljmp $0x08, $1f
1:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss

	/* Protected mode: carries over 64 bits, a call with a frame, strings, a limit that holds. */
	mov $0xffffffff, %eax
	xor %edx, %edx
	add $2, %eax
	adc $7, %edx
	cmp $1, %eax
	jne 2f
	cmp $8, %edx
	jne 2f
	push $77
	call square
	add $4, %esp
	cmp $5929, %eax
	jne 2f
	mov $left, %esi
	mov $right, %edi
	mov $8, %ecx
	repe cmpsb
	cmp $2, %ecx
	jne 2f
	say ok_protected
	jmp 3f
2:	say bad_protected
3:	mov $0x30, %eax			/* 16 bytes from `left` */
	mov %eax, %fs
	mov %fs:15, %al
	cmp $'L', %al
	jne 4f
	say ok_segment
	jmp 5f
4:	say bad_segment

	/* Down: a 16-bit code segment, then PE off. */
5:	mov $low, %esi
	mov $REAL, %edi
	mov $(low_end - low), %ecx
	rep movsb
	mov %esp, saved
	ljmp $0x18, $REAL

	.balign 16
low:	.code16
	mov $0x20, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov %ax, %fs			/* real mode keeps the limit */
	mov %cr0, %eax
	and $~1, %eax
	mov %eax, %cr0
	ljmp $0, $(REAL + AT(real))
real:	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $STACK16, %sp
	lidtl REAL + AT(ivt_pointer)
	/* INT through the vector table, a segment with an offset, string moves, a loop. */
	movw $(REAL + AT(handler)), 0x21 * 4
	movw $0, 0x21 * 4 + 2
	xor %bx, %bx
	int $0x21
	mov $0x7000 >> 4, %ax
	mov %ax, %es
	mov $(REAL + AT(sixteen)), %si
	xor %di, %di
	mov $16, %cx
	rep movsb
	mov $0x6ff0 >> 4, %ax		/* another name for it */
	mov %ax, %fs
	mov %fs:16 + 15, %al
	cmp $'6', %al
	jne 1f
	or $2, %bx
1:	mov $300, %cx
	xor %dx, %dx
2:	add %cx, %dx
	loop 2b
	cmp $45150, %dx
	jne 3f
	or $4, %bx
3:	pushw $0x1234
	pushfw
	popw %ax
	popw %ax
	cmp $0x1234, %ax
	jne 4f
	or $8, %bx
	/* And up again. */
4:	mov %bx, REAL + AT(result)
	lgdtl REAL + AT(low_pointer)
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $0x08, $back
handler:
	or $1, %bx
	iret
sixteen:
	.ascii "0123456789abcde6"
result:	.word 0
ivt_pointer:
	.word 0x3ff
	.long 0
low_pointer:
	.word gdt_end - gdt - 1
	.long gdt
low_end:

	.code32
back:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov saved, %esp
	movzwl REAL + AT(result), %ebx
	mov $ok_real, %ebp
	mov $1, %edi
1:	test %edi, %ebx
	mov $not, %esi
	jz 2f
	add $4, %esi			/* without its "not " */
2:	call print
	mov %ebp, %esi
	call print
	mov %ebp, %esi
3:	lodsb
	test %al, %al
	jnz 3b
	mov %esi, %ebp
	shl $1, %edi
	cmp $16, %edi
	jb 1b
	say exit
	mov $PM_CONTROL, %edx
	mov $0x3400, %eax
	out %ax, %dx
4:	hlt
	jmp 4b

square:	push %ebp
	mov %esp, %ebp
	mov 8(%ebp), %eax
	imul %eax, %eax
	pop %ebp
	ret
print:	mov $(SERIAL + 5), %edx
1:	in %dx, %al
	test $0x20, %al
	jz 1b
	lodsb
	test %al, %al
	jz 2f
	mov $SERIAL, %edx
	out %al, %dx
	jmp print
2:	ret

	.balign 8
gdt:	.quad 0
	.quad 0x00cf9b000000ffff	/* 0x08: 32 bits */
	.quad 0x00cf93000000ffff	/* 0x10 */
	.quad 0x00009b000000ffff	/* 0x18: 16 bits */
	.quad 0x000093000000ffff	/* 0x20 */
	.quad 0
	.word 15			/* 0x30: the sixteen bytes of `left`, which is below 64 KiB above 1 MiB */
	.word left - 0x100000
	.long 0x00409310
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.long gdt
saved:	.long 0
ok_protected:
	.asciz "ok mode-protected\n"
bad_protected:
	.asciz "not ok mode-protected\n"
ok_segment:
	.asciz "ok mode-segment\n"
bad_segment:
	.asciz "not ok mode-segment\n"
not:	.asciz "not ok "
ok_real:
	.asciz "mode-real-interrupt\n"
	.asciz "mode-real-segments\n"
	.asciz "mode-real-loop\n"
	.asciz "mode-real-stack\n"
exit:	.asciz "vmrun-exit: 0\n"
	.balign 16
left:	.ascii "abcdeXghijklmnoL"
right:	.ascii "abcdeYgh"
	.bss
	.balign 16
	.skip 4096
stack:
	.section .note.GNU-stack, "", @progbits
