/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vr_fake_host *fake_new(uint64_t ram_base, uint64_t ram_size, uint32_t vcpu_count)
{
	struct vr_fake_host *d = vr_fake_host_new("", vcpu_count, ram_size);

	if (!d || (ram_size && !vr_fake_host_ram(d, ram_base, ram_size, 0)))
		abort();
	d->no_doorbells = 1;
	return d;
}

static void tell_cr8(struct vr_fake_host *d, uint32_t vcpu, const char *id)
{
	uint64_t cr8 = 0;

	if (strcmp(id, VR_STATE_X86_ID) == 0)
		vr_fake_host_access(d, VR_SPACE_SYSREG, vcpu, VR_X86_BUS_CR8, 4, 1, &cr8);
}

struct vr_fake_host *fake_new_pc(uint32_t vcpu_count)
{
	struct vr_fake_host *d = fake_new(0, 0, vcpu_count);

	for (uint32_t i = 0; i < vcpu_count; i++) {
		struct vr_state_x86 *s = fake_x86(d, i);

		s->tsc_khz = 12345;
		s->gpr[VR_X86_RDI] = 99;
		s->efer = 0xd01;
	}
	d->on_state = tell_cr8;
	return d;
}

void fake_free(struct vr_fake_host *d)
{
	for (uint32_t i = 0; vr_fake_host_finding(d, i); i++)
		fprintf(stderr, "fake host: %s\n", vr_fake_host_finding(d, i));
	if (d->mapping_count && !d->lenient)
		fprintf(stderr, "fake host: %u mappings of guest memory were not given back\n",
			d->mapping_count);
	if (d->finding_count || (d->mapping_count && !d->lenient))
		abort();
	vr_fake_host_free(d);
}

void fake_offer(struct vr_fake_host *d, const char *interface_id, const void *table, const char *plugin_id,
		uint32_t flags)
{
	uint32_t i = 0;

	while (i < d->offer_count && (strcmp(d->offer[i].interface_id, interface_id) != 0 ||
				      strcmp(d->offer[i].found.id, plugin_id) != 0))
		i++;
	if (i == d->offer_count && vr_fake_host_offer(d, interface_id, table, NULL, plugin_id) < 0)
		abort();
	d->offer[i].found.table = table;
	d->offer[i].found.id = plugin_id;
	d->offer[i].found.flags = flags;
}

static void bus_access(struct vr_fake_host *d, uint32_t space, uint32_t vcpu, uint64_t address,
		       uint32_t width, uint32_t is_write, uint64_t *value)
{
	if (!vr_fake_host_attached(d, space, address))
		abort();
	vr_fake_host_access(d, space, vcpu, address, width, is_write, value);
}

uint64_t fake_read(struct vr_fake_host *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width)
{
	uint64_t value = 0;

	bus_access(d, space, vcpu, address, width, 0, &value);
	return value;
}

void fake_write(struct vr_fake_host *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
		uint64_t value)
{
	bus_access(d, space, vcpu, address, width, 1, &value);
}

void *fake_ram(struct vr_fake_host *d, uint64_t gpa)
{
	void *p = vr_fake_host_pointer(d, gpa, 1);

	if (!p)
		abort();
	return p;
}
