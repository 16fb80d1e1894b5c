/* SPDX-License-Identifier: MIT */
#include "sbi.h"

#include <string.h>

#include "clint.h"
#include "entry.h"
#include "plic.h"

#define SPEC_VERSION 0x02000000 /* 2.0 */
#define IMPLEMENTATION 0x766d72 /* none that is registered */
#define IMPLEMENTATION_VERSION 1
#define ALL_HARTS UINT64_MAX
#define CONSOLE_PORT 0u
#define CONSOLE_MOST 4096u /* bytes a call */

#define REGISTERS 8u
#define A6 6u
#define A7 7u

#define HSM_STARTED 0
#define HSM_STOPPED 1
#define HSM_SUSPENDED 4
#define HSM_SUSPEND_RETENTIVE 0u

/* A call: its arguments, the hart that makes it, and what it returns besides the error. */
struct call {
	struct sbi *sbi;
	uint32_t vcpu;
	uint32_t awake; /* the second time, after a sleep */
	uint64_t a[6];
	int64_t value;
	int32_t result; /* of the hypercall */
};
typedef int64_t (*sbi_fn)(struct call *c);

/* ---- base (chapter "Base Extension") --------------------------------------------------------- */

static uint32_t offered(uint64_t extension);

static int64_t spec_version(struct call *c)
{
	c->value = SPEC_VERSION;
	return SBI_SUCCESS;
}

static int64_t impl_id(struct call *c)
{
	c->value = IMPLEMENTATION;
	return SBI_SUCCESS;
}

static int64_t impl_version(struct call *c)
{
	c->value = IMPLEMENTATION_VERSION;
	return SBI_SUCCESS;
}

static int64_t probe_extension(struct call *c)
{
	c->value = offered(c->a[0]);
	return SBI_SUCCESS;
}

static int64_t machine_id(struct call *c) /* mvendorid, marchid, mimpid: not implemented */
{
	c->value = 0;
	return SBI_SUCCESS;
}

/* ---- time: STIP as long as the time is past what was asked for ------------------------------- */

static void update_timer(struct sbi_timer *h)
{
	const struct vr_tables *t = h->sbi->t;
	uint64_t when = clint_when(h->sbi->clint, h->when);
	uint32_t due = clint_time(h->sbi->clint) >= h->when;

	if (!due && when != UINT64_MAX)
		t->timer->arm(t->host, h->timer, when);
	else
		t->timer->cancel(t->host, h->timer);
	if (due == h->level)
		return;
	h->level = due;
	t->irq->set_pin(t->host, h->vcpu, RV_PIN_STIP, due);
}

static void VR_CALL timer_fired(void *opaque)
{
	struct sbi_timer *h = opaque;

	pthread_mutex_lock(&h->sbi->lock);
	update_timer(h);
	pthread_mutex_unlock(&h->sbi->lock);
}

static void time_written(void *opaque)
{
	struct sbi *s = opaque;

	pthread_mutex_lock(&s->lock);
	for (uint32_t i = 0; i < s->count; i++)
		update_timer(&s->timer[i]);
	pthread_mutex_unlock(&s->lock);
}

static int64_t set_timer(struct call *c)
{
	struct sbi_timer *h = &c->sbi->timer[c->vcpu];

	pthread_mutex_lock(&c->sbi->lock);
	h->when = c->a[0];
	update_timer(h);
	pthread_mutex_unlock(&c->sbi->lock);
	return SBI_SUCCESS;
}

/* ---- harts by mask --------------------------------------------------------------------------- */

/* Bit i of *harts: hart i is meant. */
static int64_t hart_mask(const struct call *c, uint64_t mask, uint64_t base, uint64_t *harts)
{
	uint64_t all = c->sbi->count == 64 ? UINT64_MAX : (1ull << c->sbi->count) - 1;

	if (base == ALL_HARTS) {
		*harts = all;
		return SBI_SUCCESS;
	}
	if (base >= 64 || (base && mask >> (64 - base)) || (mask << base & ~all))
		return SBI_ERR_INVALID_PARAM;
	*harts = mask << base;
	return SBI_SUCCESS;
}

static int64_t send_ipi(struct call *c)
{
	uint64_t harts = 0;
	int64_t rc = hart_mask(c, c->a[0], c->a[1], &harts);

	/* The pin sets the bit; the hart itself clears it. */
	for (uint32_t i = 0; i < c->sbi->count; i++)
		if (harts >> i & 1)
			c->sbi->t->irq->set_pin(c->sbi->t->host, i, RV_PIN_SSIP, 1);
	return rc;
}

/* See sbi.h: after a success the accelerator does the fence. */
static int64_t remote_fence(struct call *c)
{
	uint64_t harts;

	return hart_mask(c, c->a[0], c->a[1], &harts);
}

static int64_t remote_sfence(struct call *c)
{
	uint64_t harts, start = c->a[2], size = c->a[3];

	if (size != UINT64_MAX && start + size < start)
		return SBI_ERR_INVALID_ADDRESS;
	return hart_mask(c, c->a[0], c->a[1], &harts);
}

/* ---- hart state management ------------------------------------------------------------------- */

static uint32_t is_suspended(const struct sbi *s, uint32_t hart)
{
	return __atomic_load_n(&s->suspended[hart], __ATOMIC_SEQ_CST);
}

static void set_suspended(struct sbi *s, uint32_t hart, uint32_t suspended)
{
	__atomic_store_n(&s->suspended[hart], suspended, __ATOMIC_SEQ_CST);
}

static int64_t start_locked(struct sbi *s, uint32_t hart, const struct registry_entry *e)
{
	const struct vr_host_machine *machine = s->t->machine;

	if (machine->vcpu_is_on(s->t->host, hart))
		return SBI_ERR_ALREADY_AVAILABLE;
	if (entry_set(s->t, hart, e) < 0)
		return SBI_ERR_FAILED;
	plic_hart_start(s->plic, hart);
	clint_hart_start(s->clint, hart);
	set_suspended(s, hart, 0);
	s->timer[hart].when = UINT64_MAX;
	update_timer(&s->timer[hart]);
	return machine->vcpu_power(s->t->host, hart, 1) < 0 ? SBI_ERR_FAILED : SBI_SUCCESS;
}

static int64_t hart_start(struct call *c)
{
	struct sbi *s = c->sbi;
	struct registry_entry e = {
		.privilege = ENTRY_S, .on = 1, .pc = c->a[1], .a0 = c->a[0], .a1 = c->a[2]};
	int64_t rc;

	if (c->a[0] >= s->count)
		return SBI_ERR_INVALID_PARAM;
	if ((e.pc & 1) || !vr_tables_is_ram(s->t, e.pc, 2))
		return SBI_ERR_INVALID_ADDRESS;
	pthread_mutex_lock(&s->lock);
	rc = start_locked(s, (uint32_t)c->a[0], &e);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static int64_t hart_stop(struct call *c)
{
	const struct vr_tables *t = c->sbi->t;

	return t->machine->vcpu_power(t->host, c->vcpu, 0) < 0 ? SBI_ERR_FAILED : SBI_SUCCESS;
}

static int64_t hart_status(struct call *c)
{
	const struct vr_tables *t = c->sbi->t;

	if (c->a[0] >= c->sbi->count)
		return SBI_ERR_INVALID_PARAM;
	if (!t->machine->vcpu_is_on(t->host, (uint32_t)c->a[0]))
		c->value = HSM_STOPPED;
	else
		c->value = is_suspended(c->sbi, (uint32_t)c->a[0]) ? HSM_SUSPENDED : HSM_STARTED;
	return SBI_SUCCESS;
}

/* The default retentive state ends with an interrupt (9.4). */
static int64_t hart_suspend(struct call *c)
{
	uint32_t type = (uint32_t)c->a[0];

	if (type == HSM_SUSPEND_RETENTIVE) {
		set_suspended(c->sbi, c->vcpu, !c->awake);
		c->result = c->awake ? VR_OK : VR_HYPERCALL_WAIT;
		return SBI_SUCCESS;
	}
	/* Platform-specific ranges, and the default non-retentive one. */
	return (type & 0x7fffffff) >= 0x10000000 || type == 0x80000000u ? SBI_ERR_NOT_SUPPORTED
									: SBI_ERR_INVALID_PARAM;
}

/* ---- system reset ---------------------------------------------------------------------------- */

static int64_t system_reset(struct call *c)
{
	const struct vr_tables *t = c->sbi->t;
	uint32_t type = (uint32_t)c->a[0], reason = (uint32_t)c->a[1];

	if (type > 2 || reason > 1)
		return type >= 0xf0000000u ? SBI_ERR_NOT_SUPPORTED : SBI_ERR_INVALID_PARAM;
	/* 0 shut-down, 1 cold reboot, 2 warm reboot; reason 1 is a failure of the system. */
	t->machine->power(t->host, type ? VR_POWER_RESET : VR_POWER_OFF, type ? 0 : (int32_t)reason);
	return SBI_SUCCESS;
}

static int64_t shutdown(struct call *c)
{
	c->sbi->t->machine->power(c->sbi->t->host, VR_POWER_OFF, 0);
	return SBI_SUCCESS;
}

/* ---- console --------------------------------------------------------------------------------- */

/* Maps the buffer (bytes, address low, address high), which must be RAM; *n: at most CONSOLE_MOST bytes of it. An empty
 * one is not mapped: m->bytes is NULL. */
static bool map_buffer(const struct call *c, uint32_t rights, struct vr_mapping *m, uint32_t *n)
{
	const struct vr_tables *t = c->sbi->t;

	*m = (struct vr_mapping){.size = sizeof(*m)};
	*n = c->a[0] < CONSOLE_MOST ? (uint32_t)c->a[0] : CONSOLE_MOST;
	if (c->a[2])
		return false;
	if (!c->a[0])
		return vr_tables_is_ram(t, c->a[1], 1);
	return t->memory->map(t->host, c->a[1], c->a[0], rights, m) >= 0;
}

static void unmap_buffer(const struct call *c, const struct vr_mapping *m, uint32_t written)
{
	const struct vr_tables *t = c->sbi->t;

	if (m->bytes)
		t->memory->unmap(t->host, m, 0, written);
}

static int64_t console_write(struct call *c)
{
	const struct vr_tables *t = c->sbi->t;
	uint8_t copy[CONSOLE_MOST];
	struct vr_mapping m;
	uint32_t n = 0;

	if (!map_buffer(c, VR_MAP_READ, &m, &n))
		return SBI_ERR_INVALID_PARAM;
	if (n)
		memcpy(copy, m.bytes, n);
	unmap_buffer(c, &m, 0);
	if (n)
		t->console->write(t->host, CONSOLE_PORT, copy, n);
	c->value = n;
	return SBI_SUCCESS;
}

static int64_t console_read(struct call *c)
{
	const struct vr_tables *t = c->sbi->t;
	uint8_t copy[CONSOLE_MOST];
	struct vr_mapping m;
	uint32_t n = 0;

	if (!map_buffer(c, VR_MAP_WRITE, &m, &n))
		return SBI_ERR_INVALID_PARAM;
	n = n ? t->console->read(t->host, CONSOLE_PORT, copy, n) : 0;
	if (n)
		memcpy(m.bytes, copy, n);
	unmap_buffer(c, &m, n);
	c->value = n;
	return SBI_SUCCESS;
}

static int64_t console_byte(struct call *c)
{
	uint8_t byte = (uint8_t)c->a[0];

	c->sbi->t->console->write(c->sbi->t->host, CONSOLE_PORT, &byte, 1);
	return SBI_SUCCESS;
}

/* Legacy: the byte, or -1, instead of an error. */
static int64_t get_char(struct call *c)
{
	uint8_t byte;

	return c->sbi->t->console->read(c->sbi->t->host, CONSOLE_PORT, &byte, 1) ? byte : -1;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
	uint32_t extension, function;
	sbi_fn fn;
} calls[] = {
	{SBI_BASE, 0, spec_version},    {SBI_BASE, 1, impl_id},         {SBI_BASE, 2, impl_version},
	{SBI_BASE, 3, probe_extension}, {SBI_BASE, 4, machine_id},      {SBI_BASE, 5, machine_id},
	{SBI_BASE, 6, machine_id},      {SBI_TIME, 0, set_timer},       {SBI_IPI, 0, send_ipi},
	{SBI_RFENCE, 0, remote_fence},  {SBI_RFENCE, 1, remote_sfence}, {SBI_RFENCE, 2, remote_sfence},
	{SBI_HSM, 0, hart_start},       {SBI_HSM, 1, hart_stop},        {SBI_HSM, 2, hart_status},
	{SBI_HSM, 3, hart_suspend},     {SBI_SRST, 0, system_reset},    {SBI_DBCN, 0, console_write},
	{SBI_DBCN, 1, console_read},    {SBI_DBCN, 2, console_byte},
};

/* These have no functions, and return one register only. */
static const struct {
	uint32_t extension;
	sbi_fn fn;
} legacy[] = {
	{SBI_LEGACY_SET_TIMER, set_timer},
	{SBI_LEGACY_PUTCHAR, console_byte},
	{SBI_LEGACY_GETCHAR, get_char},
	{SBI_LEGACY_SHUTDOWN, shutdown},
};

static sbi_fn find_legacy(uint64_t extension)
{
	for (size_t i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++)
		if (legacy[i].extension == extension)
			return legacy[i].fn;
	return NULL;
}

static uint32_t offered(uint64_t extension)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].extension == extension)
			return 1;
	return find_legacy(extension) != NULL;
}

static sbi_fn find(uint64_t extension, uint64_t function)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].extension == extension && calls[i].function == function)
			return calls[i].fn;
	return NULL;
}

static int32_t VR_CALL hypercall(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct call c = {.sbi = opaque, .vcpu = vcpu, .awake = kind == VR_HYPERCALL_AWAKE};
	sbi_fn fn = find_legacy(regs[A7]);

	if ((kind && !c.awake) || c.sbi->off || vcpu >= c.sbi->count)
		return VR_E_NOENT;
	memcpy(c.a, regs, sizeof(c.a));
	if (fn) {
		regs[0] = (uint64_t)fn(&c);
		return VR_OK;
	}
	fn = find(regs[A7], regs[A6]);
	regs[0] = (uint64_t)(fn ? fn(&c) : SBI_ERR_NOT_SUPPORTED);
	regs[1] = (uint64_t)c.value;
	return c.result;
}

/* ---- life ------------------------------------------------------------------------------------ */

int32_t sbi_init(struct sbi *s, const struct vr_tables *t, struct plic *plic, struct clint *clint,
		 uint32_t vcpu_count)
{
	int32_t rc = VR_OK;

	s->t = t;
	s->plic = plic;
	s->clint = clint;
	s->count = vcpu_count;
	pthread_mutex_init(&s->lock, NULL);
	for (uint32_t i = 0; i < vcpu_count && rc >= 0; i++) {
		s->timer[i] = (struct sbi_timer){.sbi = s, .when = UINT64_MAX, .vcpu = i};
		rc = t->timer->create(t->host, timer_fired, &s->timer[i], &s->timer[i].timer);
	}
	clint_on_write(clint, time_written, s);
	return rc < 0 ? rc : t->machine->set_hypercall(t->host, hypercall, s);
}

void sbi_fini(struct sbi *s)
{
	if (!s->t)
		return;
	for (uint32_t i = 0; i < s->count; i++)
		if (s->timer[i].timer)
			s->t->timer->destroy(s->t->host, s->timer[i].timer);
	pthread_mutex_destroy(&s->lock);
}

void sbi_reset(struct sbi *s)
{
	pthread_mutex_lock(&s->lock);
	for (uint32_t i = 0; i < s->count; i++) {
		set_suspended(s, i, 0);
		s->timer[i].when = UINT64_MAX;
		update_timer(&s->timer[i]);
	}
	pthread_mutex_unlock(&s->lock);
}
