/* SPDX-License-Identifier: MIT */
/*
 * state.c: canonical states of the pc board: they survive set and get, a running machine goes on in another
 * board as it would have gone on, and a state that is none is refused and harms nothing.
 *
 * The pair: two boards over two fake hosts of the same guest time. The first is used for a while, its states go
 * to the second, and then the same is done to both; all that a guest can see is compared at every step.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/board.h>
#include <vmrun/irqchip.h>
#include <vmrun/plugin.h>

#include "../fake_host/random_pc.h"
#include "../fake_host/machine.h"

#define MIB (1ull << 20)
#define MS 1000000ull
#define VCPUS 3u
#define LAPIC 0xfee00000ull
#define IOAPIC 0xfec00000ull
#define ROOM 1024u

static struct machine m[2];

static void make(struct machine *a)
{
	*a = machine_make(fake_new_pc(VCPUS), "board-pc", "x86_64", 2 * MIB);
	vr_fake_host_advance(a->d, 3000 * MS);
}

static void start(void)
{
	make(&m[0]);
	make(&m[1]);
}

static void stop(void)
{
	machine_drop(&m[0]);
	machine_drop(&m[1]);
}

TestSuite(state, .init = start, .fini = stop);

typedef union {
	_Alignas(16) uint8_t bytes[ROOM];
	struct vr_state_x86_pic pic;
	struct vr_state_x86_ioapic ioapic;
	struct vr_state_x86_lapic lapic;
	struct vr_state_x86_pit pit;
	struct vr_state_x86_cmos cmos;
	struct vr_state_x86_acpi_pm acpi_pm;
	struct vr_state_x86_i8042 i8042;
	struct vr_state_x86_pci pci;
} any_state;

static int32_t get(struct machine *a, const char *id, uint32_t index, any_state *s)
{
	return machine_get(a, id, index, s, sizeof(*s));
}

static int32_t set(struct machine *a, const char *id, uint32_t index, const any_state *s)
{
	return machine_set(a, id, index, s, sizeof(*s));
}

/* ---- what there is ---- */

Test(state, list)
{
	uint32_t n = machine_states(&m[0]), lapics = 0;
	any_state s;

	cr_expect_eq(n, VCPUS + 7);
	for (uint32_t i = 0; i < n; i++) {
		struct vr_board_state w = machine_state_at(&m[0], i);

		lapics += strcmp(w.id, VR_STATE_X86_LAPIC_ID) == 0;
		cr_expect_leq(w.length, ROOM);
		cr_expect_eq(get(&m[0], w.id, w.index, &s), VR_OK);
		cr_expect_eq(s.pic.size, w.length, "size comes first in all of them");
		cr_expect_eq(m[0].b->get_state(m[0].board, w.id, w.index, &s, w.length - 1), VR_E_INVAL);
		cr_expect_eq(m[0].b->set_state(m[0].board, w.id, w.index, &s, w.length - 1), VR_E_INVAL);
		cr_expect(strstr(m[0].d->error_text, "bytes"));
	}
	cr_expect_eq(lapics, VCPUS);
	cr_expect_eq(get(&m[0], "vmrun.state.x86.nothing/1", 0, &s), VR_E_NOENT);
	cr_expect_eq(set(&m[0], "vmrun.state.x86.nothing/1", 0, &s), VR_E_NOENT);
	cr_expect_eq(get(&m[0], VR_STATE_X86_LAPIC_ID, VCPUS, &s), VR_E_RANGE);
	cr_expect_eq(set(&m[0], VR_STATE_X86_PIC_ID, 1, &s), VR_E_RANGE);
}

/* ---- survival ---- */

Test(state, random_states_survive)
{
	uint64_t seed = 1;

	for (uint32_t i = 0; i < machine_states(&m[0]); i++) {
		struct vr_board_state w = machine_state_at(&m[0], i);

		for (uint32_t round = 0; round < 10000; round++) {
			any_state in, out;

			random_pc(w.id, w.index, m[0].d->now, &seed, &in);
			cr_assert_eq(set(&m[0], w.id, w.index, &in), VR_OK, "%s, round %u: %s", w.id, round,
				     m[0].d->error_text);
			cr_assert_eq(get(&m[0], w.id, w.index, &out), VR_OK);
			cr_assert_arr_eq(&in, &out, w.length, "%s %u, round %u", w.id, w.index, round);
		}
	}
}

/* Whatever valid state they are in, time passes and nothing hangs. */
Test(state, random_states_run)
{
	uint64_t seed = 2;

	for (uint32_t round = 0; round < 300; round++) {
		for (uint32_t i = 0; i < machine_states(&m[0]); i++) {
			struct vr_board_state w = machine_state_at(&m[0], i);
			any_state s;

			random_pc(w.id, w.index, m[0].d->now, &seed, &s);
			cr_assert_eq(set(&m[0], w.id, w.index, &s), VR_OK);
		}
		vr_fake_host_advance(m[0].d, 20 * MS);
		for (uint32_t k = 0; k < 20; k++) {
			for (uint32_t v = 0; v < VCPUS; v++)
				if (fake_inta(m[0].d, v) != VR_X86_INTA_NONE)
					fake_write(m[0].d, VR_SPACE_MMIO, v, LAPIC + 0xb0, 4, 0);
			vr_fake_host_advance(m[0].d, 1000);
		}
	}
}

/* ---- malformed states ---- */

#define FIELD(kind, ID, member, value, word)                                           \
	{                                                                              \
		ID, offsetof(struct vr_state_x86_##kind, member),                      \
			sizeof(((struct vr_state_x86_##kind *)0)->member), value, word \
	}
static const struct {
	const char *id;
	size_t offset, width;
	uint64_t value;
	const char *word; /* in the text */
} malformed[] = {
	FIELD(pic, VR_STATE_X86_PIC_ID, size, 3, "size"),
	FIELD(pic, VR_STATE_X86_PIC_ID, size, 1u << 30, "size"),
	FIELD(pic, VR_STATE_X86_PIC_ID, chip[1].lowest, 8, "chip[1].lowest"),
	FIELD(pic, VR_STATE_X86_PIC_ID, chip[0].expect, 1, "chip[0].expect"),
	FIELD(pic, VR_STATE_X86_PIC_ID, chip[0].expect, 5, "chip[0].expect"),
	FIELD(pic, VR_STATE_X86_PIC_ID, chip[0].elcr, 1, "chip[0].elcr"),
	FIELD(pic, VR_STATE_X86_PIC_ID, chip[0].input, 4, "chip[0].irr or input"),
	FIELD(pic, VR_STATE_X86_PIC_ID, chip[1].poll, 2, "chip[1].poll"),
	FIELD(pic, VR_STATE_X86_PIC_ID, chip[1].icw2, 3, "chip[1].icw2"),
	FIELD(ioapic, VR_STATE_X86_IOAPIC_ID, id, 16, "id"),
	FIELD(ioapic, VR_STATE_X86_IOAPIC_ID, select, 256, "select"),
	FIELD(ioapic, VR_STATE_X86_IOAPIC_ID, input, 1u << 24, "input"),
	FIELD(ioapic, VR_STATE_X86_IOAPIC_ID, redirection[23], 1ull << 12, "redirection[23]"),
	FIELD(ioapic, VR_STATE_X86_IOAPIC_ID, redirection[7], 1ull << 14, "redirection[7]"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, apic_base, 0xfee00500, "x2APIC"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, apic_base, 0xfee00a00, "apic_base"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, id, 256, "id"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, tpr, 256, "tpr"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, ldr, 1, "ldr"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, dfr, 0xf0000000, "dfr"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, svr, 0x2000, "svr"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, lvt[3], 1 << 12, "lvt[3]"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, irr[0], 1, "vector below 16"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, startup, 3, "startup"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, timer_divide, 4, "timer_divide"),
	FIELD(lapic, VR_STATE_X86_LAPIC_ID, timer_deadline, 1, "timer_deadline"),
	FIELD(pit, VR_STATE_X86_PIT_ID, line, 2, "line"),
	FIELD(pit, VR_STATE_X86_PIT_ID, channel[0].count, 0, "channel[0].count"),
	FIELD(pit, VR_STATE_X86_PIT_ID, channel[1].count, 65537, "channel[1].count"),
	FIELD(pit, VR_STATE_X86_PIT_ID, channel[2].mode, 6, "channel[2].mode"),
	FIELD(pit, VR_STATE_X86_PIT_ID, channel[2].rw, 0, "channel[2].rw"),
	FIELD(pit, VR_STATE_X86_PIT_ID, channel[2].held, UINT64_MAX, "channel[2].held"),
	FIELD(pit, VR_STATE_X86_PIT_ID, channel[1].start, UINT64_MAX, "channel[1].start"),
	FIELD(pit, VR_STATE_X86_PIT_ID, channel[1].gate, 0, "channel[1].gate"),
	FIELD(pit, VR_STATE_X86_PIT_ID, deadline, 5, "deadline"),
	FIELD(cmos, VR_STATE_X86_CMOS_ID, index, 128, "index"),
	FIELD(cmos, VR_STATE_X86_CMOS_ID, flags, 1, "flags"),
	FIELD(cmos, VR_STATE_X86_CMOS_ID, offset, (uint64_t)INT64_MIN, "offset"),
	FIELD(cmos, VR_STATE_X86_CMOS_ID, alarm_seen, (uint64_t)INT64_MAX, "alarm_seen"),
	FIELD(cmos, VR_STATE_X86_CMOS_ID, update_seen, (uint64_t)INT64_MIN, "update_seen"),
	FIELD(cmos, VR_STATE_X86_CMOS_ID, periodic_from, UINT64_MAX, "periodic_from"),
	FIELD(cmos, VR_STATE_X86_CMOS_ID, ram[12], 1, "ram[12]"),
	FIELD(acpi_pm, VR_STATE_X86_ACPI_PM_ID, enable, 2, "enable"),
	FIELD(acpi_pm, VR_STATE_X86_ACPI_PM_ID, control, 1u << 13, "control"),
	FIELD(i8042, VR_STATE_X86_I8042_ID, command, 0x61, "command"),
	FIELD(i8042, VR_STATE_X86_I8042_ID, full, 2, "full"),
	FIELD(i8042, VR_STATE_X86_I8042_ID, control, 4 | 1, "control"),
	FIELD(pci, VR_STATE_X86_PCI_ID, address, 1, "address"),
};

Test(state, malformed_names_the_field)
{
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		any_state s, before, after;
		const char *id = malformed[i].id;

		cr_assert_eq(get(&m[0], id, 0, &before), VR_OK);
		s = before;
		memcpy(s.bytes + malformed[i].offset, &malformed[i].value, malformed[i].width);
		cr_expect_eq(set(&m[0], id, 0, &s), VR_E_INVAL, "%s, %s", id, malformed[i].word);
		cr_expect(strstr(m[0].d->error_text, malformed[i].word), "%s, not %s", m[0].d->error_text,
			  malformed[i].word);
		cr_assert_eq(get(&m[0], id, 0, &after), VR_OK);
		cr_expect_arr_eq(&before, &after, sizeof(after), "%s: changed by a refused state", id);
	}
}

/* Bytes from anywhere: refused, or a state that the machine lives with. */
Test(state, any_bytes)
{
	uint64_t seed = 3;

	for (uint32_t i = 0; i < machine_states(&m[0]); i++) {
		struct vr_board_state w = machine_state_at(&m[0], i);

		for (uint32_t round = 0; round < 3000; round++) {
			any_state s;

			/* A valid one with some of its bits turned, so that some get through. */
			random_pc(w.id, w.index, m[0].d->now, &seed, &s);
			for (uint64_t n = random_next(&seed) % 4; n; n--)
				s.bytes[4 + random_next(&seed) % (w.length - 4)] ^=
					(uint8_t)(1u << (random_next(&seed) & 7));
			if (round % 8 == 0)
				for (uint32_t k = 4; k < w.length; k++)
					s.bytes[k] = (uint8_t)random_next(&seed);
			if (set(&m[0], w.id, w.index, &s) < 0)
				cr_assert(m[0].d->error_text[0]);
			vr_fake_host_advance(m[0].d, 100000);
		}
	}
}

Test(state, not_this_machine)
{
	any_state s;

	cr_assert_eq(get(&m[0], VR_STATE_X86_LAPIC_ID, 0, &s), VR_OK);
	s.lapic.startup = VR_X86_STARTUP_WAITS;
	cr_expect_eq(set(&m[0], VR_STATE_X86_LAPIC_ID, 0, &s), VR_E_UNSUPPORTED);
	cr_expect(strstr(m[0].d->error_text, "startup"));
	cr_assert_eq(get(&m[0], VR_STATE_X86_LAPIC_ID, 0, &s), VR_OK);
	s.lapic.apic_base = 0xfed00900;
	cr_expect_eq(set(&m[0], VR_STATE_X86_LAPIC_ID, 0, &s), VR_E_UNSUPPORTED);
	cr_expect(strstr(m[0].d->error_text, "apic_base"));
	cr_assert_eq(get(&m[0], VR_STATE_X86_LAPIC_ID, 0, &s), VR_OK);
	s.lapic.svr |= 1u << 12;
	cr_expect_eq(set(&m[0], VR_STATE_X86_LAPIC_ID, 0, &s), VR_E_UNSUPPORTED);
}

/* ---- the pair ---- */

static void both(void (*f)(struct vr_fake_host *d, uint64_t x), uint64_t x)
{
	f(m[0].d, x);
	f(m[1].d, x);
}

/* All that a guest sees without changing it, and what the outside sees. */
static void same(const char *when)
{
	static const uint32_t lapic_reg[] = {0x20,  0x80,  0xa0,  0xd0,  0xe0,  0xf0,  0x100, 0x110, 0x120,
					     0x130, 0x140, 0x150, 0x160, 0x170, 0x200, 0x210, 0x220, 0x230,
					     0x240, 0x250, 0x260, 0x270, 0x280, 0x300, 0x310, 0x320, 0x330,
					     0x340, 0x350, 0x360, 0x370, 0x380, 0x390, 0x3e0};
	static const uint32_t port[] = {0x21, 0xa1, 0x4d0, 0x4d1, 0x64, 0x92, 0xcf9, 0x61};

	for (uint32_t v = 0; v < VCPUS; v++) {
		cr_assert_eq(m[0].d->vcpu[v].pin[VR_X86_PIN_INTR], m[1].d->vcpu[v].pin[VR_X86_PIN_INTR],
			     "%s: pin of vCPU %u", when, v);
		cr_assert_eq(m[0].d->vcpu[v].on, m[1].d->vcpu[v].on, "%s: vCPU %u on", when, v);
		for (size_t i = 0; i < sizeof(lapic_reg) / sizeof(lapic_reg[0]); i++)
			cr_assert_eq(fake_read(m[0].d, VR_SPACE_MMIO, v, LAPIC + lapic_reg[i], 4),
				     fake_read(m[1].d, VR_SPACE_MMIO, v, LAPIC + lapic_reg[i], 4),
				     "%s: local APIC %u, 0x%x", when, v, lapic_reg[i]);
	}
	for (size_t i = 0; i < sizeof(port) / sizeof(port[0]); i++)
		cr_assert_eq(fake_in(m[0].d, port[i]), fake_in(m[1].d, port[i]), "%s: port 0x%x", when,
			     port[i]);
	cr_assert_eq(fake_read(m[0].d, VR_SPACE_PORT, 0, 0x608, 4),
		     fake_read(m[1].d, VR_SPACE_PORT, 0, 0x608, 4), "%s: PM timer", when);
	machine_same(&m[0], &m[1], when);
}

static void put(struct vr_fake_host *d, uint32_t vcpu, uint32_t reg, uint32_t value)
{
	fake_write(d, VR_SPACE_MMIO, vcpu, LAPIC + reg, 4, value);
}

static void redirect(struct vr_fake_host *d, uint32_t pin, uint32_t low, uint32_t destination)
{
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC, 4, 0x11 + 2 * pin);
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC + 0x10, 4, destination << 24);
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC, 4, 0x10 + 2 * pin);
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC + 0x10, 4, low);
}

static void ends(struct vr_fake_host *d, uint64_t vcpu)
{
	put(d, (uint32_t)vcpu, 0xb0, 0);
}

static void passes(struct vr_fake_host *d, uint64_t ns)
{
	vr_fake_host_advance(d, ns);
}

static uint32_t inta_both(uint32_t vcpu)
{
	uint32_t a = fake_inta(m[0].d, vcpu), b = fake_inta(m[1].d, vcpu);

	cr_assert_eq(a, b, "the same vector");
	return a;
}

Test(state, lapic_in_the_middle)
{
	struct vr_fake_host *d = m[0].d;

	put(d, 0, 0xf0, 0x1ff);
	put(d, 0, 0x3e0, 0xb);     /* divided by one */
	put(d, 0, 0x320, 0x20040); /* periodic, 0x40 */
	put(d, 0, 0x380, 1000000);
	vr_fake_host_advance(d, 2600000);    /* two are due, the third is 0.6 ms along */
	cr_assert_eq(fake_inta(d, 0), 0x40); /* in service */
	put(d, 0, 0x310, 0);
	put(d, 0, 0x300, 0x51); /* pending behind it */
	put(d, 0, 0x80, 0x20);
	put(d, 1, 0x380, 5000); /* one-shot, over: masked */
	machine_move(&m[0], &m[1], 1);
	same("after the move");
	cr_expect_eq(inta_both(0), 0x51);
	both(ends, 0);
	both(ends, 0);
	same("ended");
	for (uint32_t i = 0; i < 7; i++) {
		both(passes, 399999);
		same("time passes");
		if (m[0].d->vcpu[0].pin[VR_X86_PIN_INTR]) {
			cr_expect_eq(inta_both(0), 0x40);
			both(ends, 0);
			same("a tick");
		}
	}
}

static void icw3(struct vr_fake_host *d, uint64_t x)
{
	fake_out(d, 0x21, (uint32_t)x);
}

Test(state, pic_half_initialised)
{
	struct vr_fake_host *d = m[0].d;

	fake_out(d, 0xa0, 0x11); /* the slave whole */
	fake_out(d, 0xa1, 0x28);
	fake_out(d, 0xa1, 2);
	fake_out(d, 0xa1, 1);
	fake_out(d, 0xa1, 0);
	fake_out(d, 0x20, 0x11); /* the master up to ICW2 */
	fake_out(d, 0x21, 0x20);
	vr_fake_host_set_line(d, 8, 1); /* the clock, through the slave */
	vr_fake_host_set_line(d, 3, 1);
	machine_move(&m[0], &m[1], 1);
	same("half initialised");
	both(icw3, 4);
	both(icw3, 1);
	both(icw3, 0);
	same("initialised");
	/* The edge on input 3 came before ICW1's end and counts; the slave's request comes first. */
	cr_expect_eq(inta_both(0), 0x28);
	same("in service");
	vr_fake_host_set_line(m[0].d, 8, 0);
	vr_fake_host_set_line(m[1].d, 8, 0);
	vr_fake_host_set_line(m[0].d, 8, 1);
	vr_fake_host_set_line(m[1].d, 8, 1);
	same("the clock again");
	for (int i = 0; i < 2; i++) {
		fake_out(m[i].d, 0xa0, 0x20);
		fake_out(m[i].d, 0x20, 0x20);
	}
	same("ended");
	cr_expect_eq(inta_both(0), 0x28);
	vr_fake_host_set_line(m[0].d, 3, 0);
	vr_fake_host_set_line(m[1].d, 3, 0);
	same("lowered");
}

Test(state, level_line_in_service)
{
	struct vr_fake_host *d = m[0].d;

	for (uint32_t v = 0; v < VCPUS; v++)
		put(d, v, 0xf0, 0x1ff);
	redirect(d, 17, 0x8061, 1); /* level, to vCPU 1 */
	redirect(d, 2, 0x30, 2);
	vr_fake_host_set_line(d, 17, 1);
	cr_assert_eq(fake_inta(d, 1), 0x61);
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC, 4, 0x32);
	machine_move(&m[0], &m[1], 1);
	same("in service, the line still high");
	both(ends, 1);
	same("comes again");
	cr_expect_eq(inta_both(1), 0x61);
	vr_fake_host_set_line(m[0].d, 17, 0);
	vr_fake_host_set_line(m[1].d, 17, 0);
	both(ends, 1);
	same("over");
	cr_expect_eq(inta_both(1), VR_X86_INTA_NONE);
}

Test(state, pit_half_way)
{
	struct vr_fake_host *d = m[0].d;

	put(d, 0, 0xf0, 0x1ff);
	redirect(d, 2, 0x30, 0);
	fake_out(d, 0x43, 0x34); /* channel 0, mode 2, 1 kHz */
	fake_out(d, 0x40, 0xa9);
	fake_out(d, 0x40, 0x04);
	fake_out(d, 0x61, 1);
	fake_out(d, 0x43, 0xb0); /* channel 2, mode 0: only the low byte so far */
	fake_out(d, 0x42, 0x55);
	vr_fake_host_advance(d, 3 * MS + 456789);
	fake_out(d, 0x43, 0x00); /* latched, and one byte read */
	fake_in(d, 0x40);
	while (fake_inta(d, 0) != VR_X86_INTA_NONE)
		put(d, 0, 0xb0, 0);
	machine_move(&m[0], &m[1], 1);
	same("half way");
	cr_expect_eq(fake_in(m[0].d, 0x40), fake_in(m[1].d, 0x40));
	fake_out(m[0].d, 0x42, 0x12);
	fake_out(m[1].d, 0x42, 0x12);
	for (uint32_t i = 0; i < 10; i++) {
		both(passes, 333333);
		same("time passes");
		if (m[0].d->vcpu[0].pin[VR_X86_PIN_INTR]) {
			cr_expect_eq(inta_both(0), 0x30);
			both(ends, 0);
		}
	}
	fake_out(m[0].d, 0x61, 0);
	fake_out(m[1].d, 0x61, 0);
	both(passes, MS);
	same("gate closed");
	both(passes, MS);
	machine_move(&m[0], &m[1], 1);
	fake_out(m[0].d, 0x61, 1);
	fake_out(m[1].d, 0x61, 1);
	both(passes, MS);
	same("gate open again");
}

static void cmos(struct vr_fake_host *d, uint32_t index, uint32_t value)
{
	fake_out(d, 0x70, index);
	fake_out(d, 0x71, value);
}

static uint32_t cmos_in(struct vr_fake_host *d, uint32_t index)
{
	fake_out(d, 0x70, index);
	return fake_in(d, 0x71);
}

Test(state, clock)
{
	struct vr_fake_host *d = m[0].d;

	cmos(d, 0x32, 0x19); /* 1999-12-31 23:59:57 */
	cmos(d, 9, 0x99);
	cmos(d, 8, 0x12);
	cmos(d, 7, 0x31);
	cmos(d, 4, 0x23);
	cmos(d, 2, 0x59);
	cmos(d, 0, 0x57);
	cmos(d, 1, 0x00); /* alarm at midnight */
	cmos(d, 3, 0x00);
	cmos(d, 5, 0x00);
	cmos(d, 0x0a, 0x2a); /* 64 Hz */
	cmos(d, 0x0b, 0x72); /* periodic, alarm, update */
	vr_fake_host_advance(d, 1234567890);
	cmos(d, 0x40, 0x5a);
	fake_out(d, 0x70, 9); /* selected, not read */
	machine_move(&m[0], &m[1], 1);
	same("interrupt pending");
	cr_expect_eq(fake_in(m[1].d, 0x71), 0x99);
	fake_in(m[0].d, 0x71);
	for (uint32_t i = 0; i < 40; i++) {
		cr_assert_eq(cmos_in(m[0].d, 0x0c), cmos_in(m[1].d, 0x0c), "step %u", i);
		cr_assert_eq(cmos_in(m[0].d, 0), cmos_in(m[1].d, 0));
		cr_assert_eq(cmos_in(m[0].d, 0x40), 0x5a);
		cr_assert_eq(cmos_in(m[1].d, 0x40), 0x5a);
		same("clock");
		both(passes, 77777777);
		same("clock");
	}
	cr_expect_eq(cmos_in(m[1].d, 0x32), 0x20, "the century has turned");
}

Test(state, others)
{
	struct vr_fake_host *d = m[0].d;

	fake_out(d, 0x64, 0x60); /* command byte: its data is next */
	fake_out(d, 0x92, 0x00);
	fake_write(d, VR_SPACE_PORT, 0, 0xcf8, 4, 0x80000008);
	fake_out(d, 0xcf9, 0x02);
	fake_write(d, VR_SPACE_PORT, 0, 0x602, 2, 0x0020);
	fake_write(d, VR_SPACE_PORT, 0, 0x604, 2, 0x0402);
	machine_move(&m[0], &m[1], 1);
	cr_expect_eq(m[1].d->power_calls, 0, "setting a state resets nothing");
	for (int i = 0; i < 2; i++) {
		fake_out(m[i].d, 0x60, 0x47);
		fake_out(m[i].d, 0x64, 0x20);
		cr_expect_eq(fake_in(m[i].d, 0x60), 0x47);
		cr_expect_eq(fake_read(m[i].d, VR_SPACE_PORT, 0, 0x602, 2), 0x0020);
		cr_expect_eq(fake_read(m[i].d, VR_SPACE_PORT, 0, 0x604, 2), 0x0403);
		cr_expect_eq(fake_read(m[i].d, VR_SPACE_PORT, 0, 0xcfc, 4), 0x06000000);
		fake_out(m[i].d, 0xcf9, 0x06);
		cr_expect_eq(m[i].d->power_calls, 1);
	}
}

Test(state, processor_about_to_start)
{
	struct vr_fake_host *d = m[0].d;

	put(d, 0, 0xf0, 0x1ff);
	put(d, 0, 0x310, 1u << 24);
	put(d, 0, 0x300, 0x4500);
	d->vcpu[1].stopping = 1; /* not out of guest code yet, so that it can't begin */
	put(d, 0, 0x300, 0x4699);
	m[1].d->vcpu[1].on = m[1].d->vcpu[2].on = 1;
	machine_move(&m[0], &m[1], 1);
	cr_expect_eq(m[1].d->vcpu[1].on | m[1].d->vcpu[2].on, 0, "both wait");
	vr_fake_host_advance(m[1].d, 100000);
	cr_expect_eq(m[1].d->vcpu[1].on, 1);
	cr_expect_eq(fake_x86(m[1].d, 1)->segment[VR_X86_CS].base, 0x99000);
	cr_expect_eq(m[1].d->vcpu[2].on, 0);
}

/* ---- the accelerator's ---- */
static uint32_t chip_kind_is;
static struct {
	char id[64];
	uint32_t index, gets, sets;
} passed;

static int32_t VR_CALL chip_enable(struct vr_plugin_self *self, uint32_t kind)
{
	(void)self;
	return kind == chip_kind_is ? VR_OK : VR_E_UNSUPPORTED;
}

static uint32_t VR_CALL chip_kind(struct vr_plugin_self *self)
{
	(void)self;
	return chip_kind_is;
}

static int32_t VR_CALL chip_line(struct vr_plugin_self *self, uint32_t line, uint32_t level)
{
	(void)self;
	(void)line;
	(void)level;
	return VR_OK;
}

static int32_t VR_CALL chip_msi(struct vr_plugin_self *self, uint64_t address, uint32_t data)
{
	(void)self;
	(void)address;
	(void)data;
	return VR_OK;
}

static int32_t VR_CALL chip_get(struct vr_plugin_self *self, const char *id, uint32_t index, void *state,
				uint32_t length)
{
	(void)self;
	(void)state;
	(void)length;
	snprintf(passed.id, sizeof(passed.id), "%s", id);
	passed.index = index;
	passed.gets++;
	return VR_OK;
}

static int32_t VR_CALL chip_set(struct vr_plugin_self *self, const char *id, uint32_t index,
				const void *state, uint32_t length)
{
	(void)chip_get(self, id, index, NULL, length);
	(void)state;
	passed.sets++;
	return VR_OK;
}

static struct vr_irqchip chip = {
	.size = sizeof(chip),
	.enable = chip_enable,
	.kind = chip_kind,
	.line = chip_line,
	.msi = chip_msi,
	.get_state = chip_get,
	.set_state = chip_set,
};

static struct machine with_chip(uint32_t kind)
{
	struct vr_fake_host *d = fake_new_pc(VCPUS);
	struct machine a;

	chip_kind_is = kind;
	fake_offer(d, VR_IRQCHIP_ID, &chip, "chip", 0);
	a = machine_make(d, "board-pc", "x86_64", 2 * MIB);
	vr_fake_host_advance(d, 3000 * MS);
	return a;
}

Test(state, passed_on)
{
	static const struct {
		const char *id;
		uint32_t split, full;
	} whose[] = {
		{VR_STATE_X86_LAPIC_ID, 1, 1}, {VR_STATE_X86_IOAPIC_ID, 0, 1}, {VR_STATE_X86_PIC_ID, 0, 1},
		{VR_STATE_X86_PIT_ID, 0, 1},   {VR_STATE_X86_CMOS_ID, 0, 0},   {VR_STATE_X86_I8042_ID, 0, 0},
	};

	for (uint32_t kind = VR_IRQCHIP_SPLIT; kind <= VR_IRQCHIP_FULL; kind++) {
		struct machine a = with_chip(kind);
		uint64_t seed = 4;

		for (size_t i = 0; i < sizeof(whose) / sizeof(whose[0]); i++) {
			uint32_t theirs = kind == VR_IRQCHIP_FULL ? whose[i].full : whose[i].split;
			any_state s;

			memset(&passed, 0, sizeof(passed));
			cr_assert_eq(get(&a, whose[i].id, 0, &s), VR_OK);
			cr_expect_eq(passed.gets, theirs, "%s", whose[i].id);
			random_pc(whose[i].id, 0, a.d->now, &seed, &s);
			cr_assert_eq(set(&a, whose[i].id, 0, &s), VR_OK, "%s", a.d->error_text);
			cr_expect_eq(passed.sets, theirs, "%s", whose[i].id);
		}
		machine_drop(&a);
	}
}

Test(state, waits_in_the_accelerator)
{
	struct machine a = with_chip(VR_IRQCHIP_SPLIT);
	uint64_t seed = 5;
	any_state s;

	random_pc(VR_STATE_X86_LAPIC_ID, 2, a.d->now, &seed, &s);
	s.lapic.startup = VR_X86_STARTUP_WAITS;
	cr_assert_eq(set(&a, VR_STATE_X86_LAPIC_ID, 2, &s), VR_OK);
	cr_expect_eq(a.d->vcpu[2].on, 1);
	cr_expect_eq(fake_x86(a.d, 2)->mp_state, VR_X86_MP_INIT);
	s.lapic.startup = VR_X86_STARTUP_SIPI;
	cr_assert_eq(set(&a, VR_STATE_X86_LAPIC_ID, 2, &s), VR_OK);
	cr_expect_eq(fake_x86(a.d, 2)->mp_state, VR_X86_MP_SIPI);
	cr_expect_eq(fake_x86(a.d, 2)->events.sipi_vector, s.lapic.sipi_vector);
	machine_drop(&a);
}

Test(state, accelerator_without)
{
	struct machine a;
	any_state s;

	chip.size = offsetof(struct vr_irqchip, get_state); /* of ABI 1.0 */
	a = with_chip(VR_IRQCHIP_SPLIT);
	cr_expect_eq(get(&a, VR_STATE_X86_LAPIC_ID, 0, &s), VR_E_UNSUPPORTED);
	cr_expect(strstr(a.d->error_text, "accelerator"));
	machine_drop(&a);
}
