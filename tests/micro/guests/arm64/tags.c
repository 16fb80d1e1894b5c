/* SPDX-License-Identifier: MIT */
/*
 * Branches to addresses with a tag (Arm ARM, AArch64.BranchAddr() and AddrTop()). Where TCR_EL1.TBIn is set
 * the PC gets the address without the tag, however it is loaded: code that finds out where it is, return
 * addresses and what exceptions report show none. Where it is clear the address is not canonical, and
 * reported as it is.
 */
#include "guest.h"

#include "arch.h"

#define TAG UINT64_C(0xab00000000000000)
#define TBI0 (UINT64_C(1) << 37)
#define TBI1 (UINT64_C(1) << 38)
#define EPD1 (UINT64_C(1) << 23)
#define UPPER UINT64_C(0xffffff8000000000) /* where TTBR1_EL1 shows the same memory */
#define FAULT_LEVEL_0 4
#define INSTRUCTION_ABORT 0x21
#define PC_ALIGNMENT 0x22
#define ROUNDS 200

extern char tags_here[], tags_breaks[], tags_break[], tags_loop[], tags_loop_end[], tags_user[],
	tags_user_call[];
/* x0: the address to go to. Each gives what it found out about the PC: x0 from ADR, x1 the link register. */
struct place {
	uint64_t pc, link;
};
struct place tags_blr(uint64_t to), tags_br(uint64_t to), tags_ret(uint64_t to), tags_eret(uint64_t to),
	tags_vector(uint64_t tag), tags_flat(uint64_t to);
void tags_go(void), tags_go_user(void), tags_go_loop(void);
uint64_t tags_target;
extern char tags_after_blr[], tags_vectors[];

__asm__(".text\n"
	/* Goes through a call and a loop of its own, which are relative to the PC. */
	"tags_here: adr x0, tags_here\n"
	"	mov x9, x30\n"
	"	bl 1f\n"
	"1:	adr x2, 1b\n"
	"	cmp x2, x30\n"
	"	csel x0, x0, xzr, eq\n"
	"	mov x3, #3\n"
	"2:	subs x3, x3, #1\n"
	"	b.ne 2b\n"
	"	mov x1, x9\n"
	"	mov x30, x10\n"
	"	ret\n"
	"tags_blr: mov x10, x30\n"
	"	blr x0\n"
	"tags_after_blr:\n"
	"	udf #0\n"
	"tags_br: mov x10, x30\n"
	"	br x0\n"
	"tags_ret: mov x10, x30\n"
	"	mov x30, x0\n"
	"	ret\n"
	"tags_eret: mov x10, x30\n"
	"	msr elr_el1, x0\n"
	"	mov x0, #0x3c5\n"
	"	msr spsr_el1, x0\n"
	"	eret\n"
	/* A vector table at an address with a tag. */
	"	.balign 2048\n"
	"tags_vectors: .skip 0x200\n"
	"	adr x0, tags_vectors\n"
	"	mrs x1, elr_el1\n"
	"	msr vbar_el1, x11\n"
	"	isb\n"
	"	ret\n"
	"tags_vector:\n"
	"	mrs x11, vbar_el1\n"
	"	adr x1, tags_vectors\n"
	"	orr x1, x1, x0\n"
	"	msr vbar_el1, x1\n"
	"	isb\n"
	"	svc #0\n"
	"	udf #0\n"
	/* With the MMU off, where the tag is ignored as well. */
	"tags_flat: stp x29, x30, [sp, #-16]!\n"
	"	mrs x12, sctlr_el1\n"
	"	bic x1, x12, #1\n"
	"	msr sctlr_el1, x1\n"
	"	isb\n"
	"	adr x10, 1f\n"
	"	br x0\n"
	"1:	orr x2, x10, #0xf000000000000000\n"
	"	ldr w3, [x2]\n"
	"	msr sctlr_el1, x12\n"
	"	isb\n"
	"	ldp x29, x30, [sp], #16\n"
	"	ret\n"
	"tags_go: adrp x0, tags_target\n"
	"	ldr x0, [x0, :lo12:tags_target]\n"
	"	br x0\n"
	"tags_breaks: nop\n"
	"tags_break: brk #1\n"
	/* Round by an indirect branch to an address with a tag, until an interrupt has come. */
	"tags_go_loop: adrp x0, tags_target\n"
	"	ldr x0, [x0, :lo12:tags_target]\n"
	"	adrp x1, runtime_irqs\n"
	"	add x1, x1, :lo12:runtime_irqs\n"
	"	ldr w3, [x1]\n"
	"	msr daifclr, #2\n"
	"tags_loop: ldr w2, [x1]\n"
	"	cmp w2, w3\n"
	"	b.ne 1f\n"
	"	br x0\n"
	"1:	msr daifset, #2\n"
	"tags_loop_end: ret\n"
	/* In user mode. */
	"tags_user: svc #7\n"
	"tags_go_user: adr x0, tags_user\n"
	"	orr x0, x0, #0xff00000000000000\n"
	"	br x0\n");

static void control(uint64_t tcr)
{
	sysreg_write(tcr_el1, tcr);
	__asm__ volatile("tlbi vmalle1; dsb ish; isb" : : : "memory");
}

#define ADDRESS(label) ((uint64_t)(uintptr_t)(label))

static void at(uint64_t base)
{
	const uint64_t here = ADDRESS(tags_here) + base, to = (here & ~(UINT64_C(0xff) << 56)) | TAG;
	struct place p = tags_blr(to);

	SAME("tags-blr", p.pc, here);
	SAME("tags-blr-link", p.link, ADDRESS(tags_after_blr));
	SAME("tags-br", tags_br(to).pc, here);
	SAME("tags-ret", tags_ret(to).pc, here);
	SAME("tags-eret", tags_eret(to).pc, here);
	/* Once more, with everything translated and cached, and without a tag between. */
	for (int i = 0; i < 100; i++)
		if (tags_br(i & 1 ? to : here).pc != here)
			runtime_die("tags-again", (uint64_t)i);

	tags_target = (to & ~UINT64_C(0xffffffff)) | ((ADDRESS(tags_breaks) + base) & 0xffffffff);
	SAME("tags-exception", arch_try(tags_go), TRAP_BREAKPOINT);
	SAME("tags-exception-return-address", runtime_trap.pc, ADDRESS(tags_break) + base);
	tags_target = to + 2;
	arch_try(tags_go);
	SAME("tags-misaligned", runtime_trap.code >> 26, PC_ALIGNMENT);
	SAME("tags-misaligned-where", runtime_trap.address, here + 2);
	SAME("tags-misaligned-return-address", runtime_trap.pc, here + 2);
	tags_target = to + NOWHERE;
	arch_try(tags_go);
	SAME("tags-abort", runtime_trap.code >> 26, INSTRUCTION_ABORT);
	SAME("tags-abort-where", runtime_trap.address, here + NOWHERE);
	SAME("tags-abort-return-address", runtime_trap.pc, here + NOWHERE);
}

static void interrupted(void)
{
	unsigned wrong = 0;

	tags_target = ADDRESS(tags_loop) | TAG;
	for (unsigned i = 0; i < ROUNDS; i++) {
		arch_timer(arch_counter_hz / 20000 + i);
		tags_go_loop();
		wrong += arch_irq_pc < ADDRESS(tags_loop) || arch_irq_pc > ADDRESS(tags_loop_end);
	}
	SAME("tags-interrupt-return-address", wrong, 0);
}

int guest_main(void)
{
	uint64_t tcr = sysreg_read(tcr_el1), table = sysreg_read(ttbr0_el1);

	control(tcr | TBI0);
	at(0);
	interrupted();
	SAME("tags-vector", tags_vector(TAG).pc, ADDRESS(tags_vectors));
	SAME("tags-mmu-off", tags_flat(ADDRESS(tags_here) | TAG).pc, ADDRESS(tags_here));
	SAME("tags-user", arch_user(tags_go_user), TRAP_CALL);
	SAME("tags-user-return-address", runtime_trap.pc, (ADDRESS(tags_user) | ALIAS) + 4);

	/* The upper half: what is above bit 55 is ones. */
	sysreg_write(ttbr1_el1, table);
	tcr = (tcr & ~EPD1) | 25 << 16 | 1 << 24 | 1 << 26 | 3 << 28 | 2u << 30;
	control(tcr | TBI1);
	at(UPPER);

	/* Off: not canonical. */
	control(tcr);
	tags_target = ADDRESS(tags_here) | TAG;
	arch_try(tags_go);
	SAME("tags-off", runtime_trap.code & 0x3f, FAULT_LEVEL_0);
	SAME("tags-off-where", runtime_trap.address, tags_target);
	SAME("tags-off-return-address", runtime_trap.pc, tags_target);
	return 0;
}
