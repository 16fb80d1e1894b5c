/* SPDX-License-Identifier: MIT */
#include "plic.h"

#include <stdlib.h>
#include <string.h>

/* "Memory Map" */
#define PENDING_BASE 0x001000u
#define ENABLE_BASE 0x002000u
#define ENABLE_STRIDE 0x80u
#define CONTEXT_BASE 0x200000u
#define CONTEXT_STRIDE 0x1000u
#define CONTEXT_THRESHOLD 0u
#define CONTEXT_CLAIM 4u

static uint32_t bit_of(uint32_t source)
{
	return 1u << (source & 31);
}

/* ---- gateways ----------------------------------------------------------------------------------------- */

/* A high input makes one request; the next not before this one was completed. A request stays when the input
 * falls: its handler finds out. */
static void forward(struct plic *p, uint32_t word)
{
	p->pending[word] |= p->level[word] & ~p->claimed[word];
}

/* ---- contexts ------------------------------------------------------------------------------------------ */

/* The pending, enabled source of the highest priority above `above`, the lowest number among equals; or 0. */
static uint32_t best(const struct plic *p, const struct plic_context *c, uint32_t above)
{
	uint32_t found = 0;

	for (uint32_t w = 0; w < PLIC_WORDS; w++) {
		for (uint32_t bits = p->pending[w] & c->enable[w]; bits; bits &= bits - 1) {
			uint32_t source = w * 32 + (uint32_t)__builtin_ctz(bits);

			if (p->priority[source] > above) {
				above = p->priority[source];
				found = source;
			}
		}
	}
	return found;
}

static void tell(struct plic *p, uint32_t context)
{
	p->t->irq->set_pin(p->t->host, context / 2, context & 1 ? RV_PIN_SEIP : RV_PIN_MEIP,
			   p->context[context].pin);
}

static void update(struct plic *p)
{
	for (uint32_t i = 0; i < p->contexts; i++) {
		struct plic_context *c = &p->context[i];
		uint32_t pin = best(p, c, c->threshold) != 0;

		if (pin == c->pin)
			continue;
		c->pin = pin;
		tell(p, i);
	}
}

/* Claims don't look at the threshold ("Interrupt Claim Process"). */
static uint32_t claim(struct plic *p, struct plic_context *c)
{
	uint32_t source = best(p, c, 0);

	if (source) {
		p->pending[source / 32] &= ~bit_of(source);
		p->claimed[source / 32] |= bit_of(source);
		update(p);
	}
	return source;
}

/* A source that is not enabled for the context is ignored ("Interrupt Completion"). */
static void complete(struct plic *p, const struct plic_context *c, uint32_t source)
{
	if (source >= PLIC_SOURCES || !(c->enable[source / 32] & bit_of(source)))
		return;
	p->claimed[source / 32] &= ~bit_of(source);
	forward(p, source / 32);
	update(p);
}

static void VR_CALL set_line(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level)
{
	struct plic *p = opaque;

	if (vcpu != VR_IRQ_SHARED || !line || line >= PLIC_SOURCES)
		return;
	pthread_mutex_lock(&p->lock);
	if (level)
		p->level[line / 32] |= bit_of(line);
	else
		p->level[line / 32] &= ~bit_of(line);
	forward(p, line / 32);
	update(p);
	pthread_mutex_unlock(&p->lock);
}

static const struct vr_irq_controller controller = {.size = sizeof(controller), .set = set_line};

/* ---- registers: 32 bits, aligned ------------------------------------------------------------- */

static uint32_t *enable_word(struct plic *p, uint32_t offset)
{
	uint32_t context = (offset - ENABLE_BASE) / ENABLE_STRIDE, word = offset % ENABLE_STRIDE / 4;

	return context < p->contexts && word < PLIC_WORDS ? &p->context[context].enable[word] : NULL;
}

static uint32_t register_read(struct plic *p, uint32_t offset)
{
	uint32_t *word;

	if (offset < PENDING_BASE)
		return offset / 4 < PLIC_SOURCES ? p->priority[offset / 4] : 0;
	if (offset < ENABLE_BASE)
		return (offset - PENDING_BASE) / 4 < PLIC_WORDS ? p->pending[(offset - PENDING_BASE) / 4] : 0;
	if (offset < CONTEXT_BASE) {
		word = enable_word(p, offset);
		return word ? *word : 0;
	}
	if ((offset - CONTEXT_BASE) / CONTEXT_STRIDE < p->contexts) {
		struct plic_context *c = &p->context[(offset - CONTEXT_BASE) / CONTEXT_STRIDE];

		if (offset % CONTEXT_STRIDE == CONTEXT_THRESHOLD)
			return c->threshold;
		if (offset % CONTEXT_STRIDE == CONTEXT_CLAIM)
			return claim(p, c);
	}
	return 0;
}

static void register_write(struct plic *p, uint32_t offset, uint32_t value)
{
	uint32_t *word;

	if (offset < PENDING_BASE) {
		if (offset / 4 && offset / 4 < PLIC_SOURCES)
			p->priority[offset / 4] = value & PLIC_PRIORITY_MASK;
	} else if (offset < ENABLE_BASE) {
		return; /* pending bits are read-only */
	} else if (offset < CONTEXT_BASE) {
		word = enable_word(p, offset);
		if (word) /* source 0 does not exist */
			*word = offset % ENABLE_STRIDE ? value : value & ~1u;
	} else if ((offset - CONTEXT_BASE) / CONTEXT_STRIDE < p->contexts) {
		struct plic_context *c = &p->context[(offset - CONTEXT_BASE) / CONTEXT_STRIDE];

		if (offset % CONTEXT_STRIDE == CONTEXT_THRESHOLD)
			c->threshold = value & PLIC_PRIORITY_MASK;
		else if (offset % CONTEXT_STRIDE == CONTEXT_CLAIM)
			complete(p, c, value);
	}
	update(p);
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct plic *p = opaque;
	uint32_t value;

	(void)vcpu;
	if (width != 4 || offset & 3)
		return 0;
	pthread_mutex_lock(&p->lock);
	value = register_read(p, (uint32_t)offset);
	pthread_mutex_unlock(&p->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct plic *p = opaque;

	(void)vcpu;
	if (width != 4 || offset & 3)
		return;
	pthread_mutex_lock(&p->lock);
	register_write(p, (uint32_t)offset, (uint32_t)value);
	pthread_mutex_unlock(&p->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* ---- life ------------------------------------------------------------------------------------ */

int32_t plic_new(const struct vr_tables *t, uint32_t vcpu_count, struct plic **out)
{
	struct plic *p = calloc(1, sizeof(*p));
	int32_t rc;

	if (!p)
		return vr_tables_fail(t, VR_E_NOMEM, "interrupt controller: out of memory");
	p->t = t;
	p->contexts = 2 * vcpu_count;
	pthread_mutex_init(&p->lock, NULL);
	rc = t->mmio->attach(t->host, VR_SPACE_MMIO, RV_PLIC_BASE, RV_PLIC_SIZE, &ops, p, "plic");
	if (rc >= 0)
		rc = t->irq->set_controller(t->host, &controller, p);
	if (rc < 0) {
		plic_free(p);
		return rc;
	}
	*out = p;
	return VR_OK;
}

void plic_free(struct plic *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* The inputs are the devices'. */
void plic_reset(struct plic *p)
{
	pthread_mutex_lock(&p->lock);
	memset(p->priority, 0, sizeof(p->priority));
	memset(p->pending, 0, sizeof(p->pending));
	memset(p->claimed, 0, sizeof(p->claimed));
	memset(p->context, 0, sizeof(p->context));
	for (uint32_t w = 0; w < PLIC_WORDS; w++)
		forward(p, w);
	for (uint32_t i = 0; i < p->contexts; i++)
		tell(p, i);
	pthread_mutex_unlock(&p->lock);
}

void plic_hart_start(struct plic *p, uint32_t vcpu)
{
	pthread_mutex_lock(&p->lock);
	tell(p, 2 * vcpu);
	tell(p, 2 * vcpu + 1);
	pthread_mutex_unlock(&p->lock);
}
