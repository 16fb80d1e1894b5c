/* SPDX-License-Identifier: MIT */
/* mtime can be set; the time register, MTIP and, with Sstc, STIP follow it, on every hart (privileged
 * manual, 3.2.1, and "Sstc"). */
#include "machine.h"

#define MSIP(hart) (CLINT + 4 * (hart))
#define MTIMECMP(hart) (CLINT + 0x4000 + 8 * (hart))
#define MTIME (CLINT + 0xbff8)
#define MTIP (1u << 7)
#define STIP (1u << 5)
#define STCE (UINT64_C(1) << 63)
#define FAR (UINT64_C(1) << 50)
#define SOON (UINT64_C(1) << 32) /* 7 minutes */
#define TRIES 100000000

static volatile uint64_t asked, answered, other_time, other_mip, other_woke;

/* Hart 1 tells what it sees, asked by a software interrupt. */
void guest_cpu(unsigned cpu)
{
	csr_write(menvcfg, STCE);
	csr_write(stimecmp, FAR / 2);
	csr_write(mie, 1u << 3 | STIP);
	for (;;) {
		while (!(csr_read(mip) & 1u << 3)) {
			arch_wait();
			other_woke |= csr_read(mip) & STIP;
		}
		mmio_write(MSIP(cpu), 4, 0);
		other_time = csr_read(time);
		other_mip = csr_read(mip);
		answered = asked;
	}
}

static int other(void)
{
	asked++;
	mmio_write(MSIP(1), 4, 1);
	for (int i = 0; i < TRIES && answered != asked; i++)
		arch_pause();
	return answered == asked;
}

/* MTIP and STIP come some time after what makes them come. */
static uint64_t pending(uint64_t wanted)
{
	for (int i = 0; i < TRIES / 5 && (csr_read(mip) & (MTIP | STIP)) != wanted; i++)
		arch_pause();
	return csr_read(mip) & (MTIP | STIP);
}

static int is_near(uint64_t a, uint64_t b)
{
	return a >= b && a - b < SOON;
}

int guest_main(void)
{
	uint64_t before;

	csr_write(menvcfg, STCE);
	mmio_write(MTIMECMP(0), 8, FAR);
	mmio_write(MTIMECMP(1), 8, FAR);
	csr_write(stimecmp, FAR / 2);
	before = mmio_read(MTIME, 8);
	CHECK(before < SOON, "mtime-begins-at-0");
	CHECK(csr_read(time) >= before, "mtime-is-time");
	SAME("mtime-nothing-due", pending(0), 0);
	CHECK(other() && !(other_mip & (MTIP | STIP)), "mtime-nothing-due-on-the-other");

	/* A hart that sleeps is woken by a comparator that the clock jumps over. */
	for (before = csr_read(time); csr_read(time) - before < 20000;)
		arch_pause();
	SAME("mtime-the-other-sleeps", other_woke, 0);
	mmio_write(MTIME, 8, FAR / 2 + 1);
	for (int i = 0; i < TRIES && !other_woke; i++)
		arch_pause();
	SAME("mtime-wakes-a-sleeper", other_woke, STIP);

	mmio_write(MTIME, 8, FAR / 2 - 20000);
	CHECK(is_near(mmio_read(MTIME, 8), FAR / 2 - 20000), "mtime-is-written");
	CHECK(is_near(csr_read(time), FAR / 2 - 20000), "mtime-time-follows");
	SAME("mtime-stimecmp-is-reached", pending(STIP), STIP);
	CHECK(mmio_read(MTIME, 8) >= FAR / 2, "mtime-stimecmp-not-early");
	CHECK(other() && is_near(other_time, FAR / 2 - 20000), "mtime-time-follows-on-the-other");
	for (int i = 0; i < 1000 && !(other_mip & STIP); i++)
		other();
	SAME("mtime-stimecmp-is-reached-on-the-other", other_mip & (MTIP | STIP), STIP);

	mmio_write(MTIME, 8, FAR);
	SAME("mtime-mtimecmp-is-reached", pending(MTIP | STIP), MTIP | STIP);
	CHECK(other(), "mtime-the-other-answers");
	SAME("mtime-mtimecmp-is-reached-on-the-other", other_mip & (MTIP | STIP), MTIP | STIP);
	mmio_write(MTIME, 8, 5);
	CHECK(is_near(csr_read(time), 5), "mtime-goes-back");
	SAME("mtime-goes-back-nothing-due", pending(0), 0);
	CHECK(other() && is_near(other_time, 5), "mtime-goes-back-on-the-other");
	SAME("mtime-goes-back-nothing-due-on-the-other", other_mip & (MTIP | STIP), 0);

	/* By halves; and from far away a comparator that is passed over the end. */
	mmio_write(MTIME + 4, 4, 0x123);
	mmio_write(MTIME, 4, 0x456);
	CHECK(is_near(csr_read(time), UINT64_C(0x12300000456)), "mtime-by-halves");
	csr_write(stimecmp, UINT64_MAX);
	mmio_write(MTIMECMP(0), 8, UINT64_MAX);
	mmio_write(MTIME, 8, UINT64_MAX - 100000);
	SAME("mtime-wraps", pending(0), 0);
	while (csr_read(time) >> 63)
		arch_pause();
	SAME("mtime-wrapped", pending(0), 0);
	return 0;
}
