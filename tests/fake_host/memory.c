/* SPDX-License-Identifier: MIT */
/* memory.c: what the fake host finds of wrong use of vmrun.memory/1. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "fake.h"

#define RAM 0x40000000ull
#define BYTES 0x20000ull
#define ROM 0x80000000ull

static struct vr_fake_host *f;
static const struct vr_host_memory *memory;

static void begin(void)
{
	f = vr_fake_host_new("arm64", 1, BYTES);
	cr_assert_not_null(f);
	cr_assert_not_null(vr_fake_host_ram(f, RAM, BYTES, 0));
	cr_assert_not_null(vr_fake_host_ram(f, ROM, BYTES, VR_MEM_READONLY));
	memory = f->host->query(f->host, VR_MEMORY_ID);
}

static void end(void)
{
	vr_fake_host_free(f);
}

static struct vr_mapping map(uint64_t gpa, uint64_t length, uint32_t rights)
{
	struct vr_mapping m = {.size = sizeof(m)};

	cr_assert_eq(memory->map(f->host, gpa, length, rights, &m), VR_OK);
	return m;
}

static void finds(const char *what)
{
	const char *finding = vr_fake_host_finding(f, 0);

	cr_assert_not_null(finding, "not found: %s", what);
	cr_expect(strstr(finding, what), "'%s' does not say '%s'", finding, what);
}

TestSuite(fake_memory, .init = begin, .fini = end);

Test(fake_memory, good_use)
{
	struct vr_mapping m = map(RAM + 0x1000, 0x100, VR_MAP_READ | VR_MAP_WRITE), n;

	vr_fake_host_watch(f);
	memcpy(m.bytes, "text", 4);
	memory->written(f->host, &m, 0, 4);
	n = map(RAM + 0x1080, 0x1000, VR_MAP_READ); /* a page more, and one that both have */
	cr_expect_eq(n.bytes, m.bytes + 0x80);
	m.bytes[0x90] = 7;
	cr_expect_eq(n.bytes[0x10], 7);
	memory->unmap(f->host, &n, 0, 0);
	m.bytes[0xff] = 8;
	memory->unmap(f->host, &m, 0x90, 0x70);
	cr_expect_eq(vr_fake_host_watched(f), 0);
	cr_expect_eq(f->written, 0x74);
	cr_expect_eq(f->mapping_count, 0);
	cr_expect_arr_eq((char *)vr_fake_host_pointer(f, RAM + 0x1000, 4), "text", 4);
	cr_expect_null(vr_fake_host_finding(f, 0));
}

Test(fake_memory, bytes_that_were_not_told)
{
	struct vr_mapping m = map(RAM, BYTES, VR_MAP_WRITE);

	memset(vr_fake_host_pointer(f, RAM, 64), 1, 64); /* before: the test's */
	vr_fake_host_watch(f);
	memset(m.bytes + 16, 2, 16);
	m.bytes[0x10000] = 1;
	memory->unmap(f->host, &m, 16, 15);
	cr_expect_eq(vr_fake_host_watched(f), 2);
	finds("2 bytes of guest memory, from 0x4000001f on");
}

Test(fake_memory, left_mapped)
{
	map(RAM, 1, VR_MAP_READ);
	cr_expect_eq(f->mapping_count, 1);
}

Test(fake_memory, unmapped_twice)
{
	struct vr_mapping m = map(RAM, 16, VR_MAP_READ);

	memory->unmap(f->host, &m, 0, 0);
	memory->unmap(f->host, &m, 0, 0);
	finds("memory.unmap was given a mapping that there is not");
}

Test(fake_memory, told_of_one_that_is_gone)
{
	struct vr_mapping m = map(RAM, 16, VR_MAP_WRITE);

	memory->unmap(f->host, &m, 0, 0);
	memory->written(f->host, &m, 0, 1);
	finds("memory.written was given a mapping that there is not");
}

Test(fake_memory, told_outside)
{
	struct vr_mapping m = map(RAM, 16, VR_MAP_WRITE);

	memory->written(f->host, &m, 8, 9);
	finds("0x9 bytes at 0x8 of a mapping of 0x10");
}

Test(fake_memory, told_without_the_right)
{
	struct vr_mapping m = map(RAM, 16, VR_MAP_READ);

	memory->written(f->host, &m, 0, 1);
	finds("without VR_MAP_WRITE");
}

Test(fake_memory, no_size)
{
	struct vr_mapping m = {0};

	cr_expect_eq(memory->map(f->host, RAM, 1, VR_MAP_READ, &m), VR_E_INVAL);
	finds("without its size");
}

Test(fake_memory, refusals_are_as_the_core_has_them)
{
	struct vr_mapping m = {.size = sizeof(m)};

	cr_expect_eq(memory->map(f->host, RAM + BYTES - 1, 2, VR_MAP_READ, &m), VR_E_RANGE);
	cr_expect_eq(memory->map(f->host, RAM, 0, VR_MAP_READ, &m), VR_E_RANGE);
	cr_expect_eq(memory->map(f->host, ROM, 1, VR_MAP_WRITE, &m), VR_E_PERM);
	cr_expect_eq(memory->map(f->host, ROM, 1, VR_MAP_WRITE | VR_MAP_LOAD, &m), VR_OK);
	cr_expect_null(vr_fake_host_finding(f, 0));
}

/* The sanitizers end the process themselves. */
#ifndef __SANITIZE_ADDRESS__
Test(fake_memory, used_after_unmap, .signal = SIGSEGV)
{
	struct vr_mapping m = map(RAM, 16, VR_MAP_READ | VR_MAP_WRITE);

	memory->unmap(f->host, &m, 0, 0);
	(void)*(volatile uint8_t *)m.bytes;
}

Test(fake_memory, written_without_the_right, .signal = SIGSEGV)
{
	struct vr_mapping m = map(RAM, 16, VR_MAP_READ);

	*(volatile uint8_t *)m.bytes = 1;
}
#endif
