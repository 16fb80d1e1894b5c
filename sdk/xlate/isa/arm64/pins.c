/* SPDX-License-Identifier: MIT */
/* pins.c: the input pins: 0 is IRQ, 1 is FIQ. */
#include "system.h"

/* Pins that are high and not masked. D1.13: with EL1 the target, PSTATE masks at EL0 and EL1 alike. */
uint32_t a64_pending(const struct a64_state *s)
{
	uint32_t pins = __atomic_load_n(&s->pins, __ATOMIC_SEQ_CST);
	return (pins & 1 && !(s->daif & PSTATE_I) ? 1u : 0) | (pins & 2 && !(s->daif & PSTATE_F) ? 2u : 0);
}

uint32_t a64_recheck(struct vr_exec *x)
{
	if (!a64_pending(a64_of(x)))
		return 0;
	x->env->kick(x);
	return 1;
}

/* D1.16.2: a pin that is masked wakes as well. */
uint32_t VR_CALL a64_has_work(struct vr_exec *x)
{
	return __atomic_load_n(&a64_of(x)->pins, __ATOMIC_SEQ_CST) != 0;
}

void VR_CALL a64_set_pin(struct vr_exec *x, uint32_t pin, uint32_t level)
{
	uint32_t *pins = &a64_of(x)->pins;
	if (pin > 1)
		return;
	if (!level) {
		__atomic_fetch_and(pins, ~(1u << pin), __ATOMIC_SEQ_CST);
	} else if (!(__atomic_fetch_or(pins, 1u << pin, __ATOMIC_SEQ_CST) >> pin & 1)) {
		x->env->kick(x);
	}
}
