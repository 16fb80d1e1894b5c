/* SPDX-License-Identifier: MIT */
/* x86_64.S: the micro-guests; guests.h says what each does. rdi data, rsi device, rdx nothing there, rcx ROM. */
#include "layout.h"
#define END(value) movl $value, DEVICE_DONE(%rsi); 9: jmp 9b

	.code64
	.org GUEST_STORE
	movabs	$0x0123456789abcdef, %r10
	xor	%r9d, %r9d
1:	mov	%r9, %r11
	imul	%r10, %r11
	mov	%r11, (%rdi,%r9,8)
	inc	%r9
	cmp	$64, %r9
	jne	1b
	movb	%r10b, 512(%rdi)
	movw	%r10w, 520(%rdi)
	movl	%r10d, 528(%rdi)
	END(0x51)

	.org GUEST_DEVICE
	movzbl	0x10(%rsi), %eax
	movzwl	0x20(%rsi), %ebx
	movl	0x30(%rsi), %r8d
	movq	0x40(%rsi), %r9
	mov	%rax, (%rdi)
	mov	%rbx, 8(%rdi)
	mov	%r8, 16(%rdi)
	mov	%r9, 24(%rdi)
	movb	$0x11, 0x50(%rsi)
	movw	$0x2233, 0x60(%rsi)
	movl	$0x44556677, 0x70(%rsi)
	movabs	$0x8899aabbccddeeff, %rax
	movq	%rax, 0x80(%rsi)
	END(0x52)

	.org GUEST_SPIN
1:	mov	(%rdi), %rax
	inc	%rax
	mov	%rax, (%rdi)
	jmp	1b

	.org GUEST_IDLE
1:	mov	(%rdi), %rax
	inc	%rax
	mov	%rax, (%rdi)
	hlt
	jmp	1b

	.org GUEST_WAKE
	sti
1:	hlt
	jmp	1b

	.org GUEST_PATCH
	call	2f
	mov	%rax, (%rdi)
	lea	2f(%rip), %rbx
	movb	$2, 1(%rbx)
	call	2f
	mov	%rax, 8(%rdi)
	END(0x54)
2:	mov	$1, %eax
	ret

	.org GUEST_UNMAPPED
	mov	(%rdx), %rax
	mov	%rax, (%rdi)
	END(0x55)

	.org GUEST_CALL
	END(0x56)

	.org GUEST_ROM
	movl	4(%rcx), %eax
	mov	%rax, (%rdi)
	movl	$0x66, (%rcx)
	movl	(%rcx), %eax
	mov	%rax, 8(%rdi)
	END(0x57)

	.org GUEST_HOST
	call	2f
	mov	%rax, (%rdi)
	mov	%eax, DEVICE_PATCH(%rsi)
	call	2f
	mov	%rax, 8(%rdi)
	END(0x58)
	.org GUEST_HOST + GUEST_HOST_PLACE
2:	mov	$1, %eax
	ret
	.org GUEST_HOST + GUEST_HOST_NEW
	.byte	0xb8, 2, 0, 0

	/* The handler of the interrupt of GUEST_WAKE. */
	.org GUEST_VECTORS
	END(0x53)
	.org GUEST_BYTES
