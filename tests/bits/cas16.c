/* SPDX-License-Identifier: MIT */
/* cas16.c: threads count a pair (n, ~n) up by compare-and-swap of 16 bytes: no count is lost, and no half is seen alone. */
#include <pthread.h>
#include <stdio.h>
#include <plugins/soft/cas16.h>

#define THREADS 4
#define TIMES 20000

static _Alignas(16) union vr_v128 pair = {.d = {0, ~0ull}};
static int torn;

static void *count(void *unused)
{
	for (int n = 0; n < TIMES; n++) {
		union vr_v128 seen = {.d = {0, ~0ull}}, old;
		for (;;) {
			union vr_v128 next = {.d = {seen.d[0] + 1, ~(seen.d[0] + 1)}};
			soft_cas16(&pair, &seen, &next, &old);
			if (old.d[1] != ~old.d[0])
				__atomic_store_n(&torn, 1, __ATOMIC_RELAXED);
			if (old.d[0] == seen.d[0] && old.d[1] == seen.d[1])
				break;
			seen = old;
		}
	}
	return unused;
}

int main(void)
{
	pthread_t t[THREADS];
	for (int n = 0; n < THREADS; n++)
		if (pthread_create(&t[n], NULL, count, NULL))
			return 2;
	for (int n = 0; n < THREADS; n++)
		pthread_join(t[n], NULL);
	int bad = torn || pair.d[0] != THREADS * TIMES || pair.d[1] != ~pair.d[0];
	printf("%d passed, %d failed, 0 skipped\n", !bad, bad);
	return bad;
}
