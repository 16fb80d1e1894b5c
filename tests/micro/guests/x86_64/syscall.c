/* SPDX-License-Identifier: MIT */
/* SYSCALL and SYSRET (SDM vol. 3, 5.8.8). */
#include "guest.h"

#include "arch.h"

extern char syscall_entry[];
uint64_t syscall_number, syscall_from;
__asm__(".globl syscall_entry\n"
	"syscall_entry: mov %rax, syscall_number\n"
	"	mov %rcx, syscall_from\n"
	"	mov $0x77, %eax\n"
	"	sysretq\n");

static volatile uint64_t answer;
static void user(void)
{
	uint64_t a = 0x1234;

	__asm__ volatile("syscall" : "+a"(a) : : "rcx", "r11", "memory");
	answer = a;
	__asm__ volatile("ud2");
}

int guest_main(void)
{
	wrmsr(0xc0000082, (uintptr_t)syscall_entry);
	wrmsr(0xc0000081, 0x18ull << 48 | (uint64_t)SEL_KERNEL << 32);
	wrmsr(0xc0000084, 0x200);
	SAME("syscall-back", arch_user(user), TRAP_UNDEFINED);
	SAME("syscall-number", syscall_number, 0x1234);
	SAME("syscall-answer", answer, 0x77);
	CHECK(syscall_from >= (uintptr_t)user && syscall_from < (uintptr_t)user + 64, "syscall-address");
	return 0;
}
