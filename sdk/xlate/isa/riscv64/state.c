/* SPDX-License-Identifier: MIT */
/* state.c: a hart's life: set up, reset, the canonical state in and out. */
#include <string.h>
#include "system.h"

int32_t VR_CALL rv_init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env)
{
	int32_t rc = xlate_isa_init(vm, x, env, sizeof(struct rv_state), sizeof(struct rv_system));

	if (rc == VR_OK) {
		rc = rv_timer_init(x);
		if (rc)
			rv_fini(x);
	}
	return rc;
}

void VR_CALL rv_fini(struct vr_exec *x)
{
	if (rv_system_of(x) == NULL)
		return;
	rv_timer_fini(x);
	xlate_isa_fini(x);
}

/* Everything to its reset value except pins, which the board drives; the timer's registers under their lock.
 */
static void clear(struct vr_exec *x)
{
	struct rv_state *s = rv_of(x);

	pthread_mutex_lock(&rv_system_of(x)->common.timer_lock);
	for (uint32_t i = 0; i < rv_csr_count; i++)
		if (rv_csrs[i].flags & RV_CSR_STATE) {
			uint64_t reset = rv_csrs[i].reset;
			memcpy((uint8_t *)x + rv_csrs[i].offset, &reset, rv_csrs[i].bytes);
		}
	pthread_mutex_unlock(&rv_system_of(x)->common.timer_lock);
	memset(x->hot, 0, sizeof(x->hot));
	memset(s->f, 0, sizeof(s->f));
	s->mode = RV_MACHINE;
	s->fp_used = 0;
	s->counted = 0;
	s->call_waits = 0;
	__atomic_store_n(&s->time_stale, 0, __ATOMIC_SEQ_CST);
	s->res_addr = UINT64_MAX;
	s->res_val = 0;
	s->frm = 0;
	x->fp_round = VR_RM_NEAREST;
	x->fp_flags = 0;
	x->pc = 0;
}

/* The engine is told even when the mode flags and asid happen to be what they were. */
static void enter_context(struct vr_exec *x)
{
	x->mode_flags = ~0ull;
	rv_pmp_update(x);
	rv_trigger_update(x);
	rv_context(x);
	rv_timer_update(x);
	rv_recheck(x);
	rv_time_stale(x); /* not before, as this may be another thread */
}

void VR_CALL rv_reset(struct vr_exec *x)
{
	clear(x);
	enter_context(x);
}

/* ---- the canonical state ----------------------------------------------------------------------- */

int32_t VR_CALL rv_get_state(struct vr_exec *x, const char *id, void *state, uint32_t length)
{
	struct rv_state *s = rv_of(x);
	struct vr_state_riscv64 *out = state;
	int32_t rc = xlate_state_arguments(id, VR_STATE_RISCV64_ID, length, sizeof(*out));

	if (rc)
		return rc;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	memcpy(out->x, rv_x(x), sizeof(out->x));
	out->x[0] = 0;
	out->pc = x->pc;
	for (uint32_t i = 0; i < 32; i++)
		out->f[i] = s->f[i].d[0];
	out->fcsr = s->frm << 5 | rv_swap_flags(x->fp_flags);
	out->privilege = s->mode;
	out->powered_on = 1;
	out->reservation_address = s->res_addr;
	out->reservation_value = s->res_val;
	out->pins = __atomic_load_n(&s->pins, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < rv_csr_count; i++) {
		const struct rv_csr *r = &rv_csrs[i];
		if (!(r->flags & RV_CSR_STATE))
			continue;
		if (out->csr_count == VR_STATE_RISCV64_CSRS)
			return VR_E_INTERNAL;
		out->csr[out->csr_count].id = r->number;
		out->csr[out->csr_count++].value =
			r->flags & RV_CSR_COUNTER ? rv_counter_get(x, r) : rv_csr_get(x, r);
	}
	return 0;
}

/* A state for S- or U-mode without PMP registers comes from a board that starts a kernel without firmware.
 * Firmware would have opened all of memory to it, so this does. */
static void open_memory(struct rv_state *s)
{
	s->pmpaddr[0] = (1ull << 54) - 1;
	s->pmpcfg[0] = RV_PMP_OPEN;
}

/* Registers that the state does not list have their reset values; those that this ISA does not model are
 * ignored. */
int32_t VR_CALL rv_set_state(struct vr_exec *x, const char *id, const void *state, uint32_t length)
{
	struct rv_state *s = rv_of(x);
	const struct vr_state_riscv64 *in = state;
	int32_t rc = xlate_state_arguments(id, VR_STATE_RISCV64_ID, length, sizeof(*in));

	if (rc)
		return rc;
	if (in->size < sizeof(*in) || in->csr_count > VR_STATE_RISCV64_CSRS || (in->pc & 1))
		return VR_E_INVAL;
	if (in->privilege != RV_USER && in->privilege != RV_SUPERVISOR && in->privilege != RV_MACHINE)
		return VR_E_UNSUPPORTED;

	uint32_t lists_pmp = 0;

	clear(x);
	pthread_mutex_lock(&rv_system_of(x)->common.timer_lock);
	for (uint32_t i = 0; i < in->csr_count; i++) {
		const struct rv_csr *r = rv_csr_find(in->csr[i].id);
		if (r && (r->flags & RV_CSR_STATE)) {
			if (r->flags & RV_CSR_COUNTER)
				rv_counter_set(x, r, in->csr[i].value);
			else
				rv_csr_set(x, r, in->csr[i].value);
			lists_pmp |= r->flags & RV_CSR_PMP;
		}
	}
	pthread_mutex_unlock(&rv_system_of(x)->common.timer_lock);
	if (!lists_pmp && in->privilege != RV_MACHINE)
		open_memory(s);
	if (s->mstatus & MSTATUS_FS)
		s->mstatus |= MSTATUS_FS;
	memcpy(rv_x(x), in->x, sizeof(in->x));
	rv_x(x)[0] = 0;
	x->pc = in->pc;
	for (uint32_t i = 0; i < 32; i++)
		s->f[i] = (union vr_v128){.d = {in->f[i], 0}};
	x->fp_round = rv_set_frm(x, in->fcsr >> 5);
	x->fp_flags = rv_swap_flags(in->fcsr);
	s->mode = in->privilege;
	s->res_addr = in->reservation_address;
	s->res_val = in->reservation_value;
	__atomic_store_n(&s->pins, (uint32_t)in->pins & RV_IP_ALL & ~RV_IP_SSIP, __ATOMIC_SEQ_CST);
	enter_context(x);
	return 0;
}
