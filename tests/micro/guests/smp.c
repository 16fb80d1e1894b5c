/* SPDX-License-Identifier: MIT */
/* A second processor, started as this machine starts one; both count in the same word. */
#include "guest.h"

#define COUNT 3000

static volatile unsigned started, finished, number;
static uint64_t added, exchanged, locked, guarded;
static unsigned lock;

static void work(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t old = __atomic_load_n(&exchanged, __ATOMIC_RELAXED);

		__atomic_fetch_add(&added, 1, __ATOMIC_SEQ_CST);
		while (!__atomic_compare_exchange_n(&exchanged, &old, old + 3, 0, __ATOMIC_SEQ_CST,
						    __ATOMIC_RELAXED))
			;
		if (i & 7)
			continue;
		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			arch_pause();
		guarded++;
		locked += guarded;
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
}

void guest_cpu(unsigned cpu)
{
	number = cpu;
	started = 1;
	work();
	finished = 1;
}

int guest_main(void)
{
	const uint64_t n = 2 * COUNT / 8;

	SAME("smp-start", arch_cpu_start(1), 0);
	while (!started)
		arch_pause();
	SAME("smp-number", number, 1);
	work();
	while (!finished)
		arch_pause();
	SAME("smp-add", added, 2 * COUNT);
	SAME("smp-compare-and-exchange", exchanged, 6 * COUNT);
	SAME("smp-lock", guarded, n);
	SAME("smp-lock-order", locked, n * (n + 1) / 2);
	return 0;
}
