/* SPDX-License-Identifier: MIT */
/*
 * state.c: canonical states of the arm64 board: they survive set and get, a running machine goes on in
 * another board as it would have gone on, and a state that is none is refused and harms nothing.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <vmrun/board.h>
#include <vmrun/plugin.h>
#include <vmrun/state_virt.h>

#include "../../plugins/board-virt/gic.h"
#include "../../plugins/board-virt/map.h"
#include "../fake_host/machine.h"
#include "../fake_host/random_pc.h"

#define MIB (1ull << 20)
#define VCPUS 3u
#define ICC(crm, op2) VR_A64_SYSREG(3, 0, 12, crm, op2)
#define PMR VR_A64_SYSREG(3, 0, 4, 6, 0)
#define GICD(offset) (A64_GICD_BASE + (offset))
#define GICR(vcpu, offset) (A64_GICR_BASE + (vcpu)*A64_GICR_STRIDE + (offset))
#define SGI(vcpu, offset) GICR(vcpu, 0x10000 + (offset))
#define IRQ 0
#define FIQ 1

static struct machine m[2];

static void make(struct machine *a)
{
	*a = machine_make(fake_new(FAKE_RAM_BASE, 128 * MIB, VCPUS), "board-virt", "arm64", 128 * MIB);
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
	uint32_t size;
	uint8_t bytes[16384];
	struct vr_state_gic_dist dist;
	struct vr_state_gic_cpu cpu;
	struct vr_state_pl031 pl031;
} any_state;

static int32_t get(struct machine *a, const char *id, uint32_t index, any_state *s)
{
	return machine_get(a, id, index, s, sizeof(*s));
}

static int32_t set(struct machine *a, const char *id, uint32_t index, const any_state *s)
{
	return machine_set(a, id, index, s, sizeof(*s));
}

/* ---- random ones ---- */

static void random_bank(struct vr_gic_bank_state *b, uint64_t *seed, int private)
{
	b->group = (uint32_t)random_next(seed);
	b->enable = (uint32_t)random_next(seed);
	b->latch = (uint32_t)random_next(seed);
	b->line = (uint32_t)random_next(seed) & (private ? 0xffff0000 : ~0u);
	b->edge = private ? 0xffff : (uint32_t)random_next(seed);
	b->active = (uint32_t)random_next(seed);
	for (uint32_t i = 0; i < 32; i++)
		b->priority[i] = random_next(seed) & 0xf8;
}

static void make_random(const struct vr_board_state *w, uint64_t *seed, any_state *s)
{
	memset(s, 0, sizeof(*s));
	s->size = w->length;
	if (strcmp(w->id, VR_STATE_GIC_DIST_ID) == 0) {
		s->dist.ctlr = random_next(seed) & 3;
		s->dist.spi_banks = GIC_SPI_BANKS;
		for (uint32_t i = 0; i < GIC_SPI_BANKS; i++)
			random_bank(&s->dist.spi[i], seed, 0);
		for (uint32_t i = 0; i < GIC_SPIS; i++)
			s->dist.router[i] = random_next(seed) & (random_next(seed) & 1 ? 3 : 0xff00ffffff);
	} else if (strcmp(w->id, VR_STATE_GIC_CPU_ID) == 0) {
		s->cpu.affinity = w->index;
		random_bank(&s->cpu.bank, seed, 1);
		s->cpu.sleeping = random_next(seed) & 1;
		s->cpu.pmr = random_next(seed) & 0xf8;
		for (uint32_t i = 0; i < 2; i++) {
			s->cpu.bpr[i] = 3 + (uint32_t)(random_next(seed) % 5);
			s->cpu.igrpen[i] = random_next(seed) & 1;
			s->cpu.ap[i] = (uint32_t)random_next(seed);
		}
		s->cpu.cbpr = random_next(seed) & 1;
		s->cpu.eoimode = random_next(seed) & 1;
	} else {
		s->pl031.offset = (uint32_t)random_next(seed);
		s->pl031.match = (uint32_t)random_next(seed);
		s->pl031.load = (uint32_t)random_next(seed);
		s->pl031.imsc = random_next(seed) & 1;
		s->pl031.ris = random_next(seed) & 1;
		s->pl031.armed = random_next(seed) & 1;
	}
}

Test(state, random_states_survive)
{
	uint64_t seed = 1;

	cr_expect_eq(machine_states(&m[0]), VCPUS + 2);
	for (uint32_t i = 0; i < machine_states(&m[0]); i++) {
		struct vr_board_state w = machine_state_at(&m[0], i);

		for (uint32_t round = 0; round < 10000; round++) {
			any_state in, out;

			make_random(&w, &seed, &in);
			cr_assert_eq(set(&m[0], w.id, w.index, &in), VR_OK, "%s: %s", w.id,
				     m[0].d->error_text);
			cr_assert_eq(get(&m[0], w.id, w.index, &out), VR_OK);
			cr_assert_arr_eq(&in, &out, w.length, "%s %u, round %u", w.id, w.index, round);
		}
	}
	vr_fake_host_advance(m[0].d, 1000000000ull);
}

/* ---- refused ---- */

#define FIELD(kind, ID, member, value, code, word)                                                           \
	{                                                                                                    \
		ID, offsetof(struct vr_state_##kind, member), sizeof(((struct vr_state_##kind *)0)->member), \
			value, code, word                                                                    \
	}
static const struct {
	const char *id;
	size_t offset, width;
	uint64_t value;
	int32_t code;
	const char *word;
} refused[] = {
	FIELD(gic_dist, VR_STATE_GIC_DIST_ID, size, 8, VR_E_INVAL, "size"),
	FIELD(gic_dist, VR_STATE_GIC_DIST_ID, ctlr, 4, VR_E_INVAL, "ctlr"),
	FIELD(gic_dist, VR_STATE_GIC_DIST_ID, spi_banks, 32, VR_E_INVAL, "spi_banks"),
	FIELD(gic_dist, VR_STATE_GIC_DIST_ID, spi_banks, 7, VR_E_UNSUPPORTED, "spi_banks"),
	FIELD(gic_dist, VR_STATE_GIC_DIST_ID, spi[3].priority[9], 1, VR_E_INVAL, "spi[3].priority[9]"),
	FIELD(gic_dist, VR_STATE_GIC_DIST_ID, router[17], 1ull << 31, VR_E_INVAL, "router[17]"),
	FIELD(gic_cpu, VR_STATE_GIC_CPU_ID, affinity, 1, VR_E_UNSUPPORTED, "affinity"),
	FIELD(gic_cpu, VR_STATE_GIC_CPU_ID, bank.edge, 0, VR_E_INVAL, "bank.edge"),
	FIELD(gic_cpu, VR_STATE_GIC_CPU_ID, bank.line, 1, VR_E_INVAL, "bank.line"),
	FIELD(gic_cpu, VR_STATE_GIC_CPU_ID, pmr, 1, VR_E_INVAL, "pmr"),
	FIELD(gic_cpu, VR_STATE_GIC_CPU_ID, bpr[1], 8, VR_E_INVAL, "bpr[1]"),
	FIELD(gic_cpu, VR_STATE_GIC_CPU_ID, bpr[0], 0, VR_E_INVAL, "bpr[0]"),
	FIELD(gic_cpu, VR_STATE_GIC_CPU_ID, igrpen[0], 2, VR_E_INVAL, "igrpen[0]"),
	FIELD(pl031, VR_STATE_PL031_ID, armed, 2, VR_E_INVAL, "armed"),
};

Test(state, refused_names_the_field)
{
	any_state s, before, after;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		cr_assert_eq(get(&m[0], refused[i].id, 0, &before), VR_OK);
		s = before;
		memcpy(s.bytes + refused[i].offset, &refused[i].value, refused[i].width);
		cr_expect_eq(set(&m[0], refused[i].id, 0, &s), refused[i].code, "%s", refused[i].word);
		cr_expect(strstr(m[0].d->error_text, refused[i].word), "%s: %s", refused[i].word,
			  m[0].d->error_text);
		cr_assert_eq(get(&m[0], refused[i].id, 0, &after), VR_OK);
		cr_expect_arr_eq(&before, &after, sizeof(after));
	}
	cr_expect_eq(get(&m[0], "vmrun.state.x86.pic/1", 0, &s), VR_E_NOENT);
	cr_expect_eq(set(&m[0], VR_STATE_GIC_CPU_ID, VCPUS, &s), VR_E_RANGE);
	cr_expect_eq(m[0].b->get_state(m[0].board, VR_STATE_PL031_ID, 0, &s, 8), VR_E_INVAL);
}

Test(state, any_bytes)
{
	uint64_t seed = 2;

	for (uint32_t round = 0; round < 4000; round++) {
		struct vr_board_state w = machine_state_at(&m[0], round % machine_states(&m[0]));
		any_state s;

		make_random(&w, &seed, &s);
		for (uint64_t n = random_next(&seed) % 3; n; n--)
			s.bytes[4 + random_next(&seed) % (w.length - 4)] ^=
				(uint8_t)(1u << (random_next(&seed) & 7));
		(void)set(&m[0], w.id, w.index, &s);
		for (uint32_t v = 0; v < VCPUS; v++) {
			uint64_t intid = fake_read(m[0].d, VR_SPACE_SYSREG, v, ICC(12, 0), 8);

			fake_write(m[0].d, VR_SPACE_SYSREG, v, ICC(12, 1), 8, intid);
		}
		vr_fake_host_advance(m[0].d, 10000000);
	}
}

/* ---- the pair ---- */

static void same(const char *when)
{
	for (uint32_t v = 0; v < VCPUS; v++)
		for (uint32_t pin = 0; pin < 2; pin++)
			cr_assert_eq(m[0].d->vcpu[v].pin[pin], m[1].d->vcpu[v].pin[pin],
				     "%s: pin %u of vCPU %u", when, pin, v);
	machine_same(&m[0], &m[1], when);
}

static uint32_t iar(uint32_t vcpu)
{
	uint64_t a = fake_read(m[0].d, VR_SPACE_SYSREG, vcpu, ICC(12, 0), 8);
	uint64_t b = fake_read(m[1].d, VR_SPACE_SYSREG, vcpu, ICC(12, 0), 8);

	cr_assert_eq(a, b, "the same interrupt");
	return (uint32_t)a;
}

static void eoir(uint32_t vcpu, uint32_t intid)
{
	for (int i = 0; i < 2; i++)
		fake_write(m[i].d, VR_SPACE_SYSREG, vcpu, ICC(12, 1), 8, intid);
}

static void line(struct vr_fake_host *d, uint32_t intid, uint32_t level)
{
	vr_fake_host_set_line(d, intid, level);
}

Test(state, running_machine)
{
	struct vr_fake_host *d = m[0].d;

	fake_w32(d, GICD(0), GICD_CTLR_ENABLE_GRP1 | GICD_CTLR_ARE);
	for (uint32_t i = 32; i < GIC_INTIDS; i += 32) {
		fake_w32(d, GICD(0x80 + i / 8), 0xffffffff);
		fake_w32(d, GICD(0x100 + i / 8), 0xffffffff);
	}
	for (uint32_t i = 32; i < GIC_INTIDS; i += 4)
		fake_w32(d, GICD(0x400 + i), 0xa0a0a0a0);
	for (uint32_t v = 0; v < VCPUS; v++) {
		fake_w32(d, GICR(v, 0x14), 0);
		fake_w32(d, SGI(v, 0x80), 0xffffffff);
		fake_w32(d, SGI(v, 0x100), 0xffffffff);
		fake_write(d, VR_SPACE_SYSREG, v, PMR, 8, 0xf0);
		fake_write(d, VR_SPACE_SYSREG, v, ICC(12, 7), 8, 1);
	}
	fake_write(d, VR_SPACE_MMIO, 0, GICD(0x6000 + 8 * 50), 8, 1); /* SPI of INTID 50 to vCPU 1 */
	fake_w32(d, GICD(0x400 + 52), 0x40404040);
	fake_w32(d, GICD(0xc00 + 13), 0); /* not aligned: nothing */
	line(d, 50, 1);
	cr_assert_eq(fake_read(d, VR_SPACE_SYSREG, 1, ICC(12, 0), 8), 50); /* in service, and still high */
	line(d, 40, 1);                                                    /* pending on vCPU 0 */
	fake_write(d, VR_SPACE_SYSREG, 0, ICC(11, 5), 8, 5ull << 24 | 4);  /* SGI 5 to vCPU 2 */
	cr_assert_eq(d->vcpu[2].pin[IRQ], 1);
	fake_w32(d, A64_RTC_BASE + 0x10, 1); /* an alarm in two seconds */
	fake_w32(d, A64_RTC_BASE + 4, fake_r32(d, A64_RTC_BASE) + 2);
	vr_fake_host_advance(d, 1300000000ull);
	machine_move(&m[0], &m[1], 0);
	same("moved");
	cr_expect_eq(iar(0), 40);
	cr_expect_eq(iar(2), 5);
	same("acknowledged");
	eoir(1, 50);
	same("ended, still high");
	cr_expect_eq(iar(1), 50);
	for (int i = 0; i < 2; i++) {
		line(m[i].d, 50, 0);
		line(m[i].d, 40, 0);
	}
	eoir(1, 50);
	eoir(0, 40);
	eoir(2, 5);
	same("over");
	for (uint32_t i = 0; i < 10; i++) {
		vr_fake_host_advance(m[0].d, 150000000);
		vr_fake_host_advance(m[1].d, 150000000);
		same("time passes");
	}
	cr_expect_eq(iar(0), A64_LINE_RTC, "the alarm");
	same("the alarm");
}
