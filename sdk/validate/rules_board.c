/* SPDX-License-Identifier: MIT */
/* rules_board.c: boards: odd machines, bad images, all of their registers, resets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* A board of the plugin, started, on a host with so many vCPUs and so much RAM. 0 or its error. */
static int32_t make(struct vr_check *c, const struct vr_board_maker *b, uint32_t vcpus, uint64_t ram,
		    const char *arch, struct vr_board **board)
{
	const struct vr_board_config config = {
		.size = sizeof(config), .vcpu_count = vcpus, .ram_size = ram, .arch = arch};

	check_phase(c, "board create with %u vCPUs, 0x%llx bytes of RAM, '%s'", vcpus,
		    (unsigned long long)ram, arch ? arch : "(NULL)");
	*board = NULL;
	return b->create(c->plugin->self, &config, board);
}

static const struct vr_board_maker *board_of(struct vr_check *c)
{
	const struct vr_board_maker *b;

	check_started(c);
	b = check_query(c, VR_BOARD_ID);
	if (!VR_HAS(b, destroy) || !VR_HAS(b, create) || !VR_HAS(b, load) || !VR_HAS(b, reset))
		check_skip(c, "its table is not filled in");
	return b;
}

/* Another host for the same plugin: a board is made once a machine. */
static void anew(struct vr_check *c, uint32_t vcpus, uint64_t ram)
{
	int32_t rc;

	check_given(c, 1);
	if (c->plugin->stop)
		c->plugin->stop(c->plugin->self);
	if (c->plugin->destroy)
		c->plugin->destroy(c->plugin->self);
	vr_fake_host_free(c->d);
	c->d = check_fake_host(c);
	c->d->vcpu_count = vcpus < VR_FAKE_HOST_VCPUS ? vcpus : VR_FAKE_HOST_VCPUS;
	c->d->ram_size = ram;
	rc = c->create(c->d->host, c->target->id, &c->plugin);
	if (rc >= 0 && c->plugin->probe)
		rc = c->plugin->probe(c->plugin->self);
	if (rc >= 0 && c->plugin->start)
		rc = c->plugin->start(c->plugin->self);
	if (rc < 0)
		check_skip(c, "it can't be made a second time: %s", c->d->error_text);
	check_given(c, 0);
}

void check_board_odd(struct vr_check *c)
{
	static const struct {
		uint32_t vcpus;
		uint64_t ram;
	} odd[] = {
		{1, 0},
		{1, 1},
		{1, 4096},
		{1, 65536},
		{1, 65536 + 4096},
		{1, 1ull << 20},
		{0, 64ull << 20},
		{1, 64ull << 20},
		{3, 64ull << 20},
		{8, 100ull << 20},
		{512, 64ull << 20},
		{100000, 64ull << 20},
		{UINT32_MAX, 64ull << 20},
		{1, 1ull << 40},
		{1, UINT64_MAX & ~0xffffull},
		{1, 3ull << 30},
		{2, 5ull << 30},
	};

	board_of(c);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct vr_board_maker *b;
		struct vr_board *board;
		int32_t rc;

		anew(c, odd[i].vcpus, odd[i].ram);
		b = check_query(c, VR_BOARD_ID);
		rc = make(c, b, odd[i].vcpus, odd[i].ram, check_arch(c), &board);
		if (rc < 0) {
			check_refusal(c, c->d, rc, c->report->phase);
			continue;
		}
		CHECK(c, board, "%s returned %d and no board", c->report->phase, rc);
		CHECK(c, odd[i].vcpus && odd[i].ram, "%s is accepted", c->report->phase);
		check_phase(c, "board destroy");
		b->destroy(board);
	}
}

void check_board_arch(struct vr_check *c)
{
	const struct vr_board_maker *b = board_of(c);
	struct vr_board *board;
	int32_t rc;

	CHECK(c, b->arch && strcmp(check_arch_name(b->arch), check_arch(c)) == 0,
	      "its table says that it is a board of '%s', its manifest '%s'", b->arch ? b->arch : "(NULL)",
	      check_arch(c));
	rc = make(c, b, 1, 64ull << 20, "no-such-architecture", &board);
	CHECK(c, rc < 0, "it makes a board for an architecture that it does not know");
	check_refusal(c, c->d, rc, c->report->phase);
}

/* ---- images ---------------------------------------------------------------------------------------- */

static void load(struct vr_check *c, const struct vr_board_maker *b, uint8_t *kernel, uint64_t n,
		 const char *what)
{
	struct vr_boot_payload p = {.size = sizeof(p),
				    .kernel = kernel,
				    .kernel_size = n,
				    .cmdline = "console",
				    .kernel_name = "hostile"};
	int32_t rc;

	vr_fake_host_error_clear(c->d);
	check_phase(c, "board load of %s", what);
	rc = b->load(c->use.board, &p);
	if (rc < 0)
		check_refusal(c, c->d, rc, c->report->phase);
}

/* Random bytes, often with a kernel's magic: so many images, loaded one after another. */
static void load_random(struct vr_check *c, const struct vr_board_maker *b, uint32_t images)
{
	/* The magic numbers of kernels at their places, so that the headers after them are read as well. */
	static const struct {
		uint32_t at, bytes;
		const char *magic;
	} known[] = {
		{0x38, 4, "ARMd"},   {0x38, 4, "RSC\5"},     {0x202, 4, "HdrS"},
		{0, 5, "\177ELF\2"}, {0x1fe, 2, "\x55\xaa"}, {0, 2, "MZ"},
	};
	uint8_t *whole = malloc(0x10000);

	if (!whole)
		check_skip(c, "no memory");
	load(c, b, whole, 0, "no bytes");
	for (uint32_t i = 0; i < images; i++) {
		/* Just as many bytes as it is told, so that a board that reads past them is caught by a guard. */
		uint32_t n = 1 + (uint32_t)(check_random(c) % (i % 3 ? 0x400 : 0x8000));
		uint8_t *image;

		for (uint32_t k = 0; k < n; k++)
			whole[k] = (uint8_t)(check_random(c) >> 9 & (check_random(c) & 1 ? 0xff : 0));
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if ((check_random(c) & 1) && known[k].at + known[k].bytes <= n)
				memcpy(whole + known[k].at, known[k].magic, known[k].bytes);
		image = vr_fake_host_guarded(n);
		if (!image)
			check_skip(c, "no memory");
		memcpy(image, whole, n);
		load(c, b, image, n, "random bytes with a kernel's magic");
		vr_fake_host_guarded_free(image, n);
	}
	free(whole);
}

/* An Image as Linux's Documentation/arch/arm64/booting.rst and riscv/boot-image-header.rst have it; other boards are given it as
 * well, and may refuse. */
static void load_image(struct vr_check *c, const struct vr_board_maker *b)
{
	static uint8_t image[0x1000];
	const bool riscv = strcmp(check_arch(c), "riscv64") == 0;
	const uint64_t offset = riscv ? 0x200000 : 0, size = sizeof(image), flags = riscv ? 0 : 2;

	memcpy(image + 8, &offset, sizeof(offset));
	memcpy(image + 16, &size, sizeof(size));
	memcpy(image + 24, &flags, sizeof(flags));
	memcpy(image + 0x38, riscv ? "RSC\5" : "ARMd", 4);
	load(c, b, image, sizeof(image), "an image");
}

void check_board_load(struct vr_check *c)
{
	load_image(c, c->use.table);
	load_random(c, c->use.table, 60);
}

static const struct vr_board_maker *loader(struct vr_check *c)
{
	check_used(c);
	if (!VR_HAS((const struct vr_board_maker *)c->use.table, load))
		check_skip(c, "its table is not filled in");
	return c->use.table;
}

void check_board_images(struct vr_check *c)
{
	const char *finding;

	load_random(c, loader(c), 600);
	finding = vr_fake_host_finding(c->d, 0);
	CHECK(c, !finding, "%s", finding);
	check_unused(c);
}

void check_board_written(struct vr_check *c)
{
	const struct vr_board_maker *b = loader(c);
	uint64_t untold;

	check_given(c, 1);
	vr_fake_host_watch(c->d);
	load_random(c, b, 600);
	untold = vr_fake_host_watched(c->d);
	check_given(c, 0);
	CHECK(c, !untold, "%s", vr_fake_host_finding(c->d, c->d->finding_count - 1));
	check_unused(c);
	CHECK(c, !c->d->mapping_count, "%u mappings of guest memory are left after the board's destroy",
	      c->d->mapping_count);
}

/* ---- registers --------------------------------------------------------------------------------------------
 */

void check_board_sweep(struct vr_check *c)
{
	check_used(c);
	if (!c->d->bus_count)
		check_skip(c, "it has no registers");
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < c->d->bus_count; i++) {
			const struct vr_fake_host_bus *b = &c->d->bus[i];

			/* CPU registers and ports have no bytes in between. */
			if (b->space == VR_SPACE_MMIO)
				check_sweep(c, b->space, b->base, b->length, pass > 0);
			else
				check_sweep(c, b->space, b->base, b->length < 64 ? b->length : 64, pass > 0);
		}
	for (uint32_t n = 0; n < 40000; n++) {
		const struct vr_fake_host_bus *b = &c->d->bus[check_random(c) % c->d->bus_count];
		uint64_t at = check_random(c) % b->length & (check_random(c) & 1 ? ~0ull : ~3ull);
		uint64_t value = check_random(c) >> check_random(c) % 64;
		uint32_t width = 1u << check_random(c) % 4;

		check_phase(c, "random access %u: %u bytes at 0x%llx of space %u", n, width,
			    (unsigned long long)(b->base + at), b->space);
		vr_fake_host_access(c->d, b->space, 0, b->base + at, width, check_random(c) & 1, &value);
		if (n % 1000 == 0)
			vr_fake_host_advance(c->d, 1000000);
		if (n % 5000 == 0)
			vr_fake_host_type(c->d, 0, "abc");
	}
	check_unused(c);
}

/* All that can be read, in order. */
static uint32_t dump(struct vr_check *c, uint64_t *out, uint32_t most)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->d->bus_count; i++) {
		const struct vr_fake_host_bus *b = &c->d->bus[i];

		for (uint64_t at = 0; at < b->length && at < 0x1000 && n < most && b->space == VR_SPACE_MMIO;
		     at += 4) {
			uint64_t value = 0;

			vr_fake_host_access(c->d, b->space, 0, b->base + at, 4, 0, &value);
			out[n++] = value;
		}
	}
	return n;
}

/* Where the n-th of dump() was. */
static const char *place(struct vr_check *c, uint32_t n)
{
	static char text[80];

	for (uint32_t i = 0; i < c->d->bus_count; i++) {
		const struct vr_fake_host_bus *b = &c->d->bus[i];

		for (uint64_t at = 0; at < b->length && at < 0x1000 && b->space == VR_SPACE_MMIO; at += 4)
			if (!n--) {
				snprintf(text, sizeof(text), "%s + 0x%llx", b->name, (unsigned long long)at);
				return text;
			}
	}
	return "?";
}

#define DUMP 65536u

void check_board_reset(struct vr_check *c)
{
	uint64_t *before = malloc(DUMP * sizeof(*before)), *after = malloc(DUMP * sizeof(*after));
	uint64_t *later = malloc(DUMP * sizeof(*later));
	const struct vr_board_maker *b;
	uint32_t n;

	check_used(c);
	b = c->use.table;
	if (!before || !after || !later || !VR_HAS(b, reset))
		check_skip(c, "its table is not filled in");
	check_phase(c, "board reset");
	b->reset(c->use.board);
	b->reset(c->use.board);
	n = dump(c, before, DUMP);
	vr_fake_host_advance(c->d, 12345678901);
	dump(c, later, DUMP);
	b->reset(c->use.board); /* reads may have changed something as well */
	check_phase(c, "board reset after writes to its registers");
	for (uint32_t i = 0; i < 5000 && c->d->bus_count; i++) {
		const struct vr_fake_host_bus *bus = &c->d->bus[check_random(c) % c->d->bus_count];
		uint64_t value = check_random(c) >> check_random(c) % 64;

		if (bus->space == VR_SPACE_MMIO)
			vr_fake_host_access(c->d, bus->space, 0,
					    bus->base + (check_random(c) % bus->length & ~3ull), 4, 1,
					    &value);
	}
	b->reset(c->use.board);
	dump(c, after, DUMP);
	for (uint32_t i = 0; i < n; i++)
		/* A clock runs on its battery, and what a guest set it to stays. */
		CHECK(c, before[i] == after[i] || before[i] != later[i],
		      "%s reads 0x%llx after a reset, and 0x%llx after the first", place(c, i),
		      (unsigned long long)after[i], (unsigned long long)before[i]);
	check_unused(c);
	free(before);
	free(after);
	free(later);
}

/* ---- pauses ---------------------------------------------------------------------------------------- */

/* All states of the board, one after another, into `out`; how many bytes they are. */
static size_t states(struct vr_check *c, const struct vr_board_maker *b, uint8_t *out, size_t capacity)
{
	size_t n = 0;

	memset(out, 0, capacity);
	for (uint32_t i = 0;; i++) {
		struct vr_board_state s = {.size = sizeof(s)};
		int32_t rc;

		if (b->state_at(c->use.board, i, &s) < 0 || n + s.length > capacity)
			return n;
		check_phase(c, "get_state of %s, index %u", s.id, s.index);
		rc = b->get_state(c->use.board, s.id, s.index, out + n, s.length);
		CHECK(c, rc >= 0, "%s refuses with %s: %s", c->report->phase, check_error_name(rc),
		      c->d->error_text);
		n += (s.length + 7u) & ~7u;
	}
}

#define STATES 0x100000u

void check_board_pause(struct vr_check *c)
{
	uint8_t *first = aligned_alloc(64, STATES), *second = aligned_alloc(64, STATES);
	const struct vr_board_maker *b;
	uint64_t changed;
	size_t n, m;

	check_used(c);
	b = c->use.table;
	if (!first || !second)
		check_skip(c, "no memory");
	CHECK(c, !VR_HAS(b, pause) == !VR_HAS(b, resume), "it has one of pause() and resume(), not both");
	if (!VR_HAS(b, pause) || !VR_HAS(b, state_at) || !VR_HAS(b, get_state))
		check_skip(c, "it has no pause(), or no states");
	check_phase(c, "board pause");
	b->pause(c->use.board);
	vr_fake_host_watch(c->d);
	n = states(c, b, first, STATES);
	m = states(c, b, second, STATES);
	CHECK(c, n == m && memcmp(first, second, n) == 0, "its states change between pause() and resume()");
	changed = vr_fake_host_watched(c->d);
	CHECK(c, !changed, "it changes guest memory between pause() and resume()");
	check_phase(c, "board resume");
	b->resume(c->use.board);
	check_unused(c);
	free(first);
	free(second);
}
