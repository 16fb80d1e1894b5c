/* SPDX-License-Identifier: MIT */
#include "random_pc.h"

#include <string.h>

uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t *seed, uint64_t n)
{
	return random_next(seed) % n;
}

static void pic(struct vr_state_x86_pic *s, uint64_t *seed)
{
	for (uint32_t i = 0; i < 2; i++) {
		static const uint8_t expect[4] = {0, 2, 3, 4};
		struct vr_x86_pic_chip *c = &s->chip[i];
		uint8_t mine = i ? 0xff : 0xfb, level;

		c->irr = (uint8_t)(random_next(seed) & mine);
		c->isr = (uint8_t)random_next(seed);
		c->imr = (uint8_t)random_next(seed);
		c->input = (uint8_t)(random_next(seed) & mine);
		c->elcr = (uint8_t)(random_next(seed) & (i ? 0xde : 0xf8));
		c->icw1 = (uint8_t)random_next(seed);
		c->icw2 = random_next(seed) & 0xf8;
		c->icw4 = (uint8_t)random_next(seed);
		c->expect = expect[below(seed, 4)];
		c->lowest = (uint8_t)below(seed, 8);
		c->read_isr = random_next(seed) & 1;
		c->poll = random_next(seed) & 1;
		c->special_mask = random_next(seed) & 1;
		c->rotate_auto = random_next(seed) & 1;
		level = c->icw1 & 8 ? mine : c->elcr;
		c->irr = (uint8_t)((c->irr & ~level) | (c->input & level));
	}
}

static void ioapic(struct vr_state_x86_ioapic *s, uint64_t *seed)
{
	s->id = (uint32_t)below(seed, 16);
	s->select = (uint32_t)below(seed, 256);
	s->input = random_next(seed) & 0xffffff;
	for (uint32_t i = 0; i < VR_X86_IOAPIC_PINS; i++) {
		s->redirection[i] = random_next(seed) & 0xff0000000001efff;
		if (!(s->redirection[i] >> 15 & 1)) /* remote IRR is of level-triggered ones */
			s->redirection[i] &= ~(1ull << 14);
	}
}

static void lapic(struct vr_state_x86_lapic *s, uint32_t index, uint64_t now, uint64_t *seed)
{
	static const uint32_t mask[VR_X86_LVTS] = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};
	uint32_t mode = (uint32_t)below(seed, 3), x2apic = mode == 2;
	uint64_t period;

	s->id = x2apic ? index : (uint32_t)below(seed, 256);
	s->apic_base = 0xfee00000 | (index ? 0 : 0x100) | (mode ? 0x800 : 0) | (x2apic ? 0x400 : 0);
	s->tpr = random_next(seed) & 0xff;
	s->ldr = x2apic ? (index >> 4) << 16 | 1u << (index & 15) : (uint32_t)random_next(seed) & 0xff000000;
	s->dfr = (uint32_t)random_next(seed) | 0x0fffffff;
	s->svr = random_next(seed) & 0x3ff;
	s->esr = random_next(seed) & 0xff;
	s->esr_pending = random_next(seed) & 0xff;
	s->icr[0] = random_next(seed) & 0xccfff;
	s->icr[1] = (uint32_t)random_next(seed) & (x2apic ? 0xffffffff : 0xff000000);
	for (uint32_t i = 0; i < VR_X86_LVTS; i++)
		s->lvt[i] = (uint32_t)random_next(seed) & mask[i];
	for (uint32_t i = 0; i < 8; i++) {
		s->isr[i] = (uint32_t)random_next(seed) & (i ? ~0u : 0xffff0000);
		s->tmr[i] = (uint32_t)random_next(seed) & (i ? ~0u : 0xffff0000);
		s->irr[i] = (uint32_t)random_next(seed) & (i ? ~0u : 0xffff0000);
	}
	s->external = random_next(seed) & 1;
	s->startup = index ? (uint32_t)below(seed, 3) : VR_X86_STARTUP_RUNS;
	s->sipi_vector = random_next(seed) & 0xff;
	s->timer_divide = random_next(seed) & 0xb;
	s->timer_initial = below(seed, 4) ? (uint32_t)random_next(seed) : 0;
	s->timer_start = now - below(seed, 1000000000);
	period = (uint64_t)s->timer_initial << (((s->timer_divide & 3) + (s->timer_divide >> 1 & 4) + 1) & 7);
	s->timer_deadline = VR_STATE_NO_DEADLINE;
	if (s->timer_initial && s->lvt[VR_X86_LVT_TIMER] >> 17 < 2 && (random_next(seed) & 1))
		s->timer_deadline = now + 1 + below(seed, period < 50000 ? 50000 : period);
}

static void pit(struct vr_state_x86_pit *s, uint64_t now, uint64_t *seed)
{
	for (uint32_t i = 0; i < 3; i++) {
		struct vr_x86_pit_channel *c = &s->channel[i];

		c->mode = (uint8_t)below(seed, 6);
		c->bcd = random_next(seed) & 1;
		c->count = (uint32_t)below(seed, c->bcd ? 9999 : 65535) + 2;
		c->start = now - below(seed, 1000000000);
		c->held = i == 2 ? below(seed, 1000000) : 0;
		c->latch = (uint16_t)random_next(seed);
		c->rw = (uint8_t)(1 + below(seed, 3));
		c->gate = i == 2 ? random_next(seed) & 1 : 1;
		c->loaded = random_next(seed) & 1;
		c->latched = random_next(seed) & 1;
		c->status_latched = random_next(seed) & 1;
		c->status = (uint8_t)random_next(seed);
		c->read_high = random_next(seed) & 1;
		c->write_high = random_next(seed) & 1;
		c->write_low = (uint8_t)random_next(seed);
	}
	s->line = random_next(seed) & 1;
	s->speaker = random_next(seed) & 1;
	s->deadline = VR_STATE_NO_DEADLINE;
	if (s->channel[0].loaded && (random_next(seed) & 1))
		s->deadline = now + 1 + below(seed, 50000000);
}

static void cmos(struct vr_state_x86_cmos *s, uint64_t now, uint64_t *seed)
{
	s->index = random_next(seed) & 127;
	s->flags = random_next(seed) & 0xf0;
	s->offset = (int64_t)below(seed, 4000000000) - 2000000000;
	s->alarm_seen = (int64_t)below(seed, 1ull << 34);
	s->update_seen = (int64_t)below(seed, 1ull << 34);
	s->periodic_from = now - below(seed, 1000000000);
	for (uint32_t i = 0; i < sizeof(s->ram); i++)
		s->ram[i] = (uint8_t)random_next(seed);
	s->ram[0x0a] &= 0x7f;
	s->ram[0x0c] = s->ram[0x0d] = 0;
}

static void acpi_pm(struct vr_state_x86_acpi_pm *s, uint64_t *seed)
{
	s->status = random_next(seed) & 0xc731;
	s->enable = random_next(seed) & 0x0721;
	s->control = random_next(seed) & 0x1c06;
}

static void pci(struct vr_state_x86_pci *s, uint64_t *seed)
{
	s->address = random_next(seed) & 0x80fffffc;
}

static void i8042(struct vr_state_x86_i8042 *s, uint64_t *seed)
{
	static const uint8_t command[4] = {0, 0x60, 0xd1, 0xd4};

	s->command = command[below(seed, 4)];
	s->output = (uint8_t)random_next(seed);
	s->full = random_next(seed) & 1;
	s->config = (uint8_t)random_next(seed);
	s->port92 = (uint8_t)random_next(seed);
	s->control = random_next(seed) & 0x0e;
}

#define MAKE(name, ...)                                             \
	do {                                                        \
		struct vr_state_x86_##name s = {.size = sizeof(s)}; \
		name(&s, __VA_ARGS__);                              \
		memcpy(state, &s, sizeof(s));                       \
	} while (0)

void random_pc(const char *id, uint32_t index, uint64_t now, uint64_t *seed, void *state)
{
	if (strcmp(id, VR_STATE_X86_PIC_ID) == 0)
		MAKE(pic, seed);
	else if (strcmp(id, VR_STATE_X86_IOAPIC_ID) == 0)
		MAKE(ioapic, seed);
	else if (strcmp(id, VR_STATE_X86_LAPIC_ID) == 0)
		MAKE(lapic, index, now, seed);
	else if (strcmp(id, VR_STATE_X86_PIT_ID) == 0)
		MAKE(pit, now, seed);
	else if (strcmp(id, VR_STATE_X86_CMOS_ID) == 0)
		MAKE(cmos, now, seed);
	else if (strcmp(id, VR_STATE_X86_ACPI_PM_ID) == 0)
		MAKE(acpi_pm, seed);
	else if (strcmp(id, VR_STATE_X86_PCI_ID) == 0)
		MAKE(pci, seed);
	else
		MAKE(i8042, seed);
}
