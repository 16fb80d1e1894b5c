/* SPDX-License-Identifier: MIT */
/*
 * rules_device.c: devices: their types, what they answer at their registers, and guests that mean harm.
 *
 * The guest's RAM lies between pages that can't be touched, so a device that follows a bad address ends
 * there. What a guest can do to virtio devices by their rings is in rules_chains.c.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define RAM_BASE 0x40000000ull

static uint64_t read_at(struct vr_check *c, uint32_t space, uint64_t address, uint32_t width)
{
	uint64_t value = 0;

	vr_fake_host_access(c->d, space, 0, address, width, 0, &value);
	return value;
}

static void write_at(struct vr_check *c, uint32_t space, uint64_t address, uint32_t width, uint64_t value)
{
	vr_fake_host_access(c->d, space, 0, address, width, 1, &value);
}

/* ---- types -------------------------------------------------------------------------------------------- */

static void no_such_type(struct vr_check *c, const struct vr_device_maker *m, const char *type)
{
	struct check_place place;
	struct vr_device *device = NULL;
	int32_t rc;

	vr_fake_host_error_clear(c->d);
	check_place_device(c, m, type, 15, &place);
	check_phase(c, "device create of \"%s\"", type);
	rc = m->create(c->plugin->self, &place.config, &device);
	CHECK(c, rc < 0, "it makes a device of type \"%s\"", type);
	check_refusal(c, c->d, rc, c->report->phase);
}

void check_device_types(struct vr_check *c)
{
	const struct vr_device_maker *m;
	char type[80];

	check_started(c);
	m = check_query(c, VR_DEVICE_ID);
	if (!VR_HAS(m, create) || !VR_HAS(m, types))
		check_skip(c, "its table is not filled in");
	CHECK(c,
	      m->types[0] && m->types[0] != ',' && !strstr(m->types, ",,") && !strchr(m->types, ' ') &&
		      m->types[strlen(m->types) - 1] != ',',
	      "types is \"%s\": names with a comma between them", m->types);
	no_such_type(c, m, "no-such-device");
	no_such_type(c, m, "");
	snprintf(type, sizeof(type), "%.*sx", (int)strcspn(m->types, ","), m->types);
	no_such_type(c, m, type);
}

static bool answers(const struct vr_check *c, uint64_t base)
{
	for (uint32_t k = 0; k < c->d->bus_count; k++)
		if (c->d->bus[k].space == VR_SPACE_MMIO && c->d->bus[k].base <= base &&
		    base - c->d->bus[k].base < c->d->bus[k].length)
			return true;
	return false;
}

void check_device_place(struct vr_check *c)
{
	check_used(c);
	if (!c->use.table)
		check_skip(c, "it has no " VR_DEVICE_ID);
	for (uint32_t i = 0; i < c->use.count; i++)
		for (uint32_t k = 0; k < c->use.place[i].config.window_count; k++)
			CHECK(c, answers(c, c->use.place[i].base[k]),
			      "its device %u does not answer at the base of window %u", i, k);
	check_unused(c);
}

/* ---- registers --------------------------------------------------------------------------------------------
 */

#define SWEEP 0x1000u /* bytes of a window that are swept, at its beginning and at its end */

void check_sweep(struct vr_check *c, uint32_t space, uint64_t base, uint64_t length, bool writes)
{
	static const uint32_t widths[] = {1, 2, 4, 8};

	for (uint64_t at = 0; at < length; at++) {
		if (at == SWEEP && length > 2 * SWEEP)
			at = length - SWEEP;
		for (uint32_t w = 0; w < 4; w++) {
			check_phase(c, "a read of %u bytes at 0x%llx", widths[w],
				    (unsigned long long)(base + at));
			read_at(c, space, base + at, widths[w]);
			if (!writes)
				continue;
			check_phase(c, "a write of %u bytes at 0x%llx", widths[w],
				    (unsigned long long)(base + at));
			write_at(c, space, base + at, widths[w], check_random(c));
		}
	}
}

void check_device_sweep(struct vr_check *c)
{
	check_used(c);
	if (!c->d->bus_count)
		check_skip(c, "it has no device with registers");
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < c->d->bus_count; i++)
			check_sweep(c, c->d->bus[i].space, c->d->bus[i].base, c->d->bus[i].length, pass > 0);
	for (uint32_t n = 0; n < 20000; n++) {
		const struct vr_fake_host_bus *b = &c->d->bus[check_random(c) % c->d->bus_count];
		uint64_t at = check_random(c) % b->length & (check_random(c) & 1 ? ~0ull : ~3ull);
		uint32_t width = 1u << check_random(c) % 4;

		check_phase(c, "random access %u: %u bytes at 0x%llx", n, width,
			    (unsigned long long)(b->base + at));
		if (check_random(c) & 1)
			write_at(c, b->space, b->base + at, width, check_random(c) >> check_random(c) % 64);
		else
			read_at(c, b->space, b->base + at, width);
	}
	check_unused(c);
}

/* Each register in turn is given an address in RAM, in halves and as a whole: a device that transfers data by itself
 * takes one of them for its own. */
void check_device_written(struct vr_check *c)
{
	uint64_t untold;

	check_used(c);
	if (!c->use.table || !c->d->bus_count)
		check_skip(c, "it has no " VR_DEVICE_ID " with registers");
	vr_fake_host_watch(c->d);
	for (uint32_t i = 0; i < c->d->bus_count; i++) {
		const struct vr_fake_host_bus *b = &c->d->bus[i];

		for (uint64_t at = 0; at < b->length && at < SWEEP; at += 4) {
			check_phase(c, "the address of RAM, written to 0x%llx",
				    (unsigned long long)(b->base + at));
			write_at(c, b->space, b->base + at, 4, RAM_BASE + 0x3000);
			if (at % 8 == 0)
				write_at(c, b->space, b->base + at, 8, RAM_BASE + 0x5000);
		}
	}
	check_unused(c);
	untold = vr_fake_host_watched(c->d);
	CHECK(c, !untold, "%s", vr_fake_host_finding(c->d, c->d->finding_count - 1));
}

static uint64_t dump(struct vr_check *c, const struct vr_fake_host_bus *b, uint64_t *out, uint32_t most)
{
	uint32_t n = 0;

	for (uint64_t at = 0; at < b->length && n < most; at += 4)
		out[n++] = read_at(c, b->space, b->base + at, 4);
	return n;
}

static uint32_t devices(const struct vr_check *c)
{
	return c->use.count + c->use.virtio_count;
}

static void reset(struct vr_check *c, uint32_t i)
{
	const struct vr_device_maker *m = c->use.table;

	if (i >= c->use.count)
		vr_virtio_mmio_reset(c->use.virtio[i - c->use.count]);
	else
		m->reset(c->use.device[i]);
}

/* The window of device i at `base`. */
static void reset_window(struct vr_check *c, uint32_t i, uint64_t base)
{
	static uint64_t before[1024], after[1024];
	const struct vr_fake_host_bus *b = &c->d->bus[0];
	uint64_t n;

	while (b < c->d->bus + c->d->bus_count && b->base != base)
		b++;
	if (b == c->d->bus + c->d->bus_count)
		return;
	check_phase(c, "reset of device %u", i);
	reset(c, i); /* twice is once */
	reset(c, i);
	n = dump(c, b, before, 1024);
	for (uint32_t k = 0; k < 200; k++)
		write_at(c, b->space, base + (check_random(c) % b->length & ~3ull), 4,
			 check_random(c) >> check_random(c) % 64);
	reset(c, i);
	dump(c, b, after, 1024);
	for (uint64_t k = 0; k < n; k++)
		CHECK(c, before[k] == after[k],
		      "register 0x%llx of device %u (%s) reads 0x%llx after a reset, at first 0x%llx",
		      (unsigned long long)(4 * k), i, b->name, (unsigned long long)after[k],
		      (unsigned long long)before[k]);
}

void check_device_reset(struct vr_check *c)
{
	const struct vr_device_maker *m;

	check_used(c);
	m = c->use.table;
	if (m && !VR_HAS(m, reset))
		check_skip(c, "its table is not filled in");
	for (uint32_t i = 0; i < devices(c); i++)
		for (uint32_t k = 0; k < VR_DEVICE_WINDOWS_MAX; k++)
			reset_window(c, i, CHECK_DEVICE_WINDOW(i, k));
	check_unused(c);
}
