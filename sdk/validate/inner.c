/* SPDX-License-Identifier: MIT */
/*
 * inner.c: the accelerator that a wrapper (manifest: `wraps`) is put before while it is checked. It runs
 * nothing; it has every member of vmrun.accel/1, and notices a handle that is not its own.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define INNER_ID "check-inner"
#define VM_MARK 0x766d5f696e6e6572ull
#define VCPU_MARK 0x637075696e6e6572ull

/* A virtual machine or a vCPU. */
struct inner {
	uint64_t mark;
	struct vr_fake_host *d;
};

static const struct inner *vm_of(const struct vr_vm *handle)
{
	const struct inner *i = (const struct inner *)handle;

	if (!i || i->mark != VM_MARK)
		abort(); /* the wrapper handed on a handle of its own */
	return i;
}

static const struct inner *vcpu_of(const struct vr_vcpu *handle)
{
	const struct inner *i = (const struct inner *)handle;

	if (!i || i->mark != VCPU_MARK)
		abort();
	return i;
}

static int32_t make(struct vr_fake_host *d, uint64_t mark, struct inner **out)
{
	struct inner *i = calloc(1, sizeof(*i));

	if (!i) {
		d->host->error(d->host, VR_E_NOMEM, "check-inner: out of memory");
		return VR_E_NOMEM;
	}
	i->mark = mark;
	i->d = d;
	*out = i;
	return VR_OK;
}

static int32_t VR_CALL vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c, struct vr_vm **vm)
{
	struct inner *made = NULL;
	int32_t rc = make((struct vr_fake_host *)self, VM_MARK, &made);

	(void)c;
	*vm = (struct vr_vm *)made;
	return rc;
}

static void VR_CALL vm_destroy(struct vr_vm *vm)
{
	vm_of(vm);
	free(vm);
}

static int32_t VR_CALL memory_map(struct vr_vm *vm, uint32_t slot, uint64_t gpa, uint64_t length, void *host,
				  uint32_t flags)
{
	(void)slot, (void)gpa, (void)length, (void)host, (void)flags;
	vm_of(vm);
	return VR_OK;
}

static int32_t VR_CALL memory_unmap(struct vr_vm *vm, uint32_t slot)
{
	(void)slot;
	vm_of(vm);
	return VR_OK;
}

static void VR_CALL memory_written(struct vr_vm *vm, uint64_t gpa, uint64_t length)
{
	(void)gpa, (void)length;
	vm_of(vm);
}

static int32_t VR_CALL vcpu_create(struct vr_vm *vm, uint32_t index, struct vr_vcpu **vcpu)
{
	struct inner *made = NULL;
	int32_t rc = make(vm_of(vm)->d, VCPU_MARK, &made);

	(void)index;
	*vcpu = (struct vr_vcpu *)made;
	return rc;
}

static void VR_CALL vcpu_destroy(struct vr_vcpu *vcpu)
{
	vcpu_of(vcpu);
	free(vcpu);
}

static int32_t VR_CALL vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *e)
{
	vcpu_of(vcpu);
	e->reason = VR_EXIT_KICK;
	return VR_OK;
}

static void VR_CALL vcpu_kick(struct vr_vcpu *vcpu)
{
	vcpu_of(vcpu);
}

static void VR_CALL vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	(void)pin, (void)level;
	vcpu_of(vcpu);
}

static int32_t no_state(const void *vcpu)
{
	const struct vr_host *host = vcpu_of(vcpu)->d->host;

	host->error(host, VR_E_UNSUPPORTED, "check-inner has no state");
	return VR_E_UNSUPPORTED;
}

static int32_t VR_CALL vcpu_get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length)
{
	(void)id, (void)state, (void)length;
	return no_state(vcpu);
}

static int32_t VR_CALL vcpu_set_state(struct vr_vcpu *vcpu, const char *id, const void *state,
				      uint32_t length)
{
	(void)id, (void)state, (void)length;
	return no_state(vcpu);
}

static void VR_CALL vm_reset(struct vr_vm *vm)
{
	vm_of(vm);
}

static void VR_CALL stats(struct vr_vm *vm, vr_stat_fn fn, void *opaque)
{
	vm_of(vm);
	fn(opaque, "runs", VR_STAT_COUNT, 0);
}

/* The accelerator that --with names, for the rules in which guests run: it lives on the same host. d NULL: is
 * there one? */
static bool real_inner(struct vr_check *c, struct vr_fake_host *d)
{
	static struct check_target t;
	uint32_t i = 0;

	while (i < c->settings->with_count &&
	       check_target_find(CHECK_ACCEL, NULL, c->settings->with[i], c->settings->plugin_path,
				 c->target->manifest, &t) < 0)
		i++;
	if (i == c->settings->with_count || strncmp(c->rule->id, "R-ACC-", 6) != 0)
		return false;
	if (d) {
		const struct vr_plugin *p = check_load(c, &t, d);

		if (p->start && p->start(p->self) < 0)
			check_skip(c, "accelerator '%s' does not start: %s", t.id, d->error_text);
		vr_fake_host_offer(d, VR_ACCEL_ID, p->query(p->self, VR_ACCEL_ID), p->self, t.id);
		vr_fake_host_option(d, c->target->wraps, t.id);
	}
	return true;
}

void check_no_wrapper(struct vr_check *c)
{
	if (c->target->wraps && !real_inner(c, NULL))
		check_skip(c, "a wrapper runs what the accelerator that it wraps runs; name one with --with");
}

void check_inner_offer(struct vr_check *c, struct vr_fake_host *d)
{
	static struct vr_accel inner = {
		.size = sizeof(inner),
		.vm_create = vm_create,
		.vm_destroy = vm_destroy,
		.memory_map = memory_map,
		.memory_unmap = memory_unmap,
		.memory_written = memory_written,
		.vcpu_create = vcpu_create,
		.vcpu_destroy = vcpu_destroy,
		.vcpu_run = vcpu_run,
		.vcpu_kick = vcpu_kick,
		.vcpu_set_pin = vcpu_set_pin,
		.vcpu_get_state = vcpu_get_state,
		.vcpu_set_state = vcpu_set_state,
		.vm_reset = vm_reset,
		.stats = stats,
	};

	if (!c->target->wraps || real_inner(c, d))
		return;
	inner.native_arch = check_arch_host();
	vr_fake_host_offer(d, VR_ACCEL_ID, &inner, (struct vr_plugin_self *)d, INNER_ID);
	vr_fake_host_option(d, c->target->wraps, INNER_ID);
}
