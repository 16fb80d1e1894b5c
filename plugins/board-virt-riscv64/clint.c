/* SPDX-License-Identifier: MIT */
#include "clint.h"

#include <pthread.h>
#include <stdlib.h>

#include "map.h"

#define MSIP_BASE 0x0000u
#define MTIMECMP_BASE 0x4000u
#define MTIME_BASE 0xbff8u

struct clint_hart {
	struct clint *clint;
	struct vr_timer *timer;
	uint32_t vcpu;
	uint32_t msip, mtip;
	uint64_t mtimecmp;
};

struct clint {
	const struct vr_tables *t;
	uint32_t count;
	pthread_mutex_t lock; /* the harts' registers, and writes of mtime */
	uint64_t offset;      /* atomic: mtime less guest time, ticks */
	void (*on_write)(void *opaque);
	void *on_write_opaque;
	struct clint_hart hart[RV_MAX_VCPUS];
};

static uint64_t guest_ticks(const struct clint *c)
{
	return c->t->timer->now(c->t->host) / RV_TICK;
}

uint64_t clint_time(const struct clint *c)
{
	return guest_ticks(c) + __atomic_load_n(&c->offset, __ATOMIC_SEQ_CST);
}

uint64_t clint_when(const struct clint *c, uint64_t ticks)
{
	uint64_t now = guest_ticks(c), time = now + __atomic_load_n(&c->offset, __ATOMIC_SEQ_CST);
	uint64_t left = ticks > time ? ticks - time : 0;

	return left > UINT64_MAX / RV_TICK - now ? UINT64_MAX : (now + left) * RV_TICK;
}

void clint_on_write(struct clint *c, void (*fn)(void *opaque), void *opaque)
{
	c->on_write = fn;
	c->on_write_opaque = opaque;
}

static void set_pin(const struct clint_hart *h, uint32_t pin, uint32_t level)
{
	h->clint->t->irq->set_pin(h->clint->t->host, h->vcpu, pin, level);
}

/* MTIP is high while mtime >= mtimecmp. */
static void update_timer(struct clint_hart *h)
{
	const struct vr_host_timer *timer = h->clint->t->timer;
	uint32_t due = clint_time(h->clint) >= h->mtimecmp;
	uint64_t when = clint_when(h->clint, h->mtimecmp);

	if (!due && when != UINT64_MAX)
		timer->arm(h->clint->t->host, h->timer, when);
	else
		timer->cancel(h->clint->t->host, h->timer);
	if (due == h->mtip)
		return;
	h->mtip = due;
	set_pin(h, RV_PIN_MTIP, due);
}

static void VR_CALL fired(void *opaque)
{
	struct clint_hart *h = opaque;

	pthread_mutex_lock(&h->clint->lock);
	update_timer(h);
	pthread_mutex_unlock(&h->clint->lock);
}

/* The register that holds byte `offset`, as 64 bits, and where it begins. */
static uint64_t register_at(struct clint *c, uint32_t offset, uint32_t *base, struct clint_hart **hart)
{
	uint32_t i;

	*hart = NULL;
	if (offset < MTIMECMP_BASE) {
		i = (offset - MSIP_BASE) / 4;
		*base = MSIP_BASE + 4 * i;
		if (i < c->count)
			*hart = &c->hart[i];
		return *hart ? (*hart)->msip : 0;
	}
	*base = offset & ~7u;
	if (offset >= MTIME_BASE)
		return *base == MTIME_BASE ? clint_time(c) : 0;
	i = (offset - MTIMECMP_BASE) / 8;
	if (i < c->count)
		*hart = &c->hart[i];
	return *hart ? (*hart)->mtimecmp : 0;
}

/* A register of 64 bits after a write of all of it, or of one half. */
static uint64_t written(uint64_t old, uint32_t half, uint32_t width, uint64_t value)
{
	if (width == 8)
		return value;
	return half ? (uint32_t)old | value << 32 : (old & ~UINT64_C(0xffffffff)) | (uint32_t)value;
}

/* Every comparison with mtime is made anew, here and in the harts. */
static void set_time(struct clint *c, uint64_t value)
{
	__atomic_store_n(&c->offset, value - guest_ticks(c), __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < c->count; i++) {
		update_timer(&c->hart[i]);
		set_pin(&c->hart[i], VR_RISCV_PIN_TIME, 1);
	}
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct clint *c = opaque;
	struct clint_hart *h;
	uint64_t value;
	uint32_t base;

	(void)vcpu;
	if (width < 4 || offset & (width - 1))
		return 0;
	pthread_mutex_lock(&c->lock);
	value = register_at(c, (uint32_t)offset, &base, &h);
	value >>= 8 * (offset - base);
	pthread_mutex_unlock(&c->lock);
	return width == 4 ? (uint32_t)value : value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct clint *c = opaque;
	struct clint_hart *h;
	uint64_t old;
	uint32_t base, time_set;

	(void)vcpu;
	if (width < 4 || offset & (width - 1))
		return;
	pthread_mutex_lock(&c->lock);
	old = register_at(c, (uint32_t)offset, &base, &h);
	if (h && offset < MTIMECMP_BASE) {
		if (h->msip != (value & 1)) {
			h->msip = value & 1;
			set_pin(h, RV_PIN_MSIP, h->msip);
		}
	} else if (h) {
		h->mtimecmp = written(old, offset != base, width, value);
		update_timer(h);
	}
	time_set = base == MTIME_BASE;
	if (time_set)
		set_time(c, written(old, offset != base, width, value));
	pthread_mutex_unlock(&c->lock);
	/* Without the lock: what it calls has one of its own, which it holds while it calls this file. */
	if (time_set && c->on_write)
		c->on_write(c->on_write_opaque);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* VR_RISCV_TIME_OFFSET. A hart reads it while set_time() holds the lock. */
static uint64_t VR_CALL offset_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	const struct clint *c = opaque;

	(void)vcpu;
	(void)offset;
	(void)width;
	return __atomic_load_n(&c->offset, __ATOMIC_SEQ_CST);
}

static void VR_CALL offset_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	(void)opaque;
	(void)vcpu;
	(void)offset;
	(void)width;
	(void)value;
}

static const struct vr_bus_ops offset_ops = {
	.size = sizeof(offset_ops), .read = offset_read, .write = offset_write};

int32_t clint_new(const struct vr_tables *t, uint32_t vcpu_count, struct clint **out)
{
	struct clint *c = calloc(1, sizeof(*c));
	int32_t rc = VR_OK;

	if (!c)
		return vr_tables_fail(t, VR_E_NOMEM, "clint: out of memory");
	c->t = t;
	c->count = vcpu_count;
	pthread_mutex_init(&c->lock, NULL);
	for (uint32_t i = 0; i < vcpu_count && rc >= 0; i++) {
		c->hart[i] = (struct clint_hart){.clint = c, .vcpu = i, .mtimecmp = UINT64_MAX};
		rc = t->timer->create(t->host, fired, &c->hart[i], &c->hart[i].timer);
	}
	if (rc >= 0)
		rc = t->mmio->attach(t->host, VR_SPACE_MMIO, RV_CLINT_BASE, RV_CLINT_SIZE, &ops, c, "clint");
	if (rc >= 0)
		rc = t->mmio->attach(t->host, VR_SPACE_SYSREG, VR_RISCV_TIME_OFFSET, 1, &offset_ops, c,
				     "clint-time");
	if (rc < 0) {
		clint_free(c);
		return rc;
	}
	*out = c;
	return VR_OK;
}

void clint_free(struct clint *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->count; i++)
		if (c->hart[i].timer)
			c->t->timer->destroy(c->t->host, c->hart[i].timer);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void tell(const struct clint_hart *h)
{
	set_pin(h, RV_PIN_MSIP, h->msip);
	set_pin(h, RV_PIN_MTIP, h->mtip);
}

void clint_reset(struct clint *c)
{
	pthread_mutex_lock(&c->lock);
	__atomic_store_n(&c->offset, 0, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < c->count; i++) {
		struct clint_hart *h = &c->hart[i];

		h->msip = h->mtip = 0;
		h->mtimecmp = UINT64_MAX;
		c->t->timer->cancel(c->t->host, h->timer);
		tell(h);
	}
	pthread_mutex_unlock(&c->lock);
}

void clint_hart_start(struct clint *c, uint32_t vcpu)
{
	pthread_mutex_lock(&c->lock);
	tell(&c->hart[vcpu]);
	pthread_mutex_unlock(&c->lock);
}
