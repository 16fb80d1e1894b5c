/* SPDX-License-Identifier: MIT */
/*
 * test_irqchip.c: the controllers in the kernel and those of the pc board are one thing in two places: states
 * survive either, go from one to the other and back, and a guest whose machine was moved between them gets
 * its interrupts.
 */
#include <board/plugin_entry.h>
#include <vmrun/board.h>
#include <vmrun/irqchip.h>

#include "../../plugins/board-pc/board.h"
#include "../fake_host/fake.h"
#include "../fake_host/random_pc.h"
#include "vm.h"

#define NOW 10000000000ull /* guest time of all of it: ns */
#define ROUNDS 10000

extern const struct vr_irqchip kvmp_irqchip_table;
static const struct vr_irqchip *const chip = &kvmp_irqchip_table;
static struct test_vm k;

union any {
	uint32_t size;
	struct vr_state_x86_pic pic;
	struct vr_state_x86_ioapic ioapic;
	struct vr_state_x86_lapic lapic;
	struct vr_state_x86_pit pit;
};

/* ---- what KVM can be given, and what it gives back ------------------------------------------------- */

/* Leaves out what irqchip_state_x86.c says that KVM does not keep. */
static void kvms_pic(struct vr_state_x86_pic *s)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct vr_x86_pic_chip *c = &s->chip[i];
		uint8_t level = c->elcr;

		c->icw1 = 0x10 | (c->icw1 & 1);
		c->icw4 = 1 | (c->icw4 & 0x12);
		c->irr = (uint8_t)((c->irr & ~level) | (c->input & level));
	}
	s->chip[0].input &= 0xfe;
}

static void kvms_ioapic(struct vr_state_x86_ioapic *s)
{
	for (uint32_t i = 0; i < VR_X86_IOAPIC_PINS; i++) {
		uint64_t *r = &s->redirection[i];

		if (!(*r & 1u << 15))
			s->input &= ~(1u << i);
		else if (!(*r & 1u << 16)) /* one that asks is served at once */
			*r |= 1u << 14;
	}
}

static void kvms_lapic(struct vr_state_x86_lapic *s, uint64_t *seed)
{
	/* x2APIC mode has a test of its own: not every KVM offers it. */
	s->apic_base &= ~0x400ull;
	s->ldr &= 0xff000000;
	s->icr[1] &= 0xff000000;
	s->esr_pending = s->external = s->startup = s->sipi_vector = 0;
	s->timer_start = NOW;
	s->timer_deadline = VR_STATE_NO_DEADLINE;
	s->timer_initial = 0;
	if (random_next(seed) & 1 && s->lvt[0] >> 17 < 2) {
		/* Minutes away, so that it has not run out when it is looked at. */
		s->timer_divide = 0xa; /* by 128 */
		s->timer_initial = 0xf0000000;
		s->timer_deadline = NOW + 128ull * s->timer_initial - (random_next(seed) & 0xffffffff);
	}
}

static void kvms_pit(struct vr_state_x86_pit *s)
{
	for (uint32_t i = 0; i < 3; i++) {
		struct vr_x86_pit_channel *c = &s->channel[i];

		c->loaded = 1;
		c->held = 0;
		c->start = 0; /* looked at by itself */
		c->read_high &= c->rw == 3;
		c->write_high &= c->rw == 3;
	}
	s->line = 0;
	s->deadline = VR_STATE_NO_DEADLINE;
}

static void normal(const char *id, union any *s, uint64_t *seed)
{
	if (strcmp(id, VR_STATE_X86_PIC_ID) == 0)
		kvms_pic(&s->pic);
	else if (strcmp(id, VR_STATE_X86_IOAPIC_ID) == 0)
		kvms_ioapic(&s->ioapic);
	else if (strcmp(id, VR_STATE_X86_LAPIC_ID) == 0)
		kvms_lapic(&s->lapic, seed);
	else
		kvms_pit(&s->pit);
}

/* Time has passed: what it changed must lie on the right side, and is then taken as equal. */
static int same_but_for_time(const char *id, const union any *in, union any *out)
{
	if (strcmp(id, VR_STATE_X86_LAPIC_ID) == 0) {
		const struct vr_state_x86_lapic *i = &in->lapic;
		struct vr_state_x86_lapic *o = &out->lapic;

		bool in_runs = i->timer_deadline != VR_STATE_NO_DEADLINE;
		bool out_runs = o->timer_deadline != VR_STATE_NO_DEADLINE;

		if (in_runs != out_runs ||
		    (out_runs && (o->timer_deadline > i->timer_deadline + 128 || o->timer_deadline < NOW)))
			return test_fail("timer_deadline %llu became %llu",
					 (unsigned long long)i->timer_deadline,
					 (unsigned long long)o->timer_deadline);
		o->timer_deadline = i->timer_deadline;
		o->timer_start = i->timer_start;
	}
	if (strcmp(id, VR_STATE_X86_PIT_ID) == 0) {
		if (out->pit.deadline != VR_STATE_NO_DEADLINE && out->pit.deadline > NOW + 60000000)
			return test_fail("deadline %llu", (unsigned long long)out->pit.deadline);
		out->pit.deadline = in->pit.deadline;
		for (uint32_t c = 0; c < 3; c++) {
			if (out->pit.channel[c].start > NOW)
				return test_fail("channel %u started in the future", c);
			out->pit.channel[c].start = in->pit.channel[c].start;
		}
#ifndef KVM_PIT_FLAGS_SPEAKER_DATA_ON
		out->pit.speaker = in->pit.speaker;
#endif
	}
	if (memcmp(in, out, in->size) == 0)
		return PASS;
	for (uint32_t i = 0; i < in->size; i++)
		if (((const uint8_t *)in)[i] != ((const uint8_t *)out)[i])
			return test_fail("%s: byte %u: 0x%02x became 0x%02x", id, i, ((const uint8_t *)in)[i],
					 ((const uint8_t *)out)[i]);
	return PASS;
}

static int get(const char *id, union any *s)
{
	memset(s, 0, sizeof(*s));
	return chip->get_state(k.self, id, 0, s, sizeof(*s)) == VR_OK ? PASS
								      : test_fail("%s", test_error(&k));
}

static int set(const char *id, const union any *s)
{
	return chip->set_state(k.self, id, 0, s, sizeof(*s)) == VR_OK ? PASS
								      : test_fail("%s", test_error(&k));
}

static int machine(const char *kind, const uint8_t *guest, size_t size)
{
	int result = test_open(&k, 1, kind, guest, size, MODE_LONG);

	k.now = NOW;
	return result;
}

/* ---- survival -------------------------------------------------------------------------------- */

static int survive(const char *kind, const char *id)
{
	uint64_t seed = 11;
	int result;

	TRY(machine(kind, GUEST_OF(msi)));
	for (uint32_t round = 0; round < ROUNDS; round++) {
		union any in, out;

		memset(&in, 0, sizeof(in));
		random_pc(id, 0, NOW, &seed, &in);
		normal(id, &in, &seed);
		TRY(set(id, &in));
		TRY(get(id, &out));
		if (round == 0 && strcmp(id, VR_STATE_X86_PIT_ID) == 0 && in.pit.speaker != out.pit.speaker)
			in.pit.speaker = out.pit.speaker; /* kernels before 5.19 */
		TRY(same_but_for_time(id, &in, &out));
	}
out:
	test_close(&k);
	return result;
}

static int survive_pic(void)
{
	return survive("full", VR_STATE_X86_PIC_ID);
}

static int survive_ioapic(void)
{
	return survive("full", VR_STATE_X86_IOAPIC_ID);
}

static int survive_pit(void)
{
	return survive("full", VR_STATE_X86_PIT_ID);
}

static int survive_lapic_full(void)
{
	return survive("full", VR_STATE_X86_LAPIC_ID);
}

static int survive_lapic_split(void)
{
	return survive("split", VR_STATE_X86_LAPIC_ID);
}

static int x2apic(void)
{
	union any s, out;
	int result;

	TRY(machine("split", GUEST_OF(msi)));
	TRY(get(VR_STATE_X86_LAPIC_ID, &s));
	s.lapic.apic_base |= 0x400;
	s.lapic.ldr = 1;
	s.lapic.icr[1] = 0x12345678;
	s.lapic.irr[2] = 4;
	if (chip->set_state(k.self, VR_STATE_X86_LAPIC_ID, 0, &s, sizeof(s)) < 0) {
		result = test_skip("no x2APIC mode here: %s", test_error(&k));
		goto out;
	}
	TRY(get(VR_STATE_X86_LAPIC_ID, &out));
	TRY(same_but_for_time(VR_STATE_X86_LAPIC_ID, &s, &out));
	k.error_code = 0;
	s.lapic.id = 1;
	s.lapic.ldr = 2;
	CHECK(chip->set_state(k.self, VR_STATE_X86_LAPIC_ID, 0, &s, sizeof(s)) == VR_E_UNSUPPORTED, "id");
out:
	test_close(&k);
	return result;
}

/* ---- what is refused ------------------------------------------------------------------------- */

static int refused(void)
{
	union any s;
	int result;

	TRY(machine("split", GUEST_OF(msi)));
	CHECK(chip->get_state(k.self, VR_STATE_X86_PIC_ID, 0, &s, sizeof(s)) == VR_E_NOENT, "no 8259 here");
	CHECK(chip->get_state(k.self, VR_STATE_X86_CMOS_ID, 0, &s, sizeof(s)) == VR_E_NOENT, "nor a clock");
	CHECK(chip->get_state(k.self, VR_STATE_X86_LAPIC_ID, 1, &s, sizeof(s)) == VR_E_RANGE, "one vCPU");
	k.error_code = 0;
	CHECK(chip->get_state(k.self, VR_STATE_X86_LAPIC_ID, 0, &s, 8) == VR_E_INVAL, "eight bytes");
	CHECK(strstr(test_error(&k), "lapic"), "%s", test_error(&k));
	TRY(get(VR_STATE_X86_LAPIC_ID, &s));
	s.lapic.timer_divide = 0x10;
	k.error_code = 0;
	CHECK(chip->set_state(k.self, VR_STATE_X86_LAPIC_ID, 0, &s, sizeof(s)) == VR_E_INVAL, "timer_divide");
	CHECK(strstr(test_error(&k), "timer_divide"), "%s", test_error(&k));
	test_close(&k);
	TRY(machine("full", GUEST_OF(msi)));
	TRY(get(VR_STATE_X86_PIC_ID, &s));
	s.pic.chip[1].icw1 |= 8;
	s.pic.chip[1].irr = s.pic.chip[1].input;
	CHECK(chip->set_state(k.self, VR_STATE_X86_PIC_ID, 0, &s, sizeof(s)) == VR_E_UNSUPPORTED, "LTIM");
	CHECK(strstr(test_error(&k), "chip[1].icw1"), "%s", test_error(&k));
	test_close(&k);
	TRY(machine("none", GUEST_OF(msi)));
	CHECK(chip->get_state(k.self, VR_STATE_X86_LAPIC_ID, 0, &s, sizeof(s)) == VR_E_NOENT, "nothing here");
out:
	test_close(&k);
	return result;
}

/* Any bytes: the kernel is given nothing that it should not get. */
static int any_bytes(void)
{
	static const char *const ids[] = {VR_STATE_X86_PIC_ID, VR_STATE_X86_IOAPIC_ID, VR_STATE_X86_LAPIC_ID,
					  VR_STATE_X86_PIT_ID};
	uint64_t seed = 12;
	uint32_t taken = 0;
	int result;

	TRY(machine("full", GUEST_OF(msi)));
	for (uint32_t round = 0; round < 4000; round++) {
		const char *id = ids[round % 4];
		union any s;

		memset(&s, 0, sizeof(s));
		random_pc(id, 0, NOW, &seed, &s);
		for (uint64_t n = random_next(&seed) % 4; n; n--)
			((uint8_t *)&s)[4 + random_next(&seed) % (s.size - 4)] ^=
				(uint8_t)(1u << (random_next(&seed) & 7));
		taken += chip->set_state(k.self, id, 0, &s, sizeof(s)) == VR_OK;
	}
	CHECK(taken > 100 && taken < 3900, "%u of 4000 were taken", taken);
out:
	test_close(&k);
	return result;
}

/* ---- the board's ----------------------------------------------------------------------------- */

static struct vr_plugin_instance board_self;
static struct vr_fake_host *d;
static struct vr_board *board;

static int board_make(void)
{
	struct vr_board_config c = {
		.size = sizeof(c), .vcpu_count = 1, .ram_size = 2 << 20, .arch = "x86_64"};

	d = fake_new_pc(1);
	d->now = NOW;
	board_self.host = d->host;
	return board_pc.create((struct vr_plugin_self *)&board_self, &c, &board) == VR_OK
		       ? PASS
		       : test_fail("%s", d->error_text);
}

static void board_drop(void)
{
	if (board)
		board_pc.destroy(board);
	if (d)
		fake_free(d);
	board = NULL;
	d = NULL;
}

static int to_board(const char *id, const union any *s)
{
	return board_pc.set_state(board, id, 0, s, sizeof(*s)) == VR_OK
		       ? PASS
		       : test_fail("board: %s", d->error_text);
}

static int from_board(const char *id, union any *s)
{
	memset(s, 0, sizeof(*s));
	return board_pc.get_state(board, id, 0, s, sizeof(*s)) == VR_OK
		       ? PASS
		       : test_fail("board: %s", d->error_text);
}

/* Kernel, board, kernel. */
static int there_and_back(void)
{
	static const char *const ids[] = {VR_STATE_X86_PIC_ID, VR_STATE_X86_IOAPIC_ID, VR_STATE_X86_LAPIC_ID,
					  VR_STATE_X86_PIT_ID};
	uint64_t seed = 13;
	int result;

	TRY(machine("full", GUEST_OF(msi)));
	TRY(board_make());
	/* The 8254 last: it then drives the others. */
	for (uint32_t round = 0; round < 2000; round++) {
		const char *id = ids[round / 500];
		union any in, first, second, last;

		memset(&in, 0, sizeof(in));
		random_pc(id, 0, NOW, &seed, &in);
		normal(id, &in, &seed);
		if (strcmp(id, VR_STATE_X86_LAPIC_ID) == 0)
			in.lapic.svr &= 0x3ff;
		TRY(set(id, &in));
		TRY(get(id, &first));
		TRY(to_board(id, &first));
		TRY(from_board(id, &second));
		CHECK(memcmp(&first, &second, first.size) == 0, "%s: the board changed it", id);
		TRY(set(id, &second));
		TRY(get(id, &last));
		normal(id, &second, &seed); /* of the timers only what survives */
		if (strcmp(id, VR_STATE_X86_LAPIC_ID) == 0) {
			second.lapic.timer_initial = first.lapic.timer_initial;
			second.lapic.timer_divide = first.lapic.timer_divide;
			second.lapic.timer_deadline = first.lapic.timer_deadline;
		}
		TRY(same_but_for_time(id, &second, &last));
	}
out:
	board_drop();
	test_close(&k);
	return result;
}

/* ---- a guest that is moved ------------------------------------------------------------------- */

static struct vr_state_x86 cpu;
static uint8_t memory[RAM_SIZE];

static void stop_here(struct test_vm *m, uint32_t vcpu)
{
	atomic_store(&m->stopped, 1);
	m->accel->vcpu_kick(m->vcpu[vcpu]);
}

/* Runs a guest up to its write to PORT_LOG and takes it. */
static int take(const char *kind, const uint8_t *guest, size_t size, union any *lapic)
{
	int result;

	TRY(machine(kind, guest, size));
	k.on_log = stop_here;
	TRY(test_run(&k));
	TRY(test_get(&k, 0, &cpu));
	TRY(get(VR_STATE_X86_LAPIC_ID, lapic));
	memcpy(memory, k.ram, RAM_SIZE);
out:
	return result;
}

static int put(const char *kind)
{
	int result;

	test_close(&k);
	TRY(machine(kind, GUEST_OF(spin)));
	memcpy(k.ram, memory, RAM_SIZE);
	cpu.flags &= ~VR_X86_HAS_LAPIC;
	TRY(test_set(&k, 0, &cpu));
out:
	return result;
}

static int moved(const char *from, const char *to)
{
	union any lapic;
	int result;

	TRY(take(from, GUEST_OF(tick), &lapic));
	CHECK(lapic.lapic.timer_deadline > NOW && lapic.lapic.timer_deadline <= NOW + 100000000,
	      "the timer: %llu", (unsigned long long)lapic.lapic.timer_deadline);
	TRY(put(to));
	TRY(set(VR_STATE_X86_LAPIC_ID, &lapic));
	TRY(test_expect(&k, 0x600d0018));
	CHECK(test_u32(&k, 0) == 1 && test_u32(&k, 4) == 0, "%u interrupts, %u left", test_u32(&k, 0),
	      test_u32(&k, 4));
out:
	test_close(&k);
	return result;
}

static int full_to_split(void)
{
	return moved("full", "split");
}

static int split_to_full(void)
{
	return moved("split", "full");
}

/* The buses of vm_host.c, which lead to the board's controllers; the pin goes the other way. */
static void pin_follows(struct test_vm *m)
{
	m->accel->vcpu_set_pin(m->vcpu[0], VR_X86_PIN_INTR, d->vcpu[0].pin[VR_X86_PIN_INTR]);
}

static int32_t board_bus(struct test_vm *m, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
			 bool is_write, uint64_t *value)
{
	if (!vr_fake_host_attached(d, space, address))
		return VR_E_NOENT;
	if (is_write)
		fake_write(d, space, vcpu, address, width, *value);
	else
		*value = fake_read(d, space, vcpu, address, width);
	pin_follows(m);
	return VR_OK;
}

/* The guest sleeps: guest time passes. */
static void sleeps(struct test_vm *m, uint32_t vcpu)
{
	vr_fake_host_advance(d, 10000000);
	m->now = d->now;
	pin_follows(m);
	((const struct vr_host_thread *)m->host.query(&m->host, VR_THREAD_ID))->unpark(&m->host, vcpu);
}

static int to_software(void)
{
	union any lapic;
	int result;

	TRY(take("full", GUEST_OF(tick), &lapic));
	TRY(board_make());
	TRY(put("none"));
	k.on_bus = board_bus;
	k.on_park = sleeps;
	TRY(to_board(VR_STATE_X86_LAPIC_ID, &lapic));
	TRY(test_expect(&k, 0x600d0018));
	CHECK(test_u32(&k, 0) == 1 && test_u32(&k, 4) == 0, "%u interrupts, %u left", test_u32(&k, 0),
	      test_u32(&k, 4));
out:
	test_close(&k);
	board_drop();
	return result;
}

static int from_software(void)
{
	union any lapic;
	int result;

	TRY(machine("none", GUEST_OF(tick)));
	TRY(board_make());
	k.on_bus = board_bus;
	k.on_log = stop_here;
	TRY(test_run(&k));
	TRY(test_get(&k, 0, &cpu));
	TRY(from_board(VR_STATE_X86_LAPIC_ID, &lapic));
	memcpy(memory, k.ram, RAM_SIZE);
	TRY(put("split"));
	TRY(set(VR_STATE_X86_LAPIC_ID, &lapic));
	TRY(test_expect(&k, 0x600d0018));
out:
	test_close(&k);
	board_drop();
	return result;
}

/* A message is pending when the guest is moved: it gets it there. */
static int pending(void)
{
	union any lapic;
	int result;

	TRY(take("full", GUEST_OF(tick), &lapic));
	lapic.lapic.timer_initial = 0;
	lapic.lapic.timer_deadline = VR_STATE_NO_DEADLINE;
	lapic.lapic.irr[VECTOR / 32] |= 1u << VECTOR % 32;
	TRY(put("split"));
	TRY(set(VR_STATE_X86_LAPIC_ID, &lapic));
	TRY(test_expect(&k, 0x600d0018));
out:
	test_close(&k);
	return result;
}

/* ---- the interval timer's two inputs ---- */

static int pit_inputs(void)
{
	int result;

	TRY(machine("full", GUEST_OF(pit)));
	TRY(test_expect(&k, 0x600d0019));
out:
	test_close(&k);
	return result;
}

/* ---- ends of interrupts ---------------------------------------------------------------------- */

static void send_level(struct test_vm *m, uint32_t vcpu)
{
	(void)vcpu;
	chip->msi(m->self, 0xfee00000, 0xc000 | VECTOR);
}

static int end_of_level(void)
{
	int result;

	TRY(machine("split", GUEST_OF(msi)));
	CHECK(chip->route(k.self, 24, 0xfee00000, 0xc000 | VECTOR) == VR_E_RANGE, "24 inputs");
	CHECK(chip->route(k.self, 5, 0xfee00000, 0xc000 | 0x99) == VR_OK, "%s", test_error(&k));
	CHECK(chip->route(k.self, 5, 0xfee00000, 0xc000 | VECTOR) == VR_OK, "%s", test_error(&k));
	k.on_log = send_level;
	TRY(test_expect(&k, 0x600d0013));
	CHECK(k.eois == 2 && k.eoi_vector == VECTOR, "%u ends of 0x%x", k.eois, k.eoi_vector);
	test_close(&k);
	TRY(machine("full", GUEST_OF(msi)));
	CHECK(chip->route(k.self, 5, 0xfee00000, 0xc000 | VECTOR) == VR_E_STATE, "KVM's own I/O APIC");
out:
	test_close(&k);
	return result;
}

int main(void)
{
	static const struct test_case tests[] = {
		{"8259s survive", survive_pic},
		{"I/O APIC survives", survive_ioapic},
		{"8254 survives", survive_pit},
		{"local APIC survives, full", survive_lapic_full},
		{"local APIC survives, split", survive_lapic_split},
		{"x2APIC mode", x2apic},
		{"refused", refused},
		{"any bytes", any_bytes},
		{"kernel, board, kernel", there_and_back},
		{"guest moved: full to split", full_to_split},
		{"guest moved: split to full", split_to_full},
		{"guest moved: full to the board's", to_software},
		{"guest moved: the board's to split", from_software},
		{"guest moved: an interrupt pending", pending},
		{"full: the interval timer's inputs", pit_inputs},
		{"split: ends of level-triggered interrupts", end_of_level},
	};

	return test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
