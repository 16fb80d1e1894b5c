/* SPDX-License-Identifier: MIT */
/* CPL 3: exceptions into CPL 0 and back by IRET, a system call by SYSCALL and SYSRET. Started at CPL 0. */
#include "macros.S"
	.code64
	.globl _start
_start:	setvec 0, de
	setvec 6, ud
	setvec 13, gp
	setvec 0x80, soft, 3
	lea entry(%rip), %rax
	mov %rax, %rdx
	shr $32, %rdx
	mov $0xc0000082, %ecx	/* LSTAR */
	wrmsr
	mov $0xc0000081, %ecx	/* STAR: SYSRET takes CS from bits 63:48 + 16 */
	xor %eax, %eax
	mov $((SEL_CODE3 - 16) << 16 | SEL_CODE64), %edx
	wrmsr
	mov $0xc0000084, %ecx	/* FMASK: IF */
	mov $0x200, %eax
	xor %edx, %edx
	wrmsr
	mov $OUT_AREA, %ebp
	push $SEL_DATA3
	push $STACK3
	push $0x202
	push $SEL_CODE3
	lea user(%rip), %rax
	push %rax
	iretq
user:	mov %cs, %eax
	mov %rax, (%rbp)
	lea 1f(%rip), %rbx
	xor %ecx, %ecx
	xor %edx, %edx
	div %ecx
1:	lea 1f(%rip), %rbx
	ud2
1:	lea 1f(%rip), %rbx
	int $0x80
1:	lea 1f(%rip), %rbx
	mov $0x1234, %edi
	xor %eax, %eax
	syscall
	mov %rax, 32(%rbp)
1:	done_mmio $0x600d000a
de:	incq 8(%rbp)
	mov %rbx, (%rsp)
	iretq
ud:	incq 16(%rbp)
	mov %rbx, (%rsp)
	iretq
gp:	incq 40(%rbp)
	add $8, %rsp
	mov %rbx, (%rsp)
	iretq
soft:	incq 24(%rbp)
	iretq
entry:	lea 0x1111(%rdi), %rax
	sysretq
