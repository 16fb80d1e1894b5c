// SPDX-License-Identifier: MIT
/*
 * state_pc.c: a state is checked in two steps. One table says of each member which bits it may have and how
 * large it may be; a function a state says what one member demands of another. After both a controller takes
 * the state as it is: no count is zero that something is divided by, no loop runs from a time long past.
 */
#include "state_pc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000000ull
#define SECONDS_MAX (INT64_C(1) << 40) /* of a clock with four-digit years, and more */

#define LAPIC_X2APIC (1ull << 10)
#define LAPIC_ENABLE (1ull << 11)
#define LVT_MODE(v) ((v) >> 17 & 3)
#define TIMER_SLACK 50000u /* ns: very short periods are stretched to this */

#define RED_REMOTE_IRR (1ull << 14)
#define RED_LEVEL (1ull << 15)

struct check {
	const struct vr_host *host;
	const char *who, *what;
	uint64_t now;
};

__attribute__((format(printf, 2, 3))) static int32_t bad(const struct check *c, const char *format, ...)
{
	char text[384];
	int n = snprintf(text, sizeof(text), "%s: %s state: ", c->who, c->what);
	va_list args;

	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	c->host->error(c->host, VR_E_INVAL, text);
	return VR_E_INVAL;
}

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

static int32_t check_pic(const struct check *c, const void *state)
{
	const struct vr_state_x86_pic *s = state;

	for (uint32_t i = 0; i < 2; i++) {
		const struct vr_x86_pic_chip *p = &s->chip[i];
		/* ICW1's LTIM makes all inputs level-triggered. */
		uint32_t level = p->icw1 & 8 ? (i ? 0xffu : 0xfbu) : p->elcr;
		uint32_t fixed = i ? 0x21 : 0x07, cascade = i ? 0 : 0x04;

		if (p->elcr & fixed)
			return bad(c, "chip[%u].elcr is 0x%02x: inputs 0x%02x are never level-triggered", i,
				   p->elcr, fixed);
		if ((p->irr ^ p->input) & level)
			return bad(c,
				   "chip[%u].irr is 0x%02x: its level-triggered inputs (0x%02x) are 0x%02x",
				   i, p->irr, level, p->input & level);
		if ((p->irr | p->input) & cascade)
			return bad(c, "chip[%u].irr or input has bit 2, the slave's", i);
		if (p->expect == 1)
			return bad(c, "chip[%u].expect is 1: ICW1 is not waited for", i);
	}
	return VR_OK;
}

static int32_t check_ioapic(const struct check *c, const void *state)
{
	const struct vr_state_x86_ioapic *s = state;

	for (uint32_t i = 0; i < VR_X86_IOAPIC_PINS; i++)
		if ((s->redirection[i] & RED_REMOTE_IRR) && !(s->redirection[i] & RED_LEVEL))
			return bad(c, "redirection[%u] is 0x%" PRIx64 ": remote IRR, but not level-triggered",
				   i, s->redirection[i]);
	return VR_OK;
}

static int32_t check_lapic(const struct check *c, const void *state)
{
	const struct vr_state_x86_lapic *s = state;
	uint32_t x2apic = !!(s->apic_base & LAPIC_X2APIC), counts = LVT_MODE(s->lvt[VR_X86_LVT_TIMER]) < 2;
	uint64_t period = (uint64_t)s->timer_initial * vr_state_lapic_divisor(s->timer_divide);

	if (x2apic && !(s->apic_base & LAPIC_ENABLE))
		return bad(c, "apic_base is 0x%" PRIx64 ": x2APIC mode, but switched off", s->apic_base);
	if (!x2apic && s->id > 0xff)
		return bad(c, "id is 0x%x: eight bits without x2APIC mode", s->id);
	if (!x2apic && ((s->ldr | s->icr[1]) & 0xffffff))
		return bad(c, "ldr (0x%08x) or icr[1] (0x%08x) has bits of x2APIC mode", s->ldr, s->icr[1]);
	if (x2apic && s->ldr != ((s->id >> 4) << 16 | 1u << (s->id & 15)))
		return bad(c, "ldr is 0x%08x, which does not follow from id 0x%x (11.12.10.2)", s->ldr,
			   s->id);
	if (~s->dfr & 0x0fffffff)
		return bad(c, "dfr is 0x%08x: bits 27:0 are ones", s->dfr);
	if ((s->isr[0] | s->irr[0] | s->tmr[0]) & 0xffff)
		return bad(c, "isr, tmr or irr has a vector below 16");
	if (s->timer_deadline && (!counts || !s->timer_initial))
		return bad(c, "timer_deadline is %" PRIu64 ", but the timer does not count",
			   s->timer_deadline);
	if (period < TIMER_SLACK)
		period = TIMER_SLACK;
	if (s->timer_deadline > c->now && s->timer_deadline - c->now > period)
		return bad(c,
			   "timer_deadline is %" PRIu64 " ns, later than one period (%" PRIu64
			   " ns) from now (%" PRIu64 " ns)",
			   s->timer_deadline, period, c->now);
	return VR_OK;
}

static int32_t check_pit(const struct check *c, const void *state)
{
	const struct vr_state_x86_pit *s = state;

	for (uint32_t i = 0; i < 3; i++) {
		const struct vr_x86_pit_channel *p = &s->channel[i];

		if (!p->count)
			return bad(c, "channel[%u].count is 0", i);
		if (!p->rw)
			return bad(c, "channel[%u].rw is 0", i);
		if (p->start > c->now)
			return bad(c, "channel[%u].start is %" PRIu64 " ns, later than now (%" PRIu64 " ns)",
				   i, p->start, c->now);
		if (p->held > vr_state_pit_ticks(c->now))
			return bad(c, "channel[%u].held is %" PRIu64 " ticks: guest time is younger", i,
				   p->held);
		if (i < 2 && (!p->gate || p->held))
			return bad(c, "channel[%u].gate: it is always open", i);
	}
	if (s->deadline && !s->channel[0].loaded)
		return bad(c, "deadline is %" PRIu64 ", but channel[0].loaded is 0", s->deadline);
	if (s->deadline > c->now && s->deadline - c->now > vr_state_pit_ns(65537))
		return bad(c,
			   "deadline is %" PRIu64 " ns, later than the longest period from now (%" PRIu64
			   " ns)",
			   s->deadline, c->now);
	return VR_OK;
}

static int32_t check_cmos(const struct check *c, const void *state)
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
			return bad(c, "%s is %" PRId64 " s: no such year", seconds[i].name, seconds[i].value);
	if (s->periodic_from > c->now)
		return bad(c, "periodic_from is %" PRIu64 " ns, later than now (%" PRIu64 " ns)",
			   s->periodic_from, c->now);
	if ((s->ram[0x0a] & 0x80) || s->ram[0x0c] || s->ram[0x0d])
		return bad(c,
			   "ram[10] has bit 7 (UIP), or ram[12] or ram[13] is not zero: those are computed");
	return VR_OK;
}

static int32_t check_i8042(const struct check *c, const void *state)
{
	const struct vr_state_x86_i8042 *s = state;

	if (s->command && s->command != 0x60 && s->command != 0xd1 && s->command != 0xd4)
		return bad(c, "command is 0x%02x: no command with a data byte (0x60, 0xd1, 0xd4)",
			   s->command);
	return VR_OK;
}

/* ---- members by themselves -------------------------------------------------------------------------- */

struct member {
	const char *name; /* its %u, if any: the place in the array */
	uint16_t offset, stride;
	uint8_t count, width;
	uint64_t mask; /* bits it may have */
	uint64_t most; /* values it may have */
};

#define M(type, member, mask, most)                                                                          \
	{                                                                                                    \
#member, offsetof(struct type, member), 0, 1, sizeof(((struct type *)0)->member), mask, most \
	}
/* array[n], or array[n].member */
#define A(type, array, member, mask, most)                                                        \
	{                                                                                         \
#array "[%u]" #member, offsetof(struct type, array[0] member),                    \
			sizeof(((struct type *)0)->array[0]),                                     \
			sizeof(((struct type *)0)->array) / sizeof(((struct type *)0)->array[0]), \
			sizeof(((struct type *)0)->array[0] member), mask, most                   \
	}
/* array[one]. Masks differ. */
#define E(type, array, one, mask)                                                \
	{                                                                        \
#array "[" #one "]", offsetof(struct type, array[one]), 0, 1,    \
			sizeof(((struct type *)0)->array[one]), mask, UINT64_MAX \
	}
#define ANY UINT64_MAX

#define P(member, mask, most) A(vr_state_x86_pic, chip, .member, mask, most)
static const struct member pic[] = {
	P(icw1, 0xff, ANY),      P(icw4, 0xff, ANY),     P(expect, ANY, 4),
	P(lowest, ANY, 7),       P(read_isr, ANY, 1),    P(poll, ANY, 1),
	P(special_mask, ANY, 1), P(rotate_auto, ANY, 1), P(icw2, 0xf8, ANY),
};

static const struct member ioapic[] = {
	M(vr_state_x86_ioapic, id, ANY, 15),
	M(vr_state_x86_ioapic, select, ANY, 255),
	M(vr_state_x86_ioapic, input, 0xffffff, ANY),
	A(vr_state_x86_ioapic, redirection, , 0xff0000000001efff, ANY),
};

#define L(member, mask, most) M(vr_state_x86_lapic, member, mask, most)
#define LVT(one, mask) E(vr_state_x86_lapic, lvt, one, mask)
static const struct member lapic[] = {
	L(apic_base, 0x000fffffffffff00 & ~0x200ull, ANY),
	L(tpr, ANY, 255),
	L(svr, 0x13ff, ANY),
	L(esr, ANY, 255),
	L(esr_pending, ANY, 255),
	E(vr_state_x86_lapic, icr, 0, 0x000ccfff),
	LVT(0, 0x700ff),
	LVT(1, 0x107ff),
	LVT(2, 0x107ff),
	LVT(3, 0x1a7ff),
	LVT(4, 0x1a7ff),
	LVT(5, 0x100ff),
	L(external, ANY, 1),
	L(startup, ANY, VR_X86_STARTUP_SIPI),
	L(sipi_vector, ANY, 255),
	L(timer_divide, 0xb, ANY),
};

#define C(member, mask, most) A(vr_state_x86_pit, channel, .member, mask, most)
static const struct member pit[] = {
	M(vr_state_x86_pit, line, ANY, 1),
	M(vr_state_x86_pit, speaker, ANY, 1),
	C(count, ANY, 65536),
	C(mode, ANY, 5),
	C(rw, ANY, 3),
	C(bcd, ANY, 1),
	C(gate, ANY, 1),
	C(loaded, ANY, 1),
	C(latched, ANY, 1),
	C(status_latched, ANY, 1),
	C(read_high, ANY, 1),
	C(write_high, ANY, 1),
};

static const struct member cmos[] = {
	M(vr_state_x86_cmos, index, ANY, 127),
	M(vr_state_x86_cmos, flags, 0xf0, ANY),
};

static const struct member acpi_pm[] = {
	M(vr_state_x86_acpi_pm, status, 0xc731, ANY),  /* 4.8.3.1.1 */
	M(vr_state_x86_acpi_pm, enable, 0x0721, ANY),  /* 4.8.3.1.2 */
	M(vr_state_x86_acpi_pm, control, 0x1c06, ANY), /* 4.8.3.2.1 */
};

static const struct member i8042[] = {
	M(vr_state_x86_i8042, full, ANY, 1),
	M(vr_state_x86_i8042, control, 0x0e, ANY),
};

#define STATE(id, name, rule)                                                                             \
	{                                                                                                 \
		id, #name, sizeof(struct vr_state_x86_##name), sizeof(name) / sizeof(name[0]), name, rule \
	}
static const struct kind {
	const char *id, *name;
	uint32_t size, count;
	const struct member *members;
	int32_t (*rule)(const struct check *c, const void *state);
} kinds[] = {
	STATE(VR_STATE_X86_PIC_ID, pic, check_pic),       STATE(VR_STATE_X86_IOAPIC_ID, ioapic, check_ioapic),
	STATE(VR_STATE_X86_LAPIC_ID, lapic, check_lapic), STATE(VR_STATE_X86_PIT_ID, pit, check_pit),
	STATE(VR_STATE_X86_CMOS_ID, cmos, check_cmos),    STATE(VR_STATE_X86_ACPI_PM_ID, acpi_pm, NULL),
	STATE(VR_STATE_X86_I8042_ID, i8042, check_i8042),
};

static const struct kind *kind_of(const char *id)
{
	for (size_t i = 0; id && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].id, id) == 0)
			return &kinds[i];
	return NULL;
}

uint32_t vr_state_pc_size(const char *id)
{
	const struct kind *k = kind_of(id);

	return k ? k->size : 0;
}

static uint64_t value_of(const uint8_t *at, uint32_t width)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (width) {
	case 1:
		return *at;
	case 2:
		memcpy(&v2, at, sizeof(v2));
		return v2;
	case 4:
		memcpy(&v4, at, sizeof(v4));
		return v4;
	default:
		memcpy(&v8, at, sizeof(v8));
		return v8;
	}
}

static int32_t check_member(const struct check *c, const struct member *m, const void *state)
{
	for (uint32_t i = 0; i < m->count; i++) {
		uint64_t v = value_of((const uint8_t *)state + m->offset + i * m->stride, m->width);
		const char *place = strchr(m->name, '%');
		char name[64];

		if (!(v & ~m->mask) && v <= m->most)
			continue;
		if (place)
			snprintf(name, sizeof(name), "%.*s%u%s", (int)(place - m->name), m->name, i,
				 place + 2);
		else
			snprintf(name, sizeof(name), "%s", m->name);
		if (v & ~m->mask)
			return bad(c, "%s is 0x%" PRIx64 ": bits 0x%" PRIx64 " can't be", name, v,
				   v & ~m->mask);
		return bad(c, "%s is %" PRIu64 ", at most %" PRIu64 " can be", name, v, m->most);
	}
	return VR_OK;
}

int32_t vr_state_pc_room(const struct vr_host *host, const char *who, const char *id, uint32_t length)
{
	const struct kind *k = kind_of(id);
	const struct check c = {.host = host, .who = who, .what = k ? k->name : "?"};

	if (!k)
		return VR_E_NOENT;
	return length < k->size ? bad(&c, "%u bytes of room, it has %u", length, k->size) : VR_OK;
}

int32_t vr_state_pc_check(const struct vr_host *host, const char *who, const char *id, const void *state,
			  uint32_t length, uint64_t now)
{
	const struct kind *k = kind_of(id);
	const struct check c = {.host = host, .who = who, .what = k ? k->name : "?", .now = now};
	int32_t rc = VR_OK;
	uint32_t size;

	if (!k)
		return VR_E_NOENT;
	if (length < k->size)
		return bad(&c, "%u bytes, it has %u", length, k->size);
	memcpy(&size, state, sizeof(size));
	if (size < k->size || size > length)
		return bad(&c, "size is %u, not %u to %u", size, k->size, length);
	for (uint32_t i = 0; i < k->count && rc == VR_OK; i++)
		rc = check_member(&c, &k->members[i], state);
	return rc == VR_OK && k->rule ? k->rule(&c, state) : rc;
}
