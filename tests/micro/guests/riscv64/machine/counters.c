/* SPDX-License-Identifier: MIT */
/* mcycle, minstret, mcountinhibit, mcounteren, scounteren (privileged manual, 3.1.10 to 3.1.12, 10.1.4). */
#include "machine.h"

#define CY 1
#define IR 4
#define FAR (UINT64_C(1) << 40)
#define SOON (UINT64_C(1) << 36)

/* Instructions from the write of minstret on, in loops, through a trap, and over a skipped one. */
static uint64_t after_nops(void)
{
	uint64_t n;

	__asm__ volatile("csrw minstret, zero; nop; nop; nop; csrr %0, minstret" : "=r"(n));
	return n;
}

static uint64_t after_loop(void)
{
	uint64_t n;

	__asm__ volatile(
		"li t0, 1000; csrw minstret, zero; 1: addi t0, t0, -1; bnez t0, 1b; csrr %0, minstret"
		: "=r"(n)
		:
		: "t0");
	return n;
}

static uint64_t after_skips(void)
{
	uint64_t n;

	/* A branch over one instruction that only computes, taken and not. */
	__asm__ volatile(
		"li t0, 1; csrw minstret, zero; bnez t0, 1f; addi t1, t1, 1; 1: beqz t0, 2f; addi t1, t1, 1;"
		"2: csrr %0, minstret"
		: "=r"(n)
		:
		: "t0", "t1");
	return n;
}

static void traps(void)
{
	__asm__ volatile("csrw minstret, zero; nop; ld t0, (zero); nop" : : : "t0");
}

static uint64_t in_fp(void)
{
	uint64_t n;

	__asm__ volatile("csrw minstret, zero; fmv.d.x ft0, zero; fadd.d ft0, ft0, ft0; csrr %0, minstret"
			 : "=r"(n));
	return n;
}

static void read_cycle(void)
{
	(void)csr_read(cycle);
	__asm__ volatile("ecall");
}

static void read_instret(void)
{
	(void)csr_read(instret);
	__asm__ volatile("ecall");
}

static void read_time(void)
{
	(void)csr_read(time);
	__asm__ volatile("ecall");
}

static void (*const readers[])(void) = {read_cycle, read_time, read_instret};
static void (*reader)(void);
static uint64_t mode;

static void below(void)
{
	machine_below(reader, mode);
}

static void access(void)
{
	static const char *const names[] = {"counteren-cycle", "counteren-time", "counteren-instret"};

	PMP_OPEN();
	for (unsigned i = 0; i < 3; i++) {
		reader = readers[i];
		for (unsigned open = 0; open < 4; open++) {
			csr_write(mcounteren, open & 1 ? 1u << i : 7 & ~(1u << i));
			csr_write(scounteren, open & 2 ? 1u << i : 7 & ~(1u << i));
			mode = SUPERVISOR;
			SAME(names[i], machine_try(below), open & 1 ? CALL_FROM(SUPERVISOR) : ILLEGAL);
			mode = USER;
			SAME(names[i], machine_try(below), open == 3 ? CALL_FROM(USER) : ILLEGAL);
		}
	}
}

int guest_main(void)
{
	uint64_t a, b, cause;

	csr_write(mcycle, FAR);
	a = csr_read(mcycle);
	CHECK(a >= FAR && a - FAR < SOON, "mcycle-holds-what-is-written");
	b = csr_read(cycle);
	CHECK(b >= a && b - FAR < SOON, "mcycle-cycle-is-the-same");
	while (csr_read(mcycle) <= b)
		;
	CHECK(1, "mcycle-counts-on");
	a = csr_read(minstret);
	CHECK(csr_read(minstret) > a, "minstret-counts");

	SAME("minstret-exact", after_nops(), 3);
	SAME("minstret-exact-loop", after_loop(), 2000);
	SAME("minstret-exact-skipped", after_skips(), 3);
	SAME("minstret-exact-fp", in_fp(), 2);
	cause = machine_try(traps);
	a = csr_read(minstret);
	SAME("minstret-trap", cause, 5);
	CHECK(a > 1 && a < 100, "minstret-trap-counts-on");
	csr_write(minstret, FAR);
	a = csr_read(minstret);
	b = csr_read(instret);
	SAME("minstret-holds-what-is-written", a, FAR);
	CHECK(b > a && b - FAR < 100, "minstret-instret-is-the-same");

	csr_write(mcountinhibit, UINT64_MAX);
	SAME("mcountinhibit-bits", csr_read(mcountinhibit), CY | IR);
	a = csr_read(minstret);
	b = csr_read(mcycle);
	for (volatile int i = 0; i < 100; i++)
		;
	SAME("mcountinhibit-minstret-stands", csr_read(minstret), a);
	SAME("mcountinhibit-mcycle-stands", csr_read(mcycle), b);
	csr_write(minstret, 7);
	csr_write(mcycle, 9);
	SAME("mcountinhibit-minstret-is-written", csr_read(minstret), 7);
	SAME("mcountinhibit-mcycle-is-written", csr_read(mcycle), 9);
	csr_write(mcountinhibit, CY);
	CHECK(csr_read(minstret) - 7 < 10, "mcountinhibit-minstret-goes-on");
	CHECK(csr_read(minstret) > 7, "mcountinhibit-minstret-goes-on");
	SAME("mcountinhibit-one-alone", csr_read(mcycle), 9);
	csr_write(mcountinhibit, 0);
	a = csr_read(mcycle);
	CHECK(a >= 9 && a < SOON, "mcountinhibit-mcycle-goes-on");
	access();
	return 0;
}
