/* SPDX-License-Identifier: MIT */
/* Over firmware in M-mode: its memory is not ours, to read, to write or to execute, in S-mode or in U-mode.
 */
#include "guest.h"

#include "arch.h"

#define FIRMWARE 0x80000000ull /* where the board puts it */
#define FETCH_ACCESS 1
#define LOAD_ACCESS 5
#define STORE_ACCESS 7

static uint64_t address;

static void reads(void)
{
	(void)*(volatile uint64_t *)address;
}

static void writes(void)
{
	*(volatile uint8_t *)address = 0;
}

static void runs(void)
{
	((void (*)(void))address)();
}

static void refused(const char *name, void (*how)(void), uint64_t cause)
{
	arch_try(how);
	SAME(name, runtime_trap.code, cause);
	SAME(name, runtime_trap.address, address);
}

int guest_main(void)
{
	static const uint64_t places[] = {FIRMWARE, FIRMWARE + 0x1000, FIRMWARE + 0x40000};

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		address = places[i];
		refused("firmware-load", reads, LOAD_ACCESS);
		refused("firmware-store", writes, STORE_ACCESS);
		refused("firmware-fetch", runs, FETCH_ACCESS);
	}
	/* It lives: it answers, and what is beyond it is ours. */
	CHECK(arch_sbi(0x10, 0, 0, 0, 0) == 0, "firmware-answers");
	address = (uintptr_t)&address;
	SAME("firmware-not-ours", arch_try(reads), TRAP_NONE);
	return 0;
}
