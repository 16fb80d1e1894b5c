/* SPDX-License-Identifier: MIT */
/* Hardware breakpoints (Arm ARM D2.8, D2.9), in user and in kernel mode. */
#include "debug.h"
#include "guest.h"

#define SOFTWARE 0x53 /* of BRK */

void two_pages(void), second(void), loop(void), loop_middle(void), loop_end(void), brk_here(void);

static unsigned hits, steps, wrong, software, going_on;
static uint64_t at;

/*
 * A breakpoint is turned off for one step, as kernels do it, when `going_on`; else all are turned off for
 * good.
 */
int guest_exception(struct frame *f, uint64_t esr)
{
	uint32_t same = (f->spsr & 0xf) != 0;

	if (EC(esr) == EC_BREAKPOINT + same) {
		hits++;
		at = f->elr;
		wrong += (esr & 0x1ffffff) != ISS_DEBUG;
		if (going_on) {
			sysreg_write(mdscr_el1, MDSCR_KDE | MDSCR_SS);
			f->spsr |= SPSR_SS;
		} else {
			sysreg_write(mdscr_el1, 0);
		}
		return 1;
	}
	if (EC(esr) == EC_STEP + same) {
		steps++;
		wrong += f->elr != at + 4 && at != IN_USER(second) + 4; /* which returns */
		sysreg_write(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
		return 1;
	}
	if (EC(esr) == EC_BRK && (esr & 0xffff) == SOFTWARE) {
		software++;
		wrong += hits == 0;
		f->elr += 4;
		return 1;
	}
	return 0;
}

__asm__(".text\n"
	".globl two_pages, second, loop, loop_middle, loop_end, brk_here\n"
	"loop:	mov x1, #100\n"
	"1:	add x2, x2, #1\n"
	"loop_middle: add x2, x2, #1\n"
	"	subs x1, x1, #1\n"
	"	b.ne 1b\n"
	"loop_end: mov x3, #1\n"
	"	svc #7\n"
	"	.balign 4096\n"
	/* A loop that calls a function in the next page, often enough for every kind of link. */
	"two_pages: mov x1, #300\n"
	"1:	bl second\n"
	"	adr x4, second\n"
	"	blr x4\n"
	"	subs x1, x1, #1\n"
	"	b.ne 1b\n"
	"	svc #7\n"
	"brk_here: brk #0x53\n"
	"	svc #7\n"
	"	.balign 4096\n"
	"second: add x2, x2, #1\n"
	"	ret\n");

/* Runs in user mode with MDSCR as given: how often it came to a breakpoint. */
static unsigned user(void (*fn)(void), uint64_t mdscr)
{
	hits = steps = software = 0;
	sysreg_write(mdscr_el1, mdscr);
	arch_user(fn);
	sysreg_write(mdscr_el1, 0);
	return hits;
}

static unsigned kernel(void (*fn)(void), uint64_t mdscr, int masked)
{
	hits = steps = software = 0;
	sysreg_write(mdscr_el1, mdscr);
	if (!masked)
		debug_unmask();
	arch_try(fn);
	debug_mask();
	sysreg_write(mdscr_el1, 0);
	return hits;
}

static void registers(void)
{
	uint64_t dfr0 = sysreg_read(id_aa64dfr0_el1);

	SAME("break-announced", dfr0 >> 12 & 15, 5); /* and one */
	SAME("break-announced-context", dfr0 >> 28, 1);
	breakpoint(0, UINT64_MAX, UINT64_MAX & ~(uint64_t)ENABLED);
	SAME("break-control", sysreg_read(dbgbcr0_el1), 0x1f01e6);
	SAME("break-value", sysreg_read(dbgbvr0_el1) & 3, 0);
	breakpoint(5, UINT64_MAX, UINT64_MAX & ~(uint64_t)ENABLED);
	SAME("break-context-control", sysreg_read(dbgbcr5_el1), 0x3f01e6);
	SAME("break-context-value", sysreg_read(dbgbvr5_el1), UINT64_MAX);
	breakpoint(0, 0, 0);
	breakpoint(5, 0, 0);
}

static void levels(void)
{
	breakpoint(0, IN_USER(loop_end), ENABLED | AT_EL0);
	SAME("break-user", user(loop, MDSCR_MDE), 1);
	SAME("break-user-address", at, IN_USER(loop_end));
	SAME("break-MDE-off", user(loop, 0), 0);
	sysreg_write(oslar_el1, 1);
	SAME("break-os-lock", user(loop, MDSCR_MDE), 0);
	sysreg_write(oslar_el1, 0);
	breakpoint(0, IN_USER(loop_end), ENABLED | AT_EL1);
	SAME("break-user-EL1-only", user(loop, MDSCR_MDE), 0);
	breakpoint(0, IN_USER(loop_end), AT_EL0 | AT_EL1);
	SAME("break-not-enabled", user(loop, MDSCR_MDE), 0);
	breakpoint(0, loop_end, ENABLED | AT_EL1);
	SAME("break-kernel", kernel(loop, MDSCR_MDE | MDSCR_KDE, 0), 1);
	SAME("break-kernel-address", at, (uintptr_t)loop_end);
	SAME("break-kernel-masked", kernel(loop, MDSCR_MDE | MDSCR_KDE, 1), 0);
	SAME("break-kernel-KDE-off", kernel(loop, MDSCR_MDE, 0), 0);
	breakpoint(0, loop_end, ENABLED | AT_EL0);
	SAME("break-kernel-EL0-only", kernel(loop, MDSCR_MDE | MDSCR_KDE, 0), 0);
	breakpoint(0, 0, 0);
}

static void going_on_from_them(void)
{
	going_on = 1;
	breakpoint(0, IN_USER(loop_middle), ENABLED | AT_EL0);
	SAME("break-loop", user(loop, MDSCR_MDE), 100);
	SAME("break-loop-steps", steps, 100);
	breakpoint(0, 0, 0);
	/* Known code, every link of which is made, in a page that is looked at no more and then again. */
	SAME("break-pages-without", user(two_pages, MDSCR_MDE), 0);
	breakpoint(3, IN_USER(second), ENABLED | AT_EL0);
	SAME("break-pages", user(two_pages, MDSCR_MDE), 600);
	breakpoint(3, IN_USER(second) + 0x800, ENABLED | AT_EL0);
	SAME("break-pages-elsewhere", user(two_pages, MDSCR_MDE), 0);
	breakpoint(3, 0, 0);
	SAME("break-pages-off", user(two_pages, MDSCR_MDE), 0);
	/* All at once, the last of them context-aware. */
	breakpoint(0, IN_USER(loop), ENABLED | AT_EL0);
	breakpoint(1, IN_USER(loop) + 8, ENABLED | AT_EL0);
	breakpoint(2, IN_USER(loop) + 20, ENABLED | AT_EL0);
	breakpoint(3, IN_USER(two_pages), ENABLED | AT_EL0);
	breakpoint(4, IN_USER(two_pages) + 24, ENABLED | AT_EL0);
	breakpoint(5, IN_USER(second) + 4, ENABLED | AT_EL0);
	SAME("break-three", user(loop, MDSCR_MDE), 102);
	SAME("break-other-three", user(two_pages, MDSCR_MDE), 602);
	breakpoint(0, 0, 0);
	breakpoint(1, 0, 0);
	breakpoint(2, 0, 0);
	breakpoint(3, 0, 0);
	breakpoint(4, 0, 0);
	breakpoint(5, 0, 0);
	going_on = 0;
}

static void contexts(void)
{
	sysreg_write(contextidr_el1, 0x1234567);
	breakpoint(4, 0x1234567, ENABLED | BREAK_CONTEXT_LINKED);
	breakpoint(0, IN_USER(loop_end), ENABLED | AT_EL0 | BREAK_LINKED | LINK(4));
	SAME("break-linked", user(loop, MDSCR_MDE), 1);
	breakpoint(4, 0x1234566, ENABLED | BREAK_CONTEXT_LINKED);
	SAME("break-linked-other", user(loop, MDSCR_MDE), 0);
	breakpoint(4, 0x1234567, BREAK_CONTEXT_LINKED);
	SAME("break-linked-off", user(loop, MDSCR_MDE), 0);
	breakpoint(0, IN_USER(loop_end), ENABLED | AT_EL0 | BREAK_LINKED | LINK(1));
	SAME("break-linked-to-none", user(loop, MDSCR_MDE), 0);
	breakpoint(0, 0, 0);
	/* By context alone: the first instruction. */
	breakpoint(4, 0x1234567, ENABLED | AT_EL0 | BREAK_CONTEXT);
	SAME("break-context", user(loop, MDSCR_MDE), 1);
	SAME("break-context-address", at, IN_USER(loop));
	breakpoint(4, 0x1234566, ENABLED | AT_EL0 | BREAK_CONTEXT);
	SAME("break-context-other", user(loop, MDSCR_MDE), 0);
	breakpoint(4, 0, 0);
}

int guest_main(void)
{
	sysreg_write(oslar_el1, 0);
	registers();
	levels();
	going_on_from_them();
	contexts();
	/* Before what the instruction does; after a step. */
	breakpoint(1, IN_USER(brk_here), ENABLED | AT_EL0);
	SAME("break-before-BRK", user(brk_here, MDSCR_MDE), 1);
	SAME("break-before-BRK-which-comes", software, 1);
	breakpoint(1, 0, 0);
	going_on = 1;
	breakpoint(1, IN_USER(loop) + 20, ENABLED | AT_EL0);
	breakpoint(2, IN_USER(loop) + 24, ENABLED | AT_EL0);
	SAME("break-one-after-another", user(loop, MDSCR_MDE), 2);
	SAME("break-every-syndrome", wrong, 0);
	return 0;
}
