/* SPDX-License-Identifier: MIT */
/* state.c: a vCPU's life: set up, reset, the canonical state in and out. */
#include <string.h>
#include "system.h"

int32_t VR_CALL a64_init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env)
{
	int32_t rc = xlate_isa_init(vm, x, env, sizeof(struct a64_state), sizeof(struct a64_system));

	if (rc == VR_OK) {
		rc = a64_timer_init(x);
		if (rc)
			a64_fini(x);
	}
	return rc;
}

void VR_CALL a64_fini(struct vr_exec *x)
{
	if (a64_system_of(x) == NULL)
		return;
	a64_timer_fini(x);
	xlate_isa_fini(x);
}

/* D13.2.98. Affinity: 16 vCPUs a cluster, as many as a GICv3 addresses with one SGI. Bit 31 is RES1; U: one
 * vCPU. */
static uint64_t mpidr_of(const struct vr_exec *x)
{
	uint64_t affinity = (x->index & 15) | (uint64_t)(x->index >> 4) << 8;
	return 0x80000000u | affinity | (x->env->vcpu_count == 1 ? 1u << 30 : 0);
}

/* Everything to its reset value except pins, which the board drives; the timers' registers under their lock.
 * */
static void clear(struct vr_exec *x)
{
	struct a64_state *s = a64_of(x);

	pthread_mutex_lock(&a64_system_of(x)->common.timer_lock);
	for (uint32_t i = 0; i < a64_sysreg_count; i++)
		if (a64_sysregs[i].flags & A64_SR_STATE)
			a64_sysreg_set(x, &a64_sysregs[i], a64_sysregs[i].reset);
	pthread_mutex_unlock(&a64_system_of(x)->common.timer_lock);

	memset(x->hot, 0, sizeof(x->hot));
	memset(s->v, 0, sizeof(s->v));
	s->mpidr_el1 = mpidr_of(x);
	s->el = s->spsel = 1;
	a64_set_pstate(x, PSTATE_RESET);
	s->excl_addr = UINT64_MAX;
	s->excl_val = s->excl_high = 0;
	s->fpcr = s->fpsr_qc = 0;
	s->event = 0;
	s->call_waits = 0;
	x->fp_round = VR_RM_NEAREST;
	x->fp_flags = 0;
	x->pc = 0;
	a64_system_of(x)->stepping = 0;
}

/* The engine is told even when the mode flags and asid happen to be what they were. */
static void enter_context(struct vr_exec *x)
{
	x->mode_flags = ~0ull;
	a64_context(x);
	a64_debug_update(x);
	a64_timer_restart(x);
	a64_recheck(x);
}

void VR_CALL a64_reset(struct vr_exec *x)
{
	clear(x);
	enter_context(x);
}

/* ---- the canonical state ----------------------------------------------------------------------- */

_Static_assert(sizeof(((struct vr_state_arm64 *)0)->v) == sizeof(((struct a64_state *)0)->v),
	       "vector registers");

int32_t VR_CALL a64_get_state(struct vr_exec *x, const char *id, void *state, uint32_t length)
{
	struct a64_state *s = a64_of(x);
	struct vr_state_arm64 *out = state;
	int32_t rc = xlate_state_arguments(id, VR_STATE_ARM64_ID, length, sizeof(*out));

	if (rc)
		return rc;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	memcpy(out->x, a64_x(x), sizeof(out->x));
	out->sp = a64_x(x)[31];
	out->pc = x->pc;
	out->pstate = a64_pstate(x);
	memcpy(out->v, s->v, sizeof(out->v));
	out->fpcr = s->fpcr;
	out->fpsr = a64_fpsr_read(x);
	out->powered_on = 1;
	out->exclusive_address = s->excl_addr;
	out->exclusive_value[0] = s->excl_val;
	out->exclusive_value[1] = s->excl_high;
	out->pins = __atomic_load_n(&s->pins, __ATOMIC_SEQ_CST);

	s->sp_el[a64_sp_index(s)] = a64_x(x)[31]; /* the current one is in the guest register */
	for (uint32_t i = 0; i < a64_sysreg_count; i++) {
		const struct a64_sysreg *r = &a64_sysregs[i];
		if (!(r->flags & A64_SR_STATE))
			continue;
		if (out->sysreg_count == VR_STATE_ARM64_SYSREGS)
			return VR_E_INTERNAL;
		out->sysreg[out->sysreg_count].id = r->enc;
		out->sysreg[out->sysreg_count++].value = a64_sysreg_get(x, r);
	}
	return 0;
}

/* Registers that the state does not list have their reset values; those that this ISA does not model are
 * ignored. */
int32_t VR_CALL a64_set_state(struct vr_exec *x, const char *id, const void *state, uint32_t length)
{
	struct a64_state *s = a64_of(x);
	const struct vr_state_arm64 *in = state;
	int32_t rc = xlate_state_arguments(id, VR_STATE_ARM64_ID, length, sizeof(*in));

	if (rc)
		return rc;
	if (in->size < sizeof(*in) || in->sysreg_count > VR_STATE_ARM64_SYSREGS)
		return VR_E_INVAL;
	uint32_t mode = in->pstate & 0x1f;
	if (mode != 0 && mode != 4 && mode != 5)
		return VR_E_UNSUPPORTED; /* EL2, EL3, AArch32 */

	clear(x);
	pthread_mutex_lock(&a64_system_of(x)->common.timer_lock);
	for (uint32_t i = 0; i < in->sysreg_count; i++) {
		const struct a64_sysreg *r = a64_sysreg_find(in->sysreg[i].id);
		if (r && (r->flags & A64_SR_STATE))
			a64_sysreg_set(x, r, in->sysreg[i].value);
	}
	pthread_mutex_unlock(&a64_system_of(x)->common.timer_lock);

	a64_x(x)[31] =
		s->sp_el[a64_sp_index(s)]; /* which a64_set_pstate() puts back if it selects the other */
	a64_set_pstate(x, in->pstate);
	memcpy(a64_x(x), in->x, sizeof(in->x));
	a64_x(x)[31] = in->sp;
	s->sp_el[a64_sp_index(s)] = in->sp;
	x->pc = in->pc;
	memcpy(s->v, in->v, sizeof(in->v));
	s->fpcr = in->fpcr & FPCR_MASK;
	s->fpsr_qc = in->fpsr & FPSR_QC_IDC;
	x->fp_round = in->fpcr >> 22 & 3;
	x->fp_flags = in->fpsr & FPSR_IEEE;
	s->excl_addr = in->exclusive_address;
	s->excl_val = in->exclusive_value[0];
	s->excl_high = in->exclusive_value[1];
	__atomic_store_n(&s->pins, (uint32_t)in->pins & 3, __ATOMIC_SEQ_CST);
	enter_context(x);
	return 0;
}
