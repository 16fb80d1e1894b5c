/* SPDX-License-Identifier: MIT */
/* page_fault.c: pages touched for the first time, then given back; 8 MiB at a time, no huge pages. */
#include <sys/mman.h>

#include "bench.h"

#define PAGE 4096u
#define PAGES 2048u

uint64_t bench_page_fault(uint64_t n)
{
	uint64_t sum = 0;

	bench_start();
	for (uint64_t i = 0; i < n;) {
		uint8_t *p =
			mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE) < 0)
			bench_fail("page_fault");
		for (uint32_t k = 0; k < PAGES && i < n; k++, i++) {
			sum += p[k * PAGE];
			p[k * PAGE + (i & 4095)] = (uint8_t)(i + 1);
			sum += p[k * PAGE + (i & 4095)];
		}
		munmap(p, PAGES * PAGE);
	}
	bench_stop();
	return sum;
}
