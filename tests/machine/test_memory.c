/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "common/error.h"
#include "machine/parts.h"
#include "util/struct_copy_out.h"

static struct ram ram;

Test(memory, regions_and_pointers)
{
	uint8_t *p;

	cr_assert_eq(ram_add(&ram, 0x40000000, 0x200000, 0, "low"), VR_OK);
	cr_assert_eq(ram_add(&ram, 0x100000000, 0x10000, 0, "high"), VR_OK);
	p = ram_pointer(&ram, 0x40000000, 0x200000);
	cr_assert_not_null(p);
	memset(p, 0x5a, 0x200000);
	cr_assert_eq(ram_pointer(&ram, 0x401fffff, 1), p + 0x1fffff);
	cr_assert_null(ram_pointer(&ram, 0x401fffff, 2), "past the end");
	cr_assert_null(ram_pointer(&ram, 0x40000001, UINT64_MAX), "wraps");
	cr_assert_null(ram_pointer(&ram, 0x3fffffff, 2));
	cr_assert_null(ram_pointer(&ram, UINT64_MAX, 1));
	cr_assert_not_null(ram_pointer(&ram, 0x10000ffff, 1));
	cr_assert_geq(ram_resident(&ram), 0x200000);
	ram_free(&ram);
}

Test(memory, bad_regions)
{
	cr_assert_eq(ram_add(&ram, 0x1000, 0x10000, 0, "x"), VR_E_INVAL);
	cr_assert_eq(ram_add(&ram, 0, 0x1000, 0, "x"), VR_E_INVAL);
	cr_assert_eq(ram_add(&ram, 0, 0, 0, "x"), VR_E_INVAL);
	cr_assert_eq(ram_add(&ram, 0xffffffffffff0000, 0x20000, 0, "x"), VR_E_INVAL);
	cr_assert_eq(ram_add(&ram, 0, 0x20000, 0, "x"), VR_OK);
	cr_assert_eq(ram_add(&ram, 0x10000, 0x10000, 0, "y"), VR_E_EXISTS);
	cr_assert_eq(ram_add(&ram, 0x20000, 0x10000, 0, "y"), VR_OK);
}

/* The sanitizers keep address space of their own. */
#ifndef __SANITIZE_ADDRESS__
Test(memory, out_of_memory_is_an_error)
{
	struct rlimit l = {1ull << 32, 1ull << 32};

	setrlimit(RLIMIT_AS, &l);
	cr_assert_eq(ram_add(&ram, 0, 1ull << 40, 0, "huge"), VR_E_NOMEM);
	cr_assert_not_null(strstr(vr_error_text(VR_E_NOMEM), "less memory"));
}

Test(memory, guard_before, .signal = SIGSEGV)
{
	ram_add(&ram, 0, 0x10000, 0, "r");
	((volatile uint8_t *)ram_pointer(&ram, 0, 1))[-1] = 1;
}

Test(memory, guard_behind, .signal = SIGSEGV)
{
	ram_add(&ram, 0, 0x10000, 0, "r");
	((volatile uint8_t *)ram_pointer(&ram, 0, 1))[0x10000] = 1;
}
#endif

/* ---- structs that are filled for an asker of another age ---- */
struct grown {
	uint32_t size, a;
	uint64_t b; /* since a later minor */
};
#define OLDEST STRUCT_END_OF(struct grown, a)

static void given(uint32_t room, uint32_t expected)
{
	const struct grown in = {sizeof(in), 7, 8};
	struct grown out = {room, 0, 77};

	struct_copy_out(&out, &in, sizeof(in), OLDEST);
	cr_expect_eq(out.size, expected, "room %u", room);
	cr_expect_eq(out.a, 7);
	cr_expect_eq(out.b, expected > OLDEST ? 8 : 77, "room %u", room);
}

Test(memory, structs_of_another_age)
{
	given(sizeof(struct grown), sizeof(struct grown));
	given(OLDEST, OLDEST);
	given(sizeof(struct grown) + 24, sizeof(struct grown)); /* the asker is newer */
	given(0, OLDEST);                                       /* never set */
	given(0xdeadbeef, OLDEST);
}

static void code_is_shared(void)
{
	struct vr_code_memory c;

	cr_assert_eq(codecache_table.create(NULL, 1 << 20, &c), VR_OK);
	codecache_table.begin_write(NULL, &c);
	memcpy(c.write + 4096, "code", 4);
	codecache_table.end_write(NULL, &c, 4096, 4);
	cr_assert_arr_eq(c.execute + 4096, "code", 4);
	cr_assert_geq(c.length, 1 << 20);
	codecache_table.destroy(NULL, &c);
}

Test(memory, code_cache)
{
	struct vr_code_memory c;

	code_is_shared();
	setenv("VMRUN_CODECACHE", "single", 1);
	code_is_shared();
	cr_assert_eq(codecache_table.create(NULL, 0, &c), VR_E_INVAL);
	cr_assert_eq(codecache_table.create(NULL, UINT64_MAX, &c), VR_E_INVAL);
}
