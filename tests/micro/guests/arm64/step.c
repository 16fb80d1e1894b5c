/* SPDX-License-Identifier: MIT */
/* Software step (Arm ARM D2.12): one exception an instruction, in user and in kernel mode. */
#include "debug.h"
#include "guest.h"

/*
 * SVC or BRK #BEGIN starts stepping after itself, #END stops it. Where each exception came is written down
 * until then, with what the syndrome says, and compared with the path that the code has for itself.
 */
#define BEGIN 0x51
#define END 0x52
#define MOST 256

#define NOTHING_RAN 1u /* ISV is 0 */
#define EXCLUSIVE 2u   /* EX */
#define FAULTED 4u     /* no step: the instruction did, and is to be stepped again */
#define CALLED 8u      /* no step: SVC, which was stepped */
#define WRONG 0x80u

struct came {
	uint64_t pc, what;
};
static struct came seen[MOST];
static unsigned count, active, first_is_denied;

static void note(uint64_t pc, uint64_t what)
{
	if (count == MOST)
		runtime_die("stepping: no end at", pc);
	seen[count++] = (struct came){pc, what};
}

static void end(struct frame *f)
{
	active = 0;
	f->spsr &= ~(uint64_t)SPSR_SS;
	sysreg_write(mdscr_el1, 0);
}

static void begin(struct frame *f)
{
	active = 1;
	count = 0;
	sysreg_write(mdscr_el1, MDSCR_SS | MDSCR_KDE);
	f->spsr = (f->spsr & ~(uint64_t)SPSR_D) | (first_is_denied ? 0 : SPSR_SS);
}

static void step(struct frame *f, uint64_t esr)
{
	uint32_t from_kernel = (f->spsr & 0xf) != 0;

	if (EC(esr) != EC_STEP + from_kernel)
		runtime_die("stepping: another exception at", f->elr);
	note(f->elr, (esr >> 24 & 1 ? 0 : NOTHING_RAN) | (esr & 1u << 6 ? EXCLUSIVE : 0) |
			     ((esr & 0x3f) != ISS_DEBUG || (f->spsr & SPSR_SS) ? WRONG : 0));
	f->spsr |= SPSR_SS;
	if (f->elr == NOWHERE) {
		end(f);
		f->elr = f->x[19]; /* x30 */
	}
}

int guest_exception(struct frame *f, uint64_t esr)
{
	uint32_t calls = EC(esr) == EC_SVC, breaks = EC(esr) == EC_BRK, number = esr & 0xffff;

	if ((calls || breaks) && number == BEGIN) {
		begin(f);
		f->elr += breaks ? 4 : 0;
	} else if (!active) {
		return 0;
	} else if (calls || breaks || EC(esr) == EC_DATA_LOWER || EC(esr) == EC_DATA_SAME) {
		note(f->elr, f->spsr & SPSR_SS ? FAULTED : CALLED);
		if ((calls || breaks) && number == END)
			end(f);
		f->elr += calls ? 0 : 4;
	} else {
		step(f, esr);
	}
	return 1;
}

/* `row`: an exception has to come there. `n`: an instruction, and one after it; `to`: one that goes
 * elsewhere. */
__asm__(".text\n"
	".arch armv8.2-a\n"
	".macro row place, what=0\n .pushsection .rodata\n .quad \\place, \\what\n .popsection\n .endm\n"
	".macro n code:vararg\n \\code\n 9: row 9b\n .endm\n"
	".macro x code:vararg\n \\code\n 9: row 9b, 2\n .endm\n"
	".macro to place, code:vararg\n \\code\n row \\place\n .endm\n"
	".macro path name\n .pushsection .rodata\n .balign 8\n .globl \\name\\()_path\n \\name\\()_path:\n "
	".popsection\n .endm\n"
	".macro path_end name\n .pushsection .rodata\n .quad 0, 0\n .popsection\n .endm\n"
	".macro everything\n"
	" n add x1, x1, #1\n"
	" to 1f, b 1f\n udf #0\n"
	"1: n mov x2, #0\n"
	" to 2f, cbz x2, 2f\n udf #0\n"
	"2: n cbnz x2, 1b\n"
	" to 3f, tbz x2, #3, 3f\n udf #0\n"
	"3: n tbnz w2, #31, 1b\n"
	" n cmp x2, #0\n"
	" to 4f, b.eq 4f\n udf #0\n"
	"4: n b.ne 1b\n"
	" n adr x3, 6f\n"
	" to 8f, b 8f\n"
	"5: ret\n"
	"8: to 5b, bl 5b\n"
	"9: row 9b\n" /* that is where it returns to */
	" to 6f, br x3\n udf #0\n"
	"6: n stp x1, x2, [sp, #-16]!\n"
	" n ldr x5, [sp]\n"
	" x ldxr x5, [sp]\n"
	" n stxr w6, x5, [sp]\n"
	" x ldaxrb w5, [sp]\n"
	" n clrex\n"
	" x ldxp x5, x6, [sp]\n"
	" n ldar x5, [sp]\n"
	" n add sp, sp, #16\n"
	" n mrs x5, nzcv\n"
	" n msr nzcv, x5\n"
	" n dsb ish\n"
	" n isb\n"
	" n mov x7, #0x2000000000\n"
	" ldr x5, [x7]\n"
	"9: row (9b - 4), 4\n" /* it faults, and is skipped */
	" n nop\n"
	" svc #7\n"
	"9: row 9b, 8\n row 9b, 1\n" /* what is after it has not run on the return */
	" n mov x2, #20\n"
	"1: n subs x2, x2, #1\n"
	" .rept 19\n row 1b\n row (1b + 4)\n .endr\n" /* the branch is taken so often */
	" n b.ne 1b\n"
	" .endm\n"

	".globl user_all, kernel_all, user_denied, user_nowhere, kernel_masks\n"
	"path user_all\n"
	"user_all: svc #0x51\n"
	" everything\n"
	" svc #0x52\n 9: row 9b, 8\n"
	" svc #7\n"
	"path_end user_all\n"
	"path kernel_all\n"
	"kernel_all: stp x29, x30, [sp, #-16]!\n"
	" brk #0x51\n"
	" everything\n"
	" n wfi\n" /* an interrupt is pending */
	" n msr spsel, #1\n"
	" brk #0x52\n 9: row (9b - 4), 4\n"
	" msr daifset, #8\n"
	" ldp x29, x30, [sp], #16\n"
	" ret\n"
	"path_end kernel_all\n"
	"path user_denied\n"
	"user_denied: svc #0x51\n 9: row 9b, 1\n"
	" n nop\n"
	" svc #0x52\n 9: row 9b, 8\n"
	" svc #7\n"
	"path_end user_denied\n"
	"path user_nowhere\n"
	"user_nowhere: svc #0x51\n"
	" n adr x30, 1f\n"
	" n mov x7, #0x2000000000\n"
	" to 0x2000000000, br x7\n"
	"1: svc #7\n"
	"path_end user_nowhere\n"
	"path kernel_masks\n" /* stepping pauses while PSTATE.D is set */
	"kernel_masks: brk #0x51\n"
	" n nop\n"
	" msr daifset, #8\n"
	" nop\n"
	" msr daifclr, #8\n"
	"9: row 9b, 1\n"
	" n nop\n"
	" brk #0x52\n 9: row (9b - 4), 4\n"
	" msr daifset, #8\n"
	" ret\n"
	"path_end kernel_masks\n"
	".text\n");
void user_all(void), kernel_all(void), user_denied(void), user_nowhere(void), kernel_masks(void);
extern const struct came user_all_path[], kernel_all_path[], user_denied_path[], user_nowhere_path[],
	kernel_masks_path[];

/* Names that begin with one: the first exception that came elsewhere is told. */
static void compare(const char *name, const struct came *path, uint64_t base)
{
	unsigned n = 0;

	for (; path[n].pc && n < count; n++) {
		uint64_t pc = path[n].pc == NOWHERE ? NOWHERE : path[n].pc + base;

		if (seen[n].pc == pc && seen[n].what == path[n].what)
			continue;
		SAME(name, seen[n].pc, pc);
		SAME(name, seen[n].what, path[n].what);
		return;
	}
	CHECK(!path[n].pc && n == count, name);
}

int guest_main(void)
{
	sysreg_write(oslar_el1, 0);
	SAME("step-user", arch_user(user_all), TRAP_CALL);
	compare("step-user-path", user_all_path, ALIAS);
	first_is_denied = 1;
	arch_user(user_denied);
	compare("step-without-SS", user_denied_path, ALIAS);
	first_is_denied = 0;
	arch_user(user_nowhere);
	compare("step-before-fetch-fault", user_nowhere_path, ALIAS);
	/* An interrupt between two steps is none of them. */
	arch_timer(1);
	arch_user(user_all);
	compare("step-user-interrupted-path", user_all_path, ALIAS);
	SAME("step-interrupted", runtime_irqs[IRQ_TIMER], 1);
	arch_timer(1);
	SAME("step-kernel", arch_try(kernel_all), TRAP_NONE);
	compare("step-kernel-path", kernel_all_path, 0);
	arch_timer(0);
	arch_try(kernel_masks);
	compare("step-masked", kernel_masks_path, 0);
	/* The OS lock holds it off. */
	sysreg_write(oslar_el1, 1);
	arch_user(user_all);
	SAME("step-os-lock", count, 3); /* the fault, the SVC, and the end */
	return 0;
}
