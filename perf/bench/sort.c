/* SPDX-License-Identifier: MIT */
/* sort.c: quicksort of 32-bit integers with the comparison in line, insertion sort below 12. */
#include "bench.h"

#define COUNT 200000u

static void insertion(int32_t *a, int64_t n)
{
	for (int64_t i = 1; i < n; i++) {
		int32_t v = a[i];
		int64_t k = i;

		for (; k && a[k - 1] > v; k--)
			a[k] = a[k - 1];
		a[k] = v;
	}
}

static void quicksort(int32_t *a, int64_t n)
{
	while (n > 12) {
		int32_t lo = a[0], mid = a[n / 2], hi = a[n - 1], pivot, t;
		int64_t i = -1, k = n;

		pivot = lo < mid ? (mid < hi  ? mid
				    : lo < hi ? hi
					      : lo)
				 : (lo < hi    ? lo
				    : mid < hi ? hi
					       : mid);
		for (;;) {
			while (a[++i] < pivot)
				;
			while (a[--k] > pivot)
				;
			if (i >= k)
				break;
			t = a[i];
			a[i] = a[k];
			a[k] = t;
		}
		k++;
		if (k < n - k) {
			quicksort(a, k);
			a += k;
			n -= k;
		} else {
			quicksort(a + k, n - k);
			n = k;
		}
	}
	insertion(a, n);
}

uint64_t bench_sort(uint64_t n)
{
	int32_t *a = bench_memory(COUNT * sizeof(*a));
	uint64_t x = 7, sum = 0;

	bench_start();
	while (n--) {
		for (uint32_t i = 0; i < COUNT; i++)
			a[i] = (int32_t)bench_random(&x);
		quicksort(a, COUNT);
		for (uint32_t i = 1; i < COUNT; i++)
			sum += a[i - 1] > a[i];
		sum = bench_sum(sum, (uint32_t)a[COUNT / 3]);
	}
	bench_stop();
	return sum;
}
