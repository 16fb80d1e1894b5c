/* SPDX-License-Identifier: MIT */
/* pins.c: the input pins: what drives bits of mip from outside the hart (state_riscv64.h has the numbers). */
#include "system.h"

void VR_CALL rv_set_pin(struct vr_exec *x, uint32_t pin, uint32_t level)
{
	struct rv_state *s = rv_of(x);

	if (pin == VR_RISCV_PIN_TIME) {
		if (level) {
			rv_time_stale(x);
			x->env->kick(x);
		}
		return;
	}
	uint32_t bit = pin < 12 ? 1u << pin & RV_IP_ALL : 0,
		 *word = bit == RV_IP_SSIP ? &s->latched : &s->pins;

	if (!level) {
		if (word == &s->pins)
			__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
	} else if (bit & ~__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST)) {
		x->env->kick(x);
	}
}
