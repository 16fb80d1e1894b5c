/* SPDX-License-Identifier: MIT */
/* state_pc.c: what the states of a PC may be: after the checks no count is zero that something is divided by.
 */
#include "state_pc.h"

#include <inttypes.h>

#include "state_check.h"

#define SECOND 1000000000ull
#define SECONDS_MAX (INT64_C(1) << 40) /* of a clock with four-digit years, and more */

#define LAPIC_X2APIC (1ull << 10)
#define LAPIC_ENABLE (1ull << 11)
#define LVT_MODE(v) ((v) >> 17 & 3)
#define TIMER_SLACK 50000u /* ns: very short periods are stretched to this */

#define RED_REMOTE_IRR (1ull << 14)
#define RED_LEVEL (1ull << 15)

uint64_t vr_state_pit_ticks(uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * VR_X86_PIT_HZ / SECOND);
}

uint64_t vr_state_pit_ns(uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * SECOND + VR_X86_PIT_HZ - 1) / VR_X86_PIT_HZ);
}

uint32_t vr_state_lapic_divisor(uint32_t timer_divide)
{
	uint32_t code = (timer_divide & 3) | (timer_divide >> 1 & 4);

	return 1u << ((code + 1) & 7);
}

/* ---- one member to another ------------------------------------------------------------------------- */

static int32_t check_pic(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_x86_pic *s = state;

	for (uint32_t i = 0; i < 2; i++) {
		const struct vr_x86_pic_chip *p = &s->chip[i];
		/* ICW1's LTIM makes all inputs level-triggered. */
		uint32_t level = p->icw1 & 8 ? (i ? 0xffu : 0xfbu) : p->elcr;
		uint32_t fixed = i ? 0x21 : 0x07, cascade = i ? 0 : 0x04;

		if (p->elcr & fixed)
			return vr_state_bad(
				c, "chip[%u].elcr is 0x%02x: inputs 0x%02x are never level-triggered", i,
				p->elcr, fixed);
		if ((p->irr ^ p->input) & level)
			return vr_state_bad(
				c, "chip[%u].irr is 0x%02x: its level-triggered inputs (0x%02x) are 0x%02x",
				i, p->irr, level, p->input & level);
		if ((p->irr | p->input) & cascade)
			return vr_state_bad(c, "chip[%u].irr or input has bit 2, the slave's", i);
		if (p->expect == 1)
			return vr_state_bad(c, "chip[%u].expect is 1: ICW1 is not waited for", i);
	}
	return VR_OK;
}

static int32_t check_ioapic(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_x86_ioapic *s = state;

	for (uint32_t i = 0; i < VR_X86_IOAPIC_PINS; i++)
		if ((s->redirection[i] & RED_REMOTE_IRR) && !(s->redirection[i] & RED_LEVEL))
			return vr_state_bad(
				c, "redirection[%u] is 0x%" PRIx64 ": remote IRR, but not level-triggered", i,
				s->redirection[i]);
	return VR_OK;
}

static int32_t check_lapic(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_x86_lapic *s = state;
	uint32_t x2apic = !!(s->apic_base & LAPIC_X2APIC), counts = LVT_MODE(s->lvt[VR_X86_LVT_TIMER]) < 2;
	uint64_t period = (uint64_t)s->timer_initial * vr_state_lapic_divisor(s->timer_divide);

	if (x2apic && !(s->apic_base & LAPIC_ENABLE))
		return vr_state_bad(c, "apic_base is 0x%" PRIx64 ": x2APIC mode, but switched off",
				    s->apic_base);
	if (!x2apic && s->id > 0xff)
		return vr_state_bad(c, "id is 0x%x: eight bits without x2APIC mode", s->id);
	if (!x2apic && ((s->ldr | s->icr[1]) & 0xffffff))
		return vr_state_bad(c, "ldr (0x%08x) or icr[1] (0x%08x) has bits of x2APIC mode", s->ldr,
				    s->icr[1]);
	if (x2apic && s->ldr != ((s->id >> 4) << 16 | 1u << (s->id & 15)))
		return vr_state_bad(c, "ldr is 0x%08x, which does not follow from id 0x%x (11.12.10.2)",
				    s->ldr, s->id);
	if (~s->dfr & 0x0fffffff)
		return vr_state_bad(c, "dfr is 0x%08x: bits 27:0 are ones", s->dfr);
	if ((s->isr[0] | s->irr[0] | s->tmr[0]) & 0xffff)
		return vr_state_bad(c, "isr, tmr or irr has a vector below 16");
	if (s->timer_deadline == VR_STATE_NO_DEADLINE)
		return VR_OK;
	if (!counts || !s->timer_initial)
		return vr_state_bad(c, "timer_deadline is %" PRIu64 ", but the timer does not count",
				    s->timer_deadline);
	if (period < TIMER_SLACK)
		period = TIMER_SLACK;
	if (s->timer_deadline > c->now && s->timer_deadline - c->now > period)
		return vr_state_bad(c,
				    "timer_deadline is %" PRIu64 " ns, later than one period (%" PRIu64
				    " ns) from now (%" PRIu64 " ns)",
				    s->timer_deadline, period, c->now);
	return VR_OK;
}

static int32_t check_pit(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_x86_pit *s = state;

	for (uint32_t i = 0; i < 3; i++) {
		const struct vr_x86_pit_channel *p = &s->channel[i];

		if (!p->count)
			return vr_state_bad(c, "channel[%u].count is 0", i);
		if (!p->rw)
			return vr_state_bad(c, "channel[%u].rw is 0", i);
		if (p->start > c->now)
			return vr_state_bad(
				c, "channel[%u].start is %" PRIu64 " ns, later than now (%" PRIu64 " ns)", i,
				p->start, c->now);
		if (p->held > vr_state_pit_ticks(c->now))
			return vr_state_bad(c, "channel[%u].held is %" PRIu64 " ticks: guest time is younger",
					    i, p->held);
		if (i < 2 && (!p->gate || p->held))
			return vr_state_bad(c, "channel[%u].gate: it is always open", i);
	}
	if (s->deadline == VR_STATE_NO_DEADLINE)
		return VR_OK;
	if (!s->channel[0].loaded)
		return vr_state_bad(c, "deadline is %" PRIu64 ", but channel[0].loaded is 0", s->deadline);
	if (s->deadline > c->now && s->deadline - c->now > vr_state_pit_ns(65537))
		return vr_state_bad(c,
				    "deadline is %" PRIu64
				    " ns, later than the longest period from now (%" PRIu64 " ns)",
				    s->deadline, c->now);
	return VR_OK;
}

static int32_t check_cmos(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_x86_cmos *s = state;
	const struct {
		const char *name;
		int64_t value;
	} seconds[] = {
		{"offset", s->offset},
		{"alarm_seen", s->alarm_seen},
		{"update_seen", s->update_seen},
	};

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		if (seconds[i].value > SECONDS_MAX || seconds[i].value < -SECONDS_MAX)
			return vr_state_bad(c, "%s is %" PRId64 " s: no such year", seconds[i].name,
					    seconds[i].value);
	if (s->periodic_from > c->now)
		return vr_state_bad(c, "periodic_from is %" PRIu64 " ns, later than now (%" PRIu64 " ns)",
				    s->periodic_from, c->now);
	if ((s->ram[0x0a] & 0x80) || s->ram[0x0c] || s->ram[0x0d])
		return vr_state_bad(
			c, "ram[10] has bit 7 (UIP), or ram[12] or ram[13] is not zero: those are computed");
	return VR_OK;
}

static int32_t check_i8042(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_x86_i8042 *s = state;

	if (s->command && s->command != 0x60 && s->command != 0xd1 && s->command != 0xd4)
		return vr_state_bad(c, "command is 0x%02x: no command with a data byte (0x60, 0xd1, 0xd4)",
				    s->command);
	return VR_OK;
}

/* ---- members by themselves -------------------------------------------------------------------------- */

#define P(member, mask, most) VR_STATE_ARRAY(vr_state_x86_pic, chip, .member, mask, most)
static const struct vr_state_member pic[] = {
	P(icw1, 0xff, VR_STATE_ANY),      P(icw4, 0xff, VR_STATE_ANY),     P(expect, VR_STATE_ANY, 4),
	P(lowest, VR_STATE_ANY, 7),       P(read_isr, VR_STATE_ANY, 1),    P(poll, VR_STATE_ANY, 1),
	P(special_mask, VR_STATE_ANY, 1), P(rotate_auto, VR_STATE_ANY, 1), P(icw2, 0xf8, VR_STATE_ANY),
};

static const struct vr_state_member ioapic[] = {
	VR_STATE_MEMBER(vr_state_x86_ioapic, id, VR_STATE_ANY, 15),
	VR_STATE_MEMBER(vr_state_x86_ioapic, select, VR_STATE_ANY, 255),
	VR_STATE_MEMBER(vr_state_x86_ioapic, input, 0xffffff, VR_STATE_ANY),
	VR_STATE_ARRAY(vr_state_x86_ioapic, redirection, , 0xff0000000001efff, VR_STATE_ANY),
};

#define L(member, mask, most) VR_STATE_MEMBER(vr_state_x86_lapic, member, mask, most)
#define LVT(one, mask) VR_STATE_ONE(vr_state_x86_lapic, lvt, one, mask)
static const struct vr_state_member lapic[] = {
	L(apic_base, 0x000fffffffffff00 & ~0x200ull, VR_STATE_ANY),
	L(tpr, VR_STATE_ANY, 255),
	L(svr, 0x13ff, VR_STATE_ANY),
	L(esr, VR_STATE_ANY, 255),
	L(esr_pending, VR_STATE_ANY, 255),
	VR_STATE_ONE(vr_state_x86_lapic, icr, 0, 0x000ccfff),
	LVT(0, 0x700ff),
	LVT(1, 0x107ff),
	LVT(2, 0x107ff),
	LVT(3, 0x1a7ff),
	LVT(4, 0x1a7ff),
	LVT(5, 0x100ff),
	L(external, VR_STATE_ANY, 1),
	L(startup, VR_STATE_ANY, VR_X86_STARTUP_SIPI),
	L(sipi_vector, VR_STATE_ANY, 255),
	L(timer_divide, 0xb, VR_STATE_ANY),
};

#define C(member, mask, most) VR_STATE_ARRAY(vr_state_x86_pit, channel, .member, mask, most)
static const struct vr_state_member pit[] = {
	VR_STATE_MEMBER(vr_state_x86_pit, line, VR_STATE_ANY, 1),
	VR_STATE_MEMBER(vr_state_x86_pit, speaker, VR_STATE_ANY, 1),
	C(count, VR_STATE_ANY, 65536),
	C(mode, VR_STATE_ANY, 5),
	C(rw, VR_STATE_ANY, 3),
	C(bcd, VR_STATE_ANY, 1),
	C(gate, VR_STATE_ANY, 1),
	C(loaded, VR_STATE_ANY, 1),
	C(latched, VR_STATE_ANY, 1),
	C(status_latched, VR_STATE_ANY, 1),
	C(read_high, VR_STATE_ANY, 1),
	C(write_high, VR_STATE_ANY, 1),
};

static const struct vr_state_member cmos[] = {
	VR_STATE_MEMBER(vr_state_x86_cmos, index, VR_STATE_ANY, 127),
	VR_STATE_MEMBER(vr_state_x86_cmos, flags, 0xf0, VR_STATE_ANY),
};

static const struct vr_state_member acpi_pm[] = {
	VR_STATE_MEMBER(vr_state_x86_acpi_pm, status, 0xc731, VR_STATE_ANY),  /* 4.8.3.1.1 */
	VR_STATE_MEMBER(vr_state_x86_acpi_pm, enable, 0x0721, VR_STATE_ANY),  /* 4.8.3.1.2 */
	VR_STATE_MEMBER(vr_state_x86_acpi_pm, control, 0x1c06, VR_STATE_ANY), /* 4.8.3.2.1 */
};

static const struct vr_state_member i8042[] = {
	VR_STATE_MEMBER(vr_state_x86_i8042, full, VR_STATE_ANY, 1),
	VR_STATE_MEMBER(vr_state_x86_i8042, control, 0x0e, VR_STATE_ANY),
};

static const struct vr_state_member pci[] = {
	VR_STATE_MEMBER(vr_state_x86_pci, address, 0x80fffffc, VR_STATE_ANY),
};

#define STATE(id, name, rule) VR_STATE_KIND(id, vr_state_x86_##name, #name, name, rule)
static const struct vr_state_kind kinds[] = {
	STATE(VR_STATE_X86_PIC_ID, pic, check_pic),       STATE(VR_STATE_X86_IOAPIC_ID, ioapic, check_ioapic),
	STATE(VR_STATE_X86_LAPIC_ID, lapic, check_lapic), STATE(VR_STATE_X86_PIT_ID, pit, check_pit),
	STATE(VR_STATE_X86_CMOS_ID, cmos, check_cmos),    STATE(VR_STATE_X86_ACPI_PM_ID, acpi_pm, NULL),
	STATE(VR_STATE_X86_I8042_ID, i8042, check_i8042), STATE(VR_STATE_X86_PCI_ID, pci, NULL),
};

static const struct vr_state_kind *kind_of(const char *id)
{
	return vr_state_kind_of(kinds, sizeof(kinds) / sizeof(kinds[0]), id);
}

uint32_t vr_state_pc_size(const char *id)
{
	const struct vr_state_kind *k = kind_of(id);

	return k ? k->size : 0;
}

int32_t vr_state_pc_fits(const struct vr_host *host, const char *plugin, const char *id, uint32_t length)
{
	return vr_state_fits(host, plugin, kind_of(id), length);
}

int32_t vr_state_pc_check(const struct vr_host *host, const char *plugin, const char *id, const void *state,
			  uint32_t length, uint64_t now)
{
	return vr_state_check(host, plugin, kind_of(id), state, length, now);
}
