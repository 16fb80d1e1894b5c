/* SPDX-License-Identifier: MIT */
/*
 * irqchip_state_x86.c: the interrupt controllers and timers that KVM has, out of and into their canonical
 * states (state_pc.h): KVM_GET/SET_IRQCHIP (KVM API 4.26, 4.27), KVM_GET/SET_LAPIC (4.57, 4.58),
 * KVM_GET/SET_PIT2 (4.72, 4.73).
 *
 * What KVM does not keep, or does not tell, and what becomes of it:
 *  - 8259: of ICW1 only whether ICW4 comes, of ICW4 automatic EOI and special fully nested mode. An 8259 that
 * ICW1 made level-triggered as a whole can't be had: VR_E_UNSUPPORTED.
 *  - I/O APIC: the level of an edge-triggered pin. Setting one that is high would be an edge, so it is left
 * out.
 *  - 8254: how far channel 0 has counted, and whether a one-shot has run out. It begins its count anew when
 * the state is got and when it is set. The interrupt line always rests low: KVM pulses it.
 *  - Local APIC: whether the interrupt of a one-shot timer that ran out is still on its way to the registers.
 * Such a timer counts as due now: one interrupt too many, rather than one too few.
 */
#include <board/state_pc.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "arch_x86.h"

#define MSR_APIC_BASE 0x1bu
#define X2APIC (1ull << 10)

#define ICW1 0x10u
#define ICW1_ICW4 0x01u
#define ICW1_SINGLE 0x02u
#define ICW1_LEVEL 0x08u
#define ICW4_8086 0x01u
#define ICW4_AUTO_EOI 0x02u
#define ICW4_SFNM 0x10u
#define SLAVE_INPUT 0x04u

#define RED_LEVEL (1ull << 15)
#define IOAPIC_BASE 0xfec00000u

static int32_t failed(const struct kvmp_vm *vm, const char *what)
{
	int e = errno;

	return kvmp_error(vm->host, kvmp_code_of(e), "kvm: %s: %s", what, strerror(e));
}

static int32_t now(const struct kvmp_vm *vm, uint64_t *ns)
{
	const struct vr_host_timer *t = vm->host->query(vm->host, VR_TIMER_ID);

	if (!VR_HAS(t, now))
		return kvmp_error(vm->host, VR_E_UNSUPPORTED,
				  "kvm: this vmrun offers no " VR_TIMER_ID ", which a timer's state needs");
	*ns = t->now(vm->host);
	return VR_OK;
}

/* ---- 8259s ----------------------------------------------------------------------------------------- */

static int32_t pic_get(struct kvmp_vm *vm, uint32_t index, void *state)
{
	struct vr_state_x86_pic *s = state;

	(void)index;
	for (uint32_t i = 0; i < 2; i++) {
		struct kvm_irqchip c = {.chip_id = i ? KVM_IRQCHIP_PIC_SLAVE : KVM_IRQCHIP_PIC_MASTER};
		const struct kvm_pic_state *k = &c.chip.pic;
		uint8_t mine = (uint8_t)(i ? 0xff : ~SLAVE_INPUT), level;

		if (kvmp_ioctl(vm->fd, KVM_GET_IRQCHIP, &c) < 0)
			return failed(vm, "KVM_GET_IRQCHIP");
		level = k->elcr & k->elcr_mask;
		s->chip[i] = (struct vr_x86_pic_chip){
			.irr = (uint8_t)(((k->irr & ~level) | (k->last_irr & level)) & mine),
			.isr = k->isr,
			.imr = k->imr,
			.input = k->last_irr & mine,
			.elcr = level,
			.icw1 = (uint8_t)(ICW1 | (k->init4 ? ICW1_ICW4 : 0)),
			.icw2 = k->irq_base & 0xf8,
			.icw4 = (uint8_t)(ICW4_8086 | (k->auto_eoi ? ICW4_AUTO_EOI : 0) |
					  (k->special_fully_nested_mode ? ICW4_SFNM : 0)),
			.expect = (uint8_t)(k->init_state ? (k->init_state & 3) + 1 : 0),
			.lowest = (k->priority_add + 7) & 7,
			.read_isr = k->read_reg_select & 1,
			.poll = k->poll != 0,
			.special_mask = k->special_mask != 0,
			.rotate_auto = k->rotate_on_auto_eoi != 0,
		};
	}
	return VR_OK;
}

static int32_t pic_possible(const struct kvmp_vm *vm, const struct vr_state_x86_pic *s)
{
	for (uint32_t i = 0; i < 2; i++)
		if ((s->chip[i].icw1 & ICW1_LEVEL) ||
		    (s->chip[i].expect == 2 && (s->chip[i].icw1 & ICW1_SINGLE)))
			return kvmp_error(
				vm->host, VR_E_UNSUPPORTED,
				"kvm: pic state: chip[%u].icw1 is 0x%02x: KVM's is neither level-triggered "
				"as a whole nor alone",
				i, s->chip[i].icw1);
	return VR_OK;
}

static int32_t pic_set(struct kvmp_vm *vm, uint32_t index, const void *state)
{
	static const uint8_t elcr_mask[2] = {0xf8, 0xde};
	const struct vr_state_x86_pic *s = state;
	int32_t rc = pic_possible(vm, s);

	(void)index;
	for (uint32_t i = 0; i < 2 && rc == VR_OK; i++) {
		const struct vr_x86_pic_chip *p = &s->chip[i];
		struct kvm_irqchip c = {.chip_id = i ? KVM_IRQCHIP_PIC_SLAVE : KVM_IRQCHIP_PIC_MASTER};

		c.chip.pic = (struct kvm_pic_state){
			/* Input 0 is KVM's own interval timer's, whose line rests low. */
			.last_irr = p->input & (i ? 0xff : 0xfe),
			.irr = p->irr,
			.imr = p->imr,
			.isr = p->isr,
			.priority_add = (p->lowest + 1) & 7,
			.irq_base = p->icw2,
			.read_reg_select = p->read_isr,
			.poll = p->poll,
			.special_mask = p->special_mask,
			.init_state = (uint8_t)(p->expect ? p->expect - 1 : 0),
			.auto_eoi = !!(p->icw4 & ICW4_AUTO_EOI),
			.rotate_on_auto_eoi = p->rotate_auto,
			.special_fully_nested_mode = !!(p->icw4 & ICW4_SFNM),
			.init4 = p->icw1 & ICW1_ICW4,
			.elcr = p->elcr,
			.elcr_mask = elcr_mask[i],
		};
		if (kvmp_ioctl(vm->fd, KVM_SET_IRQCHIP, &c) < 0)
			rc = failed(vm, "KVM_SET_IRQCHIP of an 8259");
	}
	return rc;
}

/* ---- I/O APIC ---------------------------------------------------------------------------------------- */

_Static_assert(KVM_IOAPIC_NUM_PINS == VR_X86_IOAPIC_PINS, "the same I/O APIC");

static int32_t ioapic_get(struct kvmp_vm *vm, uint32_t index, void *state)
{
	struct kvm_irqchip c = {.chip_id = KVM_IRQCHIP_IOAPIC};
	struct vr_state_x86_ioapic *s = state;

	(void)index;
	if (kvmp_ioctl(vm->fd, KVM_GET_IRQCHIP, &c) < 0)
		return failed(vm, "KVM_GET_IRQCHIP");
	s->id = c.chip.ioapic.id & 15;
	s->select = c.chip.ioapic.ioregsel & 0xff;
	s->input = c.chip.ioapic.irr & 0xffffff;
	for (uint32_t i = 0; i < VR_X86_IOAPIC_PINS; i++) {
		uint64_t r = c.chip.ioapic.redirtbl[i].bits & 0xff0000000001efff;

		s->redirection[i] = r & RED_LEVEL ? r : r & ~(1ull << 14);
	}
	return VR_OK;
}

static int32_t ioapic_set(struct kvmp_vm *vm, uint32_t index, const void *state)
{
	const struct vr_state_x86_ioapic *s = state;
	struct kvm_irqchip c = {.chip_id = KVM_IRQCHIP_IOAPIC};

	(void)index;
	c.chip.ioapic.base_address = IOAPIC_BASE;
	c.chip.ioapic.id = s->id;
	c.chip.ioapic.ioregsel = s->select;
	for (uint32_t i = 0; i < VR_X86_IOAPIC_PINS; i++) {
		c.chip.ioapic.redirtbl[i].bits = s->redirection[i];
		if (s->redirection[i] & RED_LEVEL)
			c.chip.ioapic.irr |= s->input & 1u << i;
	}
	return kvmp_ioctl(vm->fd, KVM_SET_IRQCHIP, &c) < 0 ? failed(vm, "KVM_SET_IRQCHIP of the I/O APIC")
							   : VR_OK;
}

/* ---- 8254 ---------------------------------------------------------------------------------------------- */

#define RW_LOW 1u
#define RW_HIGH 2u
#define RW_BOTH 3u /* the low byte is next; with one more, the high byte */

/* KVM's count_load_time is of this clock. */
static uint64_t host_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void channel_get(const struct kvm_pit_channel_state *k, uint64_t start, struct vr_x86_pit_channel *c)
{
	uint32_t rw = k->rw_mode >= RW_LOW && k->rw_mode <= RW_BOTH ? k->rw_mode : RW_BOTH;

	*c = (struct vr_x86_pit_channel){
		.start = start,
		.count = k->count && k->count <= 65536 ? k->count : 65536,
		.latch = k->latched_count,
		.mode = k->mode <= 5 ? k->mode : 0, /* 0xff: never programmed */
		.rw = (uint8_t)rw,
		.bcd = k->bcd != 0,
		.gate = k->gate != 0,
		.loaded = k->mode <= 5,
		.latched = k->count_latched != 0,
		.status_latched = k->status_latched != 0,
		.status = k->status,
		/* Of a latched count the high byte is what is left; else the reading goes by turns. */
		.read_high = rw == RW_BOTH &&
			     (k->count_latched ? k->count_latched == RW_HIGH : k->read_state == RW_BOTH + 1),
		.write_high = rw == RW_BOTH && k->write_state == RW_BOTH + 1,
		.write_low = k->write_latch,
	};
}

static int32_t pit_get(struct kvmp_vm *vm, uint32_t index, void *state)
{
	struct vr_state_x86_pit *s = state;
	struct kvm_pit_state2 p;
	uint64_t t, host = host_ns();
	int32_t rc = now(vm, &t);

	(void)index;
	if (rc < 0)
		return rc;
	if (kvmp_ioctl(vm->fd, KVM_GET_PIT2, &p) < 0)
		return failed(vm, "KVM_GET_PIT2");
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t loaded = (uint64_t)p.channels[i].count_load_time;
		uint64_t ago = i && loaded < host ? host - loaded : 0;

		channel_get(&p.channels[i], ago < t ? t - ago : 0, &s->channel[i]);
	}
	s->channel[0].gate = s->channel[1].gate = 1;
#ifdef KVM_PIT_FLAGS_SPEAKER_DATA_ON
	s->speaker = !!(p.flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON);
#endif
	s->deadline = VR_STATE_NO_DEADLINE;
	if (s->channel[0].loaded && s->channel[0].mode != 1 && s->channel[0].mode != 5)
		s->deadline = t + vr_state_pit_ns(s->channel[0].count);
	return VR_OK;
}

static int32_t pit_set(struct kvmp_vm *vm, uint32_t index, const void *state)
{
	const struct vr_state_x86_pit *s = state;
	struct kvm_pit_state2 p = {.flags = 0};

	(void)index;
#ifdef KVM_PIT_FLAGS_SPEAKER_DATA_ON
	p.flags = s->speaker ? KVM_PIT_FLAGS_SPEAKER_DATA_ON : 0;
#endif
	for (uint32_t i = 0; i < 3; i++) {
		const struct vr_x86_pit_channel *c = &s->channel[i];

		p.channels[i] = (struct kvm_pit_channel_state){
			.count = c->count,
			.latched_count = c->latch,
			.count_latched = (uint8_t)(!c->latched                        ? 0
						   : c->rw == RW_BOTH && c->read_high ? RW_HIGH
										      : c->rw),
			.status_latched = c->status_latched,
			.status = c->status,
			.read_state = (uint8_t)(c->rw + (c->rw == RW_BOTH && c->read_high && !c->latched)),
			.write_state = (uint8_t)(c->rw + (c->rw == RW_BOTH && c->write_high)),
			.write_latch = c->write_low,
			.rw_mode = c->rw,
			.mode = c->mode,
			.bcd = c->bcd,
			.gate = c->gate,
		};
	}
	return kvmp_ioctl(vm->fd, KVM_SET_PIT2, &p) < 0 ? failed(vm, "KVM_SET_PIT2") : VR_OK;
}

/* ---- local APICs ----------------------------------------------------------------------------- */

/* Where a member is in the APIC page (SDM vol. 3 table 11-1), and which of its bits are state. */
static const struct {
	uint16_t offset, reg, count; /* count registers, 16 bytes apart */
	uint32_t mask;
} page[] = {
#define R(member, reg, mask)                                                                      \
	{                                                                                         \
		offsetof(struct vr_state_x86_lapic, member), reg,                                 \
			sizeof(((struct vr_state_x86_lapic *)0)->member) / sizeof(uint32_t), mask \
	}
	R(tpr, 0x080, 0xff),       R(ldr, 0x0d0, ~0u),           R(dfr, 0x0e0, ~0u),
	R(svr, 0x0f0, 0x13ff),     R(isr, 0x100, ~0u),           R(tmr, 0x180, ~0u),
	R(irr, 0x200, ~0u),        R(esr, 0x280, 0xff),          R(icr[0], 0x300, 0x000ccfff),
	R(icr[1], 0x310, ~0u),     R(lvt[0], 0x320, 0x700ff),    R(lvt[1], 0x330, 0x107ff),
	R(lvt[2], 0x340, 0x107ff), R(lvt[3], 0x350, 0x1a7ff),    R(lvt[4], 0x360, 0x1a7ff),
	R(lvt[5], 0x370, 0x100ff), R(timer_initial, 0x380, ~0u), R(timer_divide, 0x3e0, 0xb),
#undef R
};
#define PAGE_ID 0x020u
#define PAGE_CMCI 0x2f0u
#define PAGE_CURRENT 0x390u
#define LVT_MASKED (1u << 16)
#define LVT_MODE(v) ((v) >> 17 & 3)
#define LVT_PERIODIC 1u

static uint32_t load(const struct kvm_lapic_state *k, uint32_t reg)
{
	uint32_t value;

	memcpy(&value, k->regs + reg, sizeof(value));
	return value;
}

static void store(struct kvm_lapic_state *k, uint32_t reg, uint32_t value)
{
	memcpy(k->regs + reg, &value, sizeof(value));
}

static void page_to_state(const struct kvm_lapic_state *k, struct vr_state_x86_lapic *s)
{
	for (size_t i = 0; i < sizeof(page) / sizeof(page[0]); i++)
		for (uint32_t n = 0; n < page[i].count; n++) {
			uint32_t value = load(k, page[i].reg + 16 * n) & page[i].mask;

			memcpy((uint8_t *)s + page[i].offset + 4 * n, &value, sizeof(value));
		}
}

static void state_to_page(const struct vr_state_x86_lapic *s, struct kvm_lapic_state *k)
{
	for (size_t i = 0; i < sizeof(page) / sizeof(page[0]); i++)
		for (uint32_t n = 0; n < page[i].count; n++) {
			uint32_t value;

			memcpy(&value, (const uint8_t *)s + page[i].offset + 4 * n, sizeof(value));
			store(k, page[i].reg + 16 * n, value);
		}
}

static uint32_t bit_of(const uint32_t *set, uint32_t vector)
{
	return set[vector >> 5 & 7] >> (vector & 31) & 1;
}

/* The count as it is now, in times of guest time. */
static void timer_to_state(const struct kvm_lapic_state *k, uint64_t t, struct vr_state_x86_lapic *s)
{
	uint64_t divisor = vr_state_lapic_divisor(s->timer_divide);
	uint32_t current = load(k, PAGE_CURRENT), lvt = s->lvt[VR_X86_LVT_TIMER], vector = lvt & 0xff;

	if (current > s->timer_initial)
		current = s->timer_initial;
	s->timer_deadline = VR_STATE_NO_DEADLINE;
	s->timer_start = t - (uint64_t)(s->timer_initial - current) * divisor;
	if (!s->timer_initial || LVT_MODE(lvt) > LVT_PERIODIC)
		return;
	if (current)
		s->timer_deadline = t + current * divisor;
	else if (LVT_MODE(lvt) == LVT_PERIODIC)
		s->timer_deadline = t + s->timer_initial * divisor;
	else if (!(lvt & LVT_MASKED) && !bit_of(s->irr, vector) && !bit_of(s->isr, vector))
		s->timer_deadline = t;
}

static void timer_to_page(const struct vr_state_x86_lapic *s, uint64_t t, struct kvm_lapic_state *k)
{
	uint64_t divisor = vr_state_lapic_divisor(s->timer_divide);
	uint64_t ns = s->timer_deadline != VR_STATE_NO_DEADLINE && s->timer_deadline > t
			      ? s->timer_deadline - t
			      : 0;
	uint64_t left = (ns + divisor - 1) / divisor;

	store(k, PAGE_CURRENT, left < s->timer_initial ? (uint32_t)left : s->timer_initial);
}

static struct kvmp_vcpu *vcpu_of(const struct kvmp_vm *vm, uint32_t index, int32_t *rc)
{
	struct kvmp_vcpu *v = vm->vcpus[index];

	if (!v)
		*rc = kvmp_error(vm->host, VR_E_STATE, "kvm: lapic state: vCPU %u is not there yet", index);
	return v;
}

static int32_t startup_get(const struct kvmp_vm *vm, const struct kvmp_vcpu *v, struct vr_state_x86_lapic *s)
{
	struct kvm_mp_state m = {0};
	struct kvm_vcpu_events e = {0};

	if (kvmp_ioctl(v->fd, KVM_GET_MP_STATE, &m) < 0)
		return failed(vm, "KVM_GET_MP_STATE");
	if (m.mp_state == KVM_MP_STATE_UNINITIALIZED || m.mp_state == KVM_MP_STATE_INIT_RECEIVED)
		s->startup = VR_X86_STARTUP_WAITS;
	if (m.mp_state != KVM_MP_STATE_SIPI_RECEIVED)
		return VR_OK;
	if (kvmp_ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e) < 0)
		return failed(vm, "KVM_GET_VCPU_EVENTS");
	s->startup = VR_X86_STARTUP_SIPI;
	s->sipi_vector = e.sipi_vector & 0xff;
	return VR_OK;
}

static int32_t lapic_get(struct kvmp_vm *vm, uint32_t index, void *state)
{
	struct vr_state_x86_lapic *s = state;
	struct kvm_lapic_state k = {0};
	struct kvm_sregs sregs;
	uint64_t t;
	int32_t rc = now(vm, &t);
	const struct kvmp_vcpu *v = rc < 0 ? NULL : vcpu_of(vm, index, &rc);

	if (!v)
		return rc;
	rc = startup_get(vm, v, s); /* first: KVM then takes in an INIT or SIPI that is on its way */
	if (rc < 0)
		return rc;
	if (kvmp_ioctl(v->fd, KVM_GET_SREGS, &sregs) < 0)
		return failed(vm, "KVM_GET_SREGS");
	if (kvmp_ioctl(v->fd, KVM_GET_LAPIC, &k) < 0)
		return failed(vm, "KVM_GET_LAPIC");
	page_to_state(&k, s);
	s->apic_base = sregs.apic_base;
	s->id = load(&k, PAGE_ID) >> 24;
	s->dfr |= 0x0fffffff;
	if (!(s->apic_base & X2APIC)) {
		s->ldr &= 0xff000000;
		s->icr[1] &= 0xff000000;
	}
	timer_to_state(&k, t, s);
	return VR_OK;
}

/* The mode first: it says how the page is read. */
static int32_t base_set(const struct kvmp_vm *vm, const struct kvmp_vcpu *v, uint64_t base)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = {.head = {.nmsrs = 1}, .entry = {.index = MSR_APIC_BASE, .data = base}};

	if (kvmp_ioctl(v->fd, KVM_SET_MSRS, &m) == 1)
		return VR_OK;
	return kvmp_error(vm->host, VR_E_UNSUPPORTED, "kvm: lapic state: KVM refuses apic_base 0x%" PRIx64,
			  base);
}

static int32_t lapic_set(struct kvmp_vm *vm, uint32_t index, const void *state)
{
	const struct vr_state_x86_lapic *s = state;
	struct kvm_lapic_state k = {0};
	uint64_t t;
	int32_t rc = now(vm, &t);
	const struct kvmp_vcpu *v = rc < 0 ? NULL : vcpu_of(vm, index, &rc);

	if (!v)
		return rc;
	if ((s->apic_base & X2APIC) && s->id != index)
		return kvmp_error(vm->host, VR_E_UNSUPPORTED,
				  "kvm: lapic state: id is %u: in x2APIC mode it is the vCPU's number, %u",
				  s->id, index);
	rc = base_set(vm, v, s->apic_base);
	if (rc < 0)
		return rc;
	state_to_page(s, &k);
	store(&k, PAGE_ID, s->id << 24);
	store(&k, PAGE_CMCI, LVT_MASKED);
	timer_to_page(s, t, &k);
	/* A change into or out of TSC-deadline mode clears the counts; the second time there is none. */
	for (uint32_t i = 0; i < (s->timer_initial ? 2 : 1); i++)
		if (kvmp_ioctl(v->fd, KVM_SET_LAPIC, &k) < 0)
			return failed(vm, "KVM_SET_LAPIC");
	return VR_OK;
}

/* ---- vmrun.irqchip/1
 * ---------------------------------------------------------------------------------------- */

#define HAVE(kind) (1u << (kind))
static const struct part {
	const char *id;
	uint32_t with; /* VR_IRQCHIP_* that have it */
	uint32_t each_vcpu;
	int32_t (*get)(struct kvmp_vm *vm, uint32_t index, void *state);
	int32_t (*set)(struct kvmp_vm *vm, uint32_t index, const void *state);
} parts[] = {
	{VR_STATE_X86_LAPIC_ID, HAVE(VR_IRQCHIP_SPLIT) | HAVE(VR_IRQCHIP_FULL), 1, lapic_get, lapic_set},
	{VR_STATE_X86_PIC_ID, HAVE(VR_IRQCHIP_FULL), 0, pic_get, pic_set},
	{VR_STATE_X86_IOAPIC_ID, HAVE(VR_IRQCHIP_FULL), 0, ioapic_get, ioapic_set},
	{VR_STATE_X86_PIT_ID, HAVE(VR_IRQCHIP_FULL), 0, pit_get, pit_set},
};

static const struct part *find(const struct kvmp_vm *vm, const char *id, uint32_t index, int32_t *rc)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].id, id) != 0 || !(parts[i].with >> vm->irqchip & 1))
			continue;
		if (index < (parts[i].each_vcpu ? vm->vcpu_count : 1))
			return &parts[i];
		*rc = kvmp_error(vm->host, VR_E_RANGE, "kvm: %s: there is no number %u", id, index);
		return NULL;
	}
	*rc = kvmp_error(vm->host, VR_E_NOENT, "kvm: nothing in the kernel has a state \"%.64s\"", id);
	return NULL;
}

int32_t kvmp_arch_irqchip_get(struct kvmp_vm *vm, const char *id, uint32_t index, void *state,
			      uint32_t length)
{
	uint32_t size = vr_state_pc_size(id);
	int32_t rc;
	const struct part *p = find(vm, id, index, &rc);

	if (!p)
		return rc;
	rc = vr_state_pc_fits(vm->host, "kvm", id, length);
	if (rc < 0)
		return rc;
	memset(state, 0, size);
	memcpy(state, &size, sizeof(size));
	return p->get(vm, index, state);
}

int32_t kvmp_arch_irqchip_set(struct kvmp_vm *vm, const char *id, uint32_t index, const void *state,
			      uint32_t length)
{
	uint64_t t;
	int32_t rc;
	const struct part *p = find(vm, id, index, &rc);

	if (!p)
		return rc;
	rc = now(vm, &t);
	if (rc == VR_OK)
		rc = vr_state_pc_check(vm->host, "kvm", id, state, length, t);
	return rc < 0 ? rc : p->set(vm, index, state);
}
