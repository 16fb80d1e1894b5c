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

/* ---- vmrun.memory/1 ---- */

static struct machine machine;
static struct plugin_host host;
static uint64_t told_gpa, told_length;
static uint32_t told;

static void VR_CALL tell(struct vr_vm *vm, uint64_t gpa, uint64_t length)
{
	(void)vm;
	told++;
	told_gpa = gpa;
	told_length = length;
}

static const struct vr_accel accel = {.size = sizeof(accel), .memory_written = tell};

static void with_memory(void)
{
	machine.accel = &accel;
	machine.ram_mapped = true;
	host.machine = &machine;
	cr_assert_eq(ram_add(&machine.ram, 0x40000000, 0x200000, 0, "ram"), VR_OK);
	cr_assert_eq(ram_add(&machine.ram, 0x80000000, 0x10000, VR_MEM_READONLY, "rom"), VR_OK);
}

static int32_t map(uint64_t gpa, uint64_t length, uint32_t rights, struct vr_mapping *m)
{
	*m = (struct vr_mapping){.size = sizeof(*m)};
	return memory_table.map(&host.host, gpa, length, rights, m);
}

Test(mapping, places_and_rights, .init = with_memory)
{
	struct vr_mapping m;

	cr_assert_eq(map(0x40001000, 0x100, VR_MAP_READ, &m), VR_OK);
	cr_expect_eq(m.bytes, (uint8_t *)ram_pointer(&machine.ram, 0x40001000, 1));
	cr_expect_eq(m.gpa, 0x40001000);
	cr_expect_eq(m.length, 0x100);
	cr_expect_eq(m.rights, VR_MAP_READ);
	cr_expect_eq(map(0x401fffff, 2, VR_MAP_READ, &m), VR_E_RANGE, "past the end");
	cr_expect_eq(map(0x401fffff, UINT64_MAX, VR_MAP_READ, &m), VR_E_RANGE, "wraps");
	cr_expect_eq(map(0x40000000, 0, VR_MAP_READ, &m), VR_E_RANGE, "no byte");
	cr_expect_eq(map(0x80000000, 16, VR_MAP_READ | VR_MAP_WRITE, &m), VR_E_PERM);
	cr_expect_eq(map(0x80000000, 16, VR_MAP_READ, &m), VR_OK);
	cr_expect_eq(map(0x80000000, 16, VR_MAP_WRITE | VR_MAP_LOAD, &m), VR_OK);
}

Test(mapping, what_was_written_is_told, .init = with_memory)
{
	struct vr_mapping m;

	cr_assert_eq(map(0x40001000, 0x100, VR_MAP_WRITE, &m), VR_OK);
	memory_table.written(&host.host, &m, 0, 0);
	cr_expect_eq(told, 0);
	memory_table.written(&host.host, &m, 0x10, 4);
	cr_expect(told == 1 && told_gpa == 0x40001010 && told_length == 4);
	memory_table.written(&host.host, &m, 0xff, 2);
	cr_expect(told == 2 && told_gpa == 0x40001000 && told_length == 0x100, "not its bytes: all of them");
	memory_table.unmap(&host.host, &m, 8, 0xf8);
	cr_expect(told == 3 && told_gpa == 0x40001008 && told_length == 0xf8);
}

Test(mapping, memory_that_is_mapped_stays, .init = with_memory)
{
	struct vr_mapping ram_bytes, rom_bytes;

	cr_assert_eq(map(0x40000000, 1, VR_MAP_WRITE, &ram_bytes), VR_OK);
	cr_assert_eq(map(0x80000000, 1, VR_MAP_READ, &rom_bytes), VR_OK);
	memory_table.unmap(&host.host, &rom_bytes, 0, 0);
	ram_free(&machine.ram);
	*(volatile uint8_t *)ram_bytes.bytes = 1; /* its thread is late */
	cr_expect_eq(ram_bytes.bytes[0], 1);
}

/* The sanitizers end the process themselves. */
#ifndef __SANITIZE_ADDRESS__
Test(mapping, memory_that_is_not_mapped_goes, .init = with_memory, .signal = SIGSEGV)
{
	struct vr_mapping m;

	cr_assert_eq(map(0x40000000, 1, VR_MAP_WRITE, &m), VR_OK);
	memory_table.unmap(&host.host, &m, 0, 0);
	ram_free(&machine.ram);
	*(volatile uint8_t *)m.bytes = 1;
}
#endif

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
