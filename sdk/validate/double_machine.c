/* SPDX-License-Identifier: MIT */
/*
 * double_machine.c: vmrun.machine/1. It knows no architecture: a state is bytes with an id; what a vCPU's
 * state is before a board sets one is zeros.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "double.h"

static const char *VR_CALL arch(const struct vr_host *host)
{
	return vr_double_of(host)->arch;
}

static uint32_t VR_CALL vcpu_count(const struct vr_host *host)
{
	return vr_double_of(host)->vcpu_count;
}

static uint64_t VR_CALL ram_size(const struct vr_host *host)
{
	return vr_double_of(host)->ram_size;
}

static struct vr_double_vcpu *vcpu_of(struct vr_double *d, uint32_t vcpu, const char *function)
{
	if (vcpu < d->vcpu_count)
		return &d->vcpu[vcpu];
	vr_double_note(d, "machine.%s was called for vCPU %u of %u", function, vcpu, d->vcpu_count);
	return NULL;
}

static int32_t VR_CALL vcpu_set_state(const struct vr_host *host, uint32_t vcpu, const char *state_id,
				      const void *state, uint32_t length)
{
	struct vr_double *d = vr_double_of(host);
	struct vr_double_vcpu *v = vcpu_of(d, vcpu, "vcpu_set_state");
	int32_t rc = vr_double_request(d, "machine.vcpu_set_state");
	uint32_t size;
	void *copy;

	if (!v || !state_id || !state || length < 8)
		return VR_E_INVAL;
	if (rc < 0)
		return rc;
	memcpy(&size, state, sizeof(size));
	if (size != length)
		vr_double_note(d, "machine.vcpu_set_state: a state of %u bytes whose size says %u", length,
			       size);
	copy = malloc(length);
	if (!copy)
		return VR_E_NOMEM;
	memcpy(copy, state, length);
	free(v->state);
	v->state = copy;
	v->state_length = length;
	snprintf(v->state_id, sizeof(v->state_id), "%s", state_id);
	return VR_OK;
}

static int32_t VR_CALL vcpu_get_state(const struct vr_host *host, uint32_t vcpu, const char *state_id,
				      void *state, uint32_t length)
{
	struct vr_double *d = vr_double_of(host);
	const struct vr_double_vcpu *v = vcpu_of(d, vcpu, "vcpu_get_state");
	uint32_t size;

	if (!v || !state_id || !state || length < 8)
		return VR_E_INVAL;
	memcpy(&size, state, sizeof(size));
	if (v->state && strcmp(v->state_id, state_id) == 0 && v->state_length == length) {
		memcpy(state, v->state, length);
		return VR_OK;
	}
	memset(state, 0, length);
	memcpy(state, &size, sizeof(size));
	return VR_OK;
}

static int32_t VR_CALL vcpu_power(const struct vr_host *host, uint32_t vcpu, uint32_t on)
{
	struct vr_double_vcpu *v = vcpu_of(vr_double_of(host), vcpu, "vcpu_power");

	if (!v)
		return VR_E_RANGE;
	__atomic_store_n(&v->on, on != 0, __ATOMIC_SEQ_CST);
	return VR_OK;
}

static uint32_t VR_CALL vcpu_is_on(const struct vr_host *host, uint32_t vcpu)
{
	const struct vr_double_vcpu *v = vcpu_of(vr_double_of(host), vcpu, "vcpu_is_on");

	return v ? __atomic_load_n(&v->on, __ATOMIC_SEQ_CST) : 0;
}

static void VR_CALL power(const struct vr_host *host, uint32_t what, int32_t code)
{
	struct vr_double *d = vr_double_of(host);

	if (what > VR_POWER_CRASH)
		vr_double_note(d, "machine.power was asked for %u, which is no VR_POWER_*", what);
	d->power_what = what;
	d->power_code = code;
	__atomic_add_fetch(&d->power_calls, 1, __ATOMIC_SEQ_CST);
}

static int32_t VR_CALL set_hypercall(const struct vr_host *host, vr_hypercall_fn fn, void *opaque)
{
	struct vr_double *d = vr_double_of(host);
	int32_t rc;

	vr_double_on_main(d, "machine.set_hypercall");
	rc = vr_double_request(d, "machine.set_hypercall");
	if (rc < 0)
		return rc;
	d->hypercall = fn;
	d->hypercall_opaque = opaque;
	return VR_OK;
}

static int32_t VR_CALL hypercall(const struct vr_host *host, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct vr_double *d = vr_double_of(host);

	vr_double_on_vcpu(d, vcpu, "machine.hypercall");
	return vr_double_show_hypercall(d, vcpu, kind, regs);
}

extern const struct vr_host_machine vr_double_machine;
const struct vr_host_machine vr_double_machine = {
	.size = sizeof(vr_double_machine),
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
