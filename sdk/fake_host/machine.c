/* SPDX-License-Identifier: MIT */
/*
 * machine.c: vmrun.machine/1. It knows no architecture: a state is bytes with an id; what a vCPU's
 * state is before a board sets one is zeros.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const char *VR_CALL arch(const struct vr_host *host)
{
	return vr_fake_host_of(host)->arch;
}

static uint32_t VR_CALL vcpu_count(const struct vr_host *host)
{
	return vr_fake_host_of(host)->vcpu_count;
}

static uint64_t VR_CALL ram_size(const struct vr_host *host)
{
	return vr_fake_host_of(host)->ram_size;
}

static struct vr_fake_host_vcpu *vcpu_of(struct vr_fake_host *f, uint32_t vcpu, const char *function)
{
	if (vcpu < f->vcpu_count)
		return &f->vcpu[vcpu];
	vr_fake_host_note(f, "machine.%s was called for vCPU %u of %u", function, vcpu, f->vcpu_count);
	return NULL;
}

/* The vCPU's state of that id and length; what it was before a plugin set it is zeros. */
static void *state_of(struct vr_fake_host_vcpu *v, const char *state_id, uint32_t length)
{
	void *state;

	if (v->state && strcmp(v->state_id, state_id) == 0 && v->state_length == length)
		return v->state;
	state = calloc(1, length);
	if (!state)
		return NULL;
	memcpy(state, &length, sizeof(length));
	free(v->state);
	v->state = state;
	v->state_length = length;
	snprintf(v->state_id, sizeof(v->state_id), "%s", state_id);
	return state;
}

void *vr_fake_host_state(struct vr_fake_host *f, uint32_t vcpu, const char *state_id, uint32_t length)
{
	return vcpu < f->vcpu_count && length >= 8 ? state_of(&f->vcpu[vcpu], state_id, length) : NULL;
}

static int32_t VR_CALL vcpu_set_state(const struct vr_host *host, uint32_t vcpu, const char *state_id,
				      const void *state, uint32_t length)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_vcpu *v = vcpu_of(f, vcpu, "vcpu_set_state");
	int32_t rc = vr_fake_host_request(f, "machine.vcpu_set_state");
	uint32_t size;
	void *to;

	if (!v || !state_id || !state || length < 8)
		return VR_E_INVAL;
	if (rc < 0)
		return rc;
	memcpy(&size, state, sizeof(size));
	if (size != length)
		vr_fake_host_note(f, "machine.vcpu_set_state: a state of %u bytes whose size says %u", length,
				  size);
	to = state_of(v, state_id, length);
	if (!to)
		return VR_E_NOMEM;
	memcpy(to, state, length);
	if (f->on_state)
		f->on_state(f, vcpu, state_id);
	return VR_OK;
}

static int32_t VR_CALL vcpu_get_state(const struct vr_host *host, uint32_t vcpu, const char *state_id,
				      void *state, uint32_t length)
{
	struct vr_fake_host_vcpu *v = vcpu_of(vr_fake_host_of(host), vcpu, "vcpu_get_state");
	const void *from;

	if (!v || !state_id || !state || length < 8)
		return VR_E_INVAL;
	from = state_of(v, state_id, length);
	if (!from)
		return VR_E_NOMEM;
	memcpy(state, from, length);
	return VR_OK;
}

static int32_t VR_CALL vcpu_power(const struct vr_host *host, uint32_t vcpu, uint32_t on)
{
	struct vr_fake_host_vcpu *v = vcpu_of(vr_fake_host_of(host), vcpu, "vcpu_power");

	if (!v)
		return VR_E_RANGE;
	if (on && v->stopping)
		return VR_E_BUSY;
	__atomic_store_n(&v->on, on != 0, __ATOMIC_SEQ_CST);
	return VR_OK;
}

static uint32_t VR_CALL vcpu_is_on(const struct vr_host *host, uint32_t vcpu)
{
	const struct vr_fake_host_vcpu *v = vcpu_of(vr_fake_host_of(host), vcpu, "vcpu_is_on");

	return v ? v->stopping || __atomic_load_n(&v->on, __ATOMIC_SEQ_CST) : 0;
}

static void VR_CALL power(const struct vr_host *host, uint32_t what, int32_t code)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (what > VR_POWER_CRASH)
		vr_fake_host_note(f, "machine.power was asked for %u, which is no VR_POWER_*", what);
	f->power_what = what;
	f->power_code = code;
	__atomic_add_fetch(&f->power_calls, 1, __ATOMIC_SEQ_CST);
}

static int32_t VR_CALL set_hypercall(const struct vr_host *host, vr_hypercall_fn fn, void *opaque)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc;

	vr_fake_host_on_main(f, "machine.set_hypercall");
	rc = vr_fake_host_request(f, "machine.set_hypercall");
	if (rc < 0)
		return rc;
	f->hypercall = fn;
	f->hypercall_opaque = opaque;
	return VR_OK;
}

static int32_t VR_CALL hypercall(const struct vr_host *host, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	vr_fake_host_on_vcpu(f, vcpu, "machine.hypercall");
	return vr_fake_host_show_hypercall(f, vcpu, kind, regs);
}

extern const struct vr_host_machine vr_fake_host_machine;
const struct vr_host_machine vr_fake_host_machine = {
	.size = sizeof(vr_fake_host_machine),
	.arch = arch,
	.vcpu_count = vcpu_count,
	.ram_size = ram_size,
	.vcpu_set_state = vcpu_set_state,
	.vcpu_get_state = vcpu_get_state,
	.vcpu_power = vcpu_power,
	.vcpu_is_on = vcpu_is_on,
	.power = power,
	.set_hypercall = set_hypercall,
	.hypercall = hypercall,
};
