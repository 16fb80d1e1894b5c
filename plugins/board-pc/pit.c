/* SPDX-License-Identifier: MIT */
/*
 * pit.c: three counters that are never counted: what they and their outputs would be now follows from the
 * time since they were loaded. Only channel 0 needs a timer, for its interrupt.
 */
#include "pit.h"

#include <board/ports.h>
#include <board/state_pc.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 3u
#define PORT_PIT 0x40u
#define PORT_B 0x61u
#define RANGES 2u

/* Channel 0 interrupts at most this often, so that no guest can keep the host's timer thread busy. */
#define PERIOD_MIN 50000u

#define RW_LATCH 0u
#define RW_LOW 1u
#define RW_HIGH 2u
#define RW_BOTH 3u

struct pit {
	const struct vr_tables *t;
	uint32_t irq;
	struct vr_timer *timer;
	struct vr_ports ports[RANGES];
	pthread_mutex_t lock; /* everything below */
	struct vr_x86_pit_channel channel[CHANNELS];
	uint32_t speaker, line;
	uint64_t when;
	uint32_t armed;
};

static uint64_t now(const struct pit *p)
{
	return p->t->timer->now(p->t->host);
}

/* Modes 1 and 5 count from a trigger on; in the others the gate stops the counting. */
static int triggered(const struct vr_x86_pit_channel *c)
{
	return c->mode == 1 || c->mode == 5;
}

static int periodic(const struct vr_x86_pit_channel *c)
{
	return c->mode == 2 || c->mode == 3;
}

/* Ticks since the count was taken over. */
static uint64_t elapsed(const struct pit *p, const struct vr_x86_pit_channel *c)
{
	if (!c->loaded)
		return 0;
	if (!triggered(c) && !c->gate)
		return c->held;
	return vr_state_pit_ticks(now(p) - c->start) + c->held;
}

static uint32_t output(const struct pit *p, const struct vr_x86_pit_channel *c)
{
	uint64_t e = elapsed(p, c);

	switch (c->mode) {
	case 0: /* low until terminal count */
	case 1:
		return c->loaded ? e >= c->count : c->mode == 1;
	case 2: /* low for the last tick of each period; high while the gate is closed */
		return !c->loaded || !c->gate || e % c->count != c->count - 1;
	case 3: /* high for the first half */
		return !c->loaded || !c->gate || e % c->count < (c->count + 1) / 2;
	default: /* 4, 5: low for one tick at terminal count */
		return !c->loaded || e != c->count;
	}
}

static uint16_t counter(const struct pit *p, const struct vr_x86_pit_channel *c)
{
	uint32_t wrap = c->bcd ? 10000 : 65536, value;
	uint64_t e = elapsed(p, c);

	if (c->mode == 3) /* by twos, twice a period */
		value = c->count - (uint32_t)(e * 2 % c->count & ~1ull);
	else if (c->mode == 2)
		value = c->count - (uint32_t)(e % c->count);
	else
		value = (uint32_t)((c->count + wrap - e % wrap) % wrap);
	value %= wrap;
	if (c->bcd)
		value = value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
	return (uint16_t)value;
}

/* ---- channel 0's interrupt ------------------------------------------------------------------------ */

static void set_line(struct pit *p, uint32_t level)
{
	if (level == p->line)
		return;
	p->line = level;
	p->t->irq->set(p->t->host, VR_IRQ_SHARED, p->irq, level);
}

/* The next rise of the output. */
static void arm(struct pit *p)
{
	const struct vr_x86_pit_channel *c = &p->channel[0];
	uint64_t e = elapsed(p, c), target, t = now(p);

	p->armed = 0;
	if (!c->loaded || triggered(c))
		return;
	if (periodic(c))
		target = (e / c->count + 1) * c->count;
	else if (e < c->count + (c->mode == 4 ? 1u : 0u))
		target = c->count + (c->mode == 4 ? 1u : 0u);
	else
		return;
	p->when = c->start + vr_state_pit_ns(target);
	if (periodic(c) && vr_state_pit_ns(c->count) < PERIOD_MIN)
		p->when = t + PERIOD_MIN;
	p->armed = 1;
	p->t->timer->arm(p->t->host, p->timer, p->when);
}

static void VR_CALL fired(void *opaque)
{
	struct pit *p = opaque;

	pthread_mutex_lock(&p->lock);
	if (p->armed && now(p) >= p->when) {
		set_line(p, 0);
		set_line(p, 1);
		arm(p);
	}
	pthread_mutex_unlock(&p->lock);
}

/* A control word or a count came: the level as of now, and the next rise. */
static void restart(struct pit *p)
{
	p->t->timer->cancel(p->t->host, p->timer);
	set_line(p, output(p, &p->channel[0]));
	arm(p);
}

/* ---- registers ---------------------------------------------------------------------------------------- */

static void load(struct pit *p, uint32_t n, uint32_t value)
{
	struct vr_x86_pit_channel *c = &p->channel[n];

	if (c->bcd)
		value = (value >> 12 & 15) % 10 * 1000 + (value >> 8 & 15) % 10 * 100 +
			(value >> 4 & 15) % 10 * 10 + (value & 15) % 10;
	c->count = value ? value : c->bcd ? 10000 : 65536;
	/* A count of one does not exist in the periodic modes. */
	if (periodic(c) && c->count == 1)
		c->count = 2;
	c->held = 0;
	c->start = now(p);
	c->loaded = !triggered(c); /* those wait for the gate to rise */
	if (n == 0)
		restart(p);
}

static void counter_write(struct pit *p, uint32_t n, uint8_t value)
{
	struct vr_x86_pit_channel *c = &p->channel[n];

	switch (c->rw) {
	case RW_LOW:
		load(p, n, value);
		break;
	case RW_HIGH:
		load(p, n, (uint32_t)value << 8);
		break;
	default:
		if (c->write_high)
			load(p, n, (uint32_t)value << 8 | c->write_low);
		else
			c->write_low = value;
		c->write_high ^= 1;
		break;
	}
}

static uint32_t counter_read(struct pit *p, uint32_t n)
{
	struct vr_x86_pit_channel *c = &p->channel[n];
	uint16_t value = c->latched ? c->latch : counter(p, c);

	if (c->status_latched) {
		c->status_latched = 0;
		return c->status;
	}
	if (c->rw == RW_HIGH || (c->rw == RW_BOTH && c->read_high)) {
		c->read_high = 0;
		c->latched = 0;
		return value >> 8;
	}
	if (c->rw == RW_BOTH)
		c->read_high = 1;
	else
		c->latched = 0;
	return value & 0xff;
}

static void latch_count(struct pit *p, struct vr_x86_pit_channel *c)
{
	if (c->latched)
		return; /* the first one holds until it is read */
	c->latched = 1;
	c->latch = counter(p, c);
}

/* "Read-Back Command": bits 5 and 4 low: latch count, status; bits 3:1: which counters. */
static void read_back(struct pit *p, uint8_t value)
{
	for (uint32_t n = 0; n < CHANNELS; n++) {
		struct vr_x86_pit_channel *c = &p->channel[n];

		if (!(value >> (n + 1) & 1))
			continue;
		if (!(value & 0x20))
			latch_count(p, c);
		if (!(value & 0x10) && !c->status_latched) {
			c->status_latched = 1;
			c->status = (uint8_t)(output(p, c) << 7 | (c->loaded ? 0u : 1u) << 6 |
					      (uint32_t)c->rw << 4 | (uint32_t)c->mode << 1 | c->bcd);
		}
	}
}

static void control_write(struct pit *p, uint8_t value)
{
	uint32_t n = value >> 6, rw = value >> 4 & 3;
	struct vr_x86_pit_channel *c;

	if (n == 3) {
		read_back(p, value);
		return;
	}
	c = &p->channel[n];
	if (rw == RW_LATCH) {
		latch_count(p, c);
		return;
	}
	c->rw = (uint8_t)rw;
	c->mode = value >> 1 & 7;
	if (c->mode > 5) /* the highest bit does not count for 2 and 3 */
		c->mode &= 3;
	c->bcd = value & 1;
	c->loaded = c->latched = c->status_latched = c->read_high = c->write_high = 0;
	c->held = 0;
	if (n == 0)
		restart(p);
}

static void set_gate(struct pit *p, struct vr_x86_pit_channel *c, uint8_t gate)
{
	if (gate == c->gate)
		return;
	if (!gate && !triggered(c))
		c->held = elapsed(p, c);
	c->gate = gate;
	if (!gate)
		return;
	/* A rising gate goes on counting in modes 0 and 4, and starts anew in the others. */
	c->start = now(p);
	if (triggered(c))
		c->loaded = c->count != 0;
	if (triggered(c) || periodic(c))
		c->held = 0;
}

/* Port 0x61: bit 0 the gate of channel 2, bit 1 the loudspeaker, bit 4 the memory refresh, which toggles
 * every 15 us, bit 5 the output of channel 2. */
static uint32_t port_b_read(void *device, uint32_t port)
{
	const struct pit *p = device;

	(void)port;
	return p->channel[2].gate | p->speaker << 1 | (uint32_t)(now(p) / 15085 & 1) << 4 |
	       output(p, &p->channel[2]) << 5;
}

static void port_b_write(void *device, uint32_t port, uint32_t value)
{
	struct pit *p = device;

	(void)port;
	set_gate(p, &p->channel[2], value & 1);
	p->speaker = value >> 1 & 1;
}

static uint32_t port_read(void *device, uint32_t port)
{
	/* The control word can't be read. */
	return port - PORT_PIT < CHANNELS ? counter_read(device, port - PORT_PIT) : 0;
}

static void port_write(void *device, uint32_t port, uint32_t value)
{
	if (port - PORT_PIT < CHANNELS)
		counter_write(device, port - PORT_PIT, (uint8_t)value);
	else
		control_write(device, (uint8_t)value);
}

static const struct vr_port_range ranges[RANGES] = {
	{PORT_PIT, CHANNELS + 1, port_read, port_write, "i8254"},
	{PORT_B, 1, port_b_read, port_b_write, "port-b"},
};

static void power_on(struct pit *p)
{
	memset(p->channel, 0, sizeof(p->channel));
	for (uint32_t i = 0; i < CHANNELS; i++) {
		p->channel[i].rw = RW_BOTH;
		p->channel[i].gate = i < 2;
		p->channel[i].count = 65536;
	}
	p->speaker = 0;
	p->armed = 0;
}

int32_t pit_new(const struct vr_tables *t, uint32_t irq, struct pit **out)
{
	struct pit *p = calloc(1, sizeof(*p));
	int32_t rc;

	if (!p)
		return vr_tables_fail(t, VR_E_NOMEM, "interval timer: out of memory");
	p->t = t;
	p->irq = irq;
	pthread_mutex_init(&p->lock, NULL);
	power_on(p);
	rc = t->timer->create(t->host, fired, p, &p->timer);
	if (rc >= 0)
		rc = vr_ports_attach(t, ranges, RANGES, p, &p->lock, p->ports);
	if (rc < 0) {
		pit_free(p);
		return rc;
	}
	*out = p;
	return VR_OK;
}

void pit_reset(struct pit *p)
{
	pthread_mutex_lock(&p->lock);
	p->t->timer->cancel(p->t->host, p->timer);
	power_on(p);
	set_line(p, 0);
	pthread_mutex_unlock(&p->lock);
}

void pit_free(struct pit *p)
{
	if (!p)
		return;
	if (p->timer)
		p->t->timer->destroy(p->t->host, p->timer);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void pit_get(struct pit *p, struct vr_state_x86_pit *s)
{
	pthread_mutex_lock(&p->lock);
	memcpy(s->channel, p->channel, sizeof(s->channel));
	s->line = p->line;
	s->speaker = p->speaker;
	s->deadline = p->armed ? p->when : VR_STATE_NO_DEADLINE;
	pthread_mutex_unlock(&p->lock);
}

void pit_set(struct pit *p, const struct vr_state_x86_pit *s)
{
	pthread_mutex_lock(&p->lock);
	memcpy(p->channel, s->channel, sizeof(p->channel));
	p->line = s->line;
	p->speaker = s->speaker;
	p->when = s->deadline;
	p->armed = s->deadline != VR_STATE_NO_DEADLINE;
	if (p->armed)
		p->t->timer->arm(p->t->host, p->timer, p->when);
	else
		p->t->timer->cancel(p->t->host, p->timer);
	pthread_mutex_unlock(&p->lock);
}
