/* SPDX-License-Identifier: MIT */
/* Hardware watchpoints (Arm ARM D2.10), for every kind of access, in user and in kernel mode. */
#include "debug.h"
#include "guest.h"

static unsigned hits, steps, going_on;
static uint64_t at, far, written, pointer;

/* A watchpoint is turned off for one step, as kernels do it, when `going_on`; else all are turned off for
 * good. */
int guest_exception(struct frame *f, uint64_t esr)
{
	uint32_t same = (f->spsr & 0xf) != 0;

	if (EC(esr) == EC_WATCHPOINT + same) {
		hits++;
		at = f->elr;
		far = sysreg_read(far_el1);
		written = esr & ISS_WNR;
		pointer = f->x[0];
		if ((esr & 0x1ffffff & ~(uint64_t)ISS_WNR) != ISS_DEBUG)
			runtime_die("watchpoint: a syndrome of", esr);
		f->spsr |= going_on ? SPSR_SS : 0;
		sysreg_write(mdscr_el1, going_on ? MDSCR_KDE | MDSCR_SS : 0);
		return 1;
	}
	if (EC(esr) == EC_STEP + same) {
		steps++;
		sysreg_write(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
		return 1;
	}
	return 0;
}

uint8_t area[0x4000] __attribute__((aligned(0x2000)));

/* NAME: one access, at NAME_at, with area + `offset` in x0, 1 in x1 and 2 in x2. */
#define LOADING 1
#define STORING 2
#define ACCESSES(A)                                               \
	A(ldr, 8, LOADING, 8, "ldr x3, [x0]")                     \
	A(ldr_disp, 24, LOADING, 8, "ldr x3, [x0], #16")          \
	A(ldrb, 5, LOADING, 1, "ldrb w3, [x0]")                   \
	A(ldrsh, 6, LOADING, 2, "ldrsh x3, [x0]")                 \
	A(ldr_index, 16, LOADING, 4, "ldr w3, [x0, xzr]")         \
	A(ldp, 32, LOADING, 16, "ldp x3, x4, [x0]")               \
	A(ldpsw, 32, LOADING, 8, "ldpsw x3, x4, [x0]")            \
	A(ldr_q, 64, LOADING, 16, "ldr q0, [x0]")                 \
	A(ldp_q, 64, LOADING, 32, "ldp q0, q1, [x0]")             \
	A(ld1, 128, LOADING, 32, "ld1 {v0.16b, v1.16b}, [x0]")    \
	A(ld1_lane, 129, LOADING, 1, "ld1 {v0.b}[3], [x0]")       \
	A(ld4, 128, LOADING, 32, "ld4 {v0.8b-v3.8b}, [x0]")       \
	A(ldar, 40, LOADING, 8, "ldar x3, [x0]")                  \
	A(ldxr, 40, LOADING, 4, "ldxr w3, [x0]")                  \
	A(ldxp, 48, LOADING, 16, "ldxp x3, x4, [x0]")             \
	A(ldtr, 56, LOADING, 8, "ldtr x3, [x0]")                  \
	A(ldr_across, 0xffd, LOADING, 8, "ldr x3, [x0]")          \
	A(ldr_unaligned, 61, LOADING, 8, "ldr x3, [x0]")          \
	A(str, 8, STORING, 8, "str x1, [x0]")                     \
	A(str_pre, 8, STORING, 4, "str w1, [x0, #0]!")            \
	A(strb, 5, STORING, 1, "strb w1, [x0]")                   \
	A(str_zero, 16, STORING, 8, "str xzr, [x0]")              \
	A(stp, 32, STORING, 16, "stp x1, x2, [x0]")               \
	A(str_q, 64, STORING, 16, "str q0, [x0]")                 \
	A(stnp_q, 64, STORING, 32, "stnp q0, q1, [x0]")           \
	A(st1, 128, STORING, 32, "st1 {v0.16b, v1.16b}, [x0]")    \
	A(st2_lane, 130, STORING, 4, "st2 {v0.h, v1.h}[3], [x0]") \
	A(stlr, 40, STORING, 8, "stlr x1, [x0]")                  \
	A(sttr, 56, STORING, 8, "sttr x1, [x0]")                  \
	A(str_across, 0xffd, STORING, 8, "str x1, [x0]")          \
	A(stp_across, 0xff8, STORING, 16, "stp x1, x2, [x0]")     \
	A(dc_zva, 192, STORING, 64, "dc zva, x0")                 \
	A(ldadd, 8, LOADING | STORING, 8, "ldadd x1, x3, [x0]")   \
	A(stset, 8, LOADING | STORING, 4, "stset w1, [x0]")       \
	A(swp, 8, LOADING | STORING, 2, "swph w1, w3, [x0]")      \
	A(cas, 8, LOADING | STORING, 8, "cas x1, x2, [x0]")       \
	A(casp, 32, LOADING | STORING, 16, "casp x2, x3, x4, x5, [x0]")

#define DECLARE(name, offset, kinds, bytes, code) void do_##name(void), do_##name##_at(void);
#define DEFINE(name, offset, kinds, bytes, code)                                        \
	".globl do_" #name ", do_" #name "_at\n"                                        \
	"do_" #name ": adrp x0, area\n add x0, x0, :lo12:area\n mov x3, #" #offset "\n" \
	"	add x0, x0, x3\n mov x1, #1\n mov x2, #2\n"                                   \
	"do_" #name "_at: " code "\n svc #7\n"
#define ROW(name, offset, kinds, bytes, code) {#name, do_##name, do_##name##_at, offset, kinds, bytes},
ACCESSES(DECLARE)
void do_stxr(void), do_stxr_at(void), do_loop(void), do_frame(void), kernel_str(void), kernel_sttr(void),
	kernel_ldtr(void), kernel_device(void);
__asm__(".text\n.arch armv8.2-a+lse\n" ACCESSES(
	DEFINE) "do_stxr: adrp x0, area\n add x0, x0, :lo12:area\n"
		"1:	ldxr x3, [x0]\n"
		"do_stxr_at: stxr w4, x3, [x0]\n"
		"	svc #7\n"
		/* 1024 doublewords: three pages, from the middle of one */
		"do_loop: adrp x0, area\n add x0, x0, #0x800\n mov x1, #1024\n"
		"1:	ldr x3, [x0]\n"
		"	str x3, [x0], #8\n"
		"	subs x1, x1, #1\n"
		"	b.ne 1b\n"
		"	svc #7\n"
		/* accesses off one base, as to a stack frame */
		"do_frame: adrp x0, area\n mov x1, #100\n"
		"1:	str x1, [x0, #64]\n"
		"	ldr x2, [x0, #128]\n"
		"	str x1, [x0, #72]\n"
		"	ldp x3, x4, [x0, #80]\n"
		"	subs x1, x1, #1\n"
		"	b.ne 1b\n"
		"	svc #7\n"
		"kernel_str: adrp x0, area\n str x1, [x0]\n ret\n"
		"kernel_sttr: adrp x0, area\n orr x0, x0, #0x100000000\n sttr x1, [x0]\n ret\n"
		"kernel_ldtr: adrp x0, area\n orr x0, x0, #0x100000000\n ldtr x1, [x0]\n ret\n"
		"kernel_device: mov x0, #0x08000000\n ldr w1, [x0]\n ret\n");

static const struct access {
	const char *name;
	void (*fn)(void), (*at)(void);
	uint32_t offset, kinds, bytes;
} accesses[] = {ACCESSES(ROW)};

static unsigned user(void (*fn)(void))
{
	hits = steps = 0;
	sysreg_write(mdscr_el1, MDSCR_MDE);
	arch_user(fn);
	sysreg_write(mdscr_el1, 0);
	return hits;
}

static unsigned kernel(void (*fn)(void), uint64_t mdscr)
{
	hits = steps = 0;
	sysreg_write(mdscr_el1, mdscr);
	debug_unmask();
	arch_try(fn);
	debug_mask();
	sysreg_write(mdscr_el1, 0);
	return hits;
}

/* A watchpoint of one byte of the area. */
static void watch_byte(uint64_t offset, uint64_t control)
{
	uint64_t address = IN_USER(area) + offset;

	watchpoint(1, address & ~7ull, control | AT_EL0 | BYTES(1u << (address & 7)));
}

static void every_access(void)
{
	for (unsigned i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		const struct access *a = &accesses[i];
		uint64_t first = a->offset, last = first + a->bytes - 1;
		unsigned good = user(a->fn) == 0;

		watch_byte(first - 1, ENABLED | LOADS | STORES);
		good += user(a->fn) == 0;
		watch_byte(last + 1, ENABLED | LOADS | STORES);
		good += user(a->fn) == 0;
		for (uint64_t byte = first; byte <= last; byte += last - first ? last - first : 1) {
			watch_byte(byte, ENABLED | LOADS | STORES);
			good += user(a->fn) == 1 && at == IN_USER(a->at) && far >= IN_USER(area) + first &&
				far <= IN_USER(area) + byte;
			good += (a->kinds & LOADING ? 0 : ISS_WNR) == written;
			watch_byte(byte, ENABLED | LOADS);
			good += user(a->fn) == (a->kinds & LOADING ? 1 : 0);
			watch_byte(byte, ENABLED | STORES);
			good += user(a->fn) == (a->kinds & STORING ? 1 : 0);
			good += !(a->kinds & STORING) || written;
		}
		watchpoint(1, 0, 0);
		good += user(a->fn) == 0;
		runtime_check(good == (a->bytes > 1 ? 14 : 9), "watch-access", a->name, good, 0);
	}
}

static void before_the_access(void)
{
	volatile uint64_t *word = (volatile uint64_t *)area;

	/* Nothing was done when it comes, and all of it is done after it. */
	word[1] = 77;
	watch_byte(8, ENABLED | STORES);
	SAME("watch-store", user(do_str), 1);
	SAME("watch-store-done-later", word[1], 1);
	watch_byte(24, ENABLED | LOADS);
	SAME("watch-load", user(do_ldr_disp), 1);
	SAME("watch-no-write-back", pointer, IN_USER(area) + 24);
	/* To LDXR a load, to STXR a store. */
	watch_byte(0, ENABLED | STORES);
	SAME("watch-stxr", user(do_stxr), 1);
	SAME("watch-stxr-address", at, IN_USER(do_stxr_at));
	watch_byte(0, ENABLED | LOADS);
	SAME("watch-ldxr", user(do_stxr), 1);
	SAME("watch-ldxr-address", at, IN_USER(do_stxr_at) - 4);
	watchpoint(1, 0, 0);
}

static void loops(void)
{
	going_on = 1;
	SAME("watch-loop-without", user(do_loop), 0);
	watchpoint(0, IN_USER(area) + 0x1100, ENABLED | AT_EL0 | STORES | BYTES(0xff));
	SAME("watch-loop", user(do_loop), 1);
	SAME("watch-loop-where", pointer, IN_USER(area) + 0x1100);
	watchpoint(0, IN_USER(area) + 0x1100, ENABLED | AT_EL0 | LOADS | STORES | BYTES(0xff));
	SAME("watch-loop-both", user(do_loop), 2);
	SAME("watch-loop-both-steps", steps, 2);
	watchpoint(0, IN_USER(area) + 72, ENABLED | AT_EL0 | LOADS | STORES | BYTES(0xff));
	SAME("watch-frame", user(do_frame), 100);
	watchpoint(0, IN_USER(area) + 0x1000, ENABLED | AT_EL0 | LOADS | RANGE(12));
	SAME("watch-page", user(do_loop), 512);
	watchpoint(0, IN_USER(area), ENABLED | AT_EL0 | LOADS | RANGE(13));
	SAME("watch-two-pages", user(do_loop), 768);
	watchpoint(0, 0x100000000, ENABLED | AT_EL0 | LOADS | STORES | RANGE(31));
	SAME("watch-everything", user(do_loop), 2048);
	/* All of them, which do not take each other's. */
	watchpoint(0, IN_USER(area) + 0x1008, ENABLED | AT_EL0 | LOADS | BYTES(0x01));
	watchpoint(1, IN_USER(area) + 0x1010, ENABLED | AT_EL0 | STORES | BYTES(0x80));
	watchpoint(2, IN_USER(area) + 0x1004, ENABLED | AT_EL0 | STORES | BYTES(0x0f));
	watchpoint(3, IN_USER(area) + 0x2000, ENABLED | AT_EL0 | LOADS | STORES | BYTES(0x18));
	SAME("watch-four", user(do_loop), 5);
	watchpoint(0, 0, 0);
	watchpoint(1, 0, 0);
	watchpoint(2, 0, 0);
	watchpoint(3, 0, 0);
	SAME("watch-loop-off", user(do_loop), 0);
	going_on = 0;
}

static void levels(void)
{
	const uint64_t both = ENABLED | LOADS | STORES | BYTES(0xff);

	watchpoint(0, area, both | AT_EL1);
	SAME("watch-kernel", kernel(kernel_str, MDSCR_MDE | MDSCR_KDE), 1);
	SAME("watch-kernel-written", written, ISS_WNR);
	SAME("watch-kernel-KDE-off", kernel(kernel_str, MDSCR_MDE), 0);
	watchpoint(0, area, both | AT_EL0);
	SAME("watch-kernel-EL0-only", kernel(kernel_str, MDSCR_MDE | MDSCR_KDE), 0);
	/* LDTR, STTR: as from EL0. */
	watchpoint(0, IN_USER(area), both | AT_EL0);
	SAME("watch-sttr", kernel(kernel_sttr, MDSCR_MDE | MDSCR_KDE), 1);
	SAME("watch-ldtr", kernel(kernel_ldtr, MDSCR_MDE | MDSCR_KDE), 1);
	SAME("watch-ldtr-KDE-off", kernel(kernel_ldtr, MDSCR_MDE), 0);
	watchpoint(0, IN_USER(area), both | AT_EL1);
	SAME("watch-sttr-EL1-only", kernel(kernel_sttr, MDSCR_MDE | MDSCR_KDE), 0);
	watchpoint(0, GICD, both | AT_EL1);
	SAME("watch-device", kernel(kernel_device, MDSCR_MDE | MDSCR_KDE), 1);
	SAME("watch-device-address", far, GICD);
	/* Linked to a context. */
	sysreg_write(contextidr_el1, 99);
	breakpoint(5, 99, ENABLED | BREAK_CONTEXT_LINKED);
	watchpoint(0, IN_USER(area) + 8, both | AT_EL0 | WATCH_LINKED | LINK(5));
	SAME("watch-linked", user(do_ldr), 1);
	sysreg_write(contextidr_el1, 98);
	SAME("watch-linked-other", user(do_ldr), 0);
	breakpoint(5, 0, 0);
	watchpoint(0, IN_USER(area) + 8, both | AT_EL0);
	SAME("watch-again", user(do_ldr), 1);
	sysreg_write(oslar_el1, 1);
	SAME("watch-os-lock", user(do_ldr), 0);
	sysreg_write(oslar_el1, 0);
	watchpoint(0, 0, 0);
}

int guest_main(void)
{
	uint64_t sctlr = sysreg_read(sctlr_el1);

	SAME("watch-announced", sysreg_read(id_aa64dfr0_el1) >> 20 & 15, 3); /* and one */
	sysreg_write(oslar_el1, 0);
	sysreg_write(sctlr_el1, sctlr | 1u << 14); /* DC ZVA at EL0 */
	every_access();
	before_the_access();
	loops();
	levels();
	return 0;
}
