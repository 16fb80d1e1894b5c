/* SPDX-License-Identifier: MIT */
/* vm.c: the virtual machine, and vmrun.irqchip/1. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug.h"
#include "kvm.h"

/* The plugin that executes what KVM can't; the registry may be asked only now, on this thread. */
static void find_assist(struct kvmp_vm *vm)
{
	const struct vr_host_registry *registry = vm->host->query(vm->host, VR_REGISTRY_ID);
	struct vr_found found = {.size = sizeof(found)};

	if (!VR_HAS(registry, find) || registry->find(vm->host, VR_ASSIST_ID, NULL, 0, &found) < 0)
		return;
	if (!VR_HAS((const struct vr_assist *)found.table, execute))
		return;
	vm->assist = found.table;
	vm->assist_self = found.self;
	kvmp_log(vm->host, VR_LOG_INFO, "instructions that KVM can't emulate are '%s's",
		 found.id ? found.id : "?");
}

static int32_t find_tables(struct kvmp_vm *vm)
{
	const struct vr_host *h = vm->host;
	const char *missing = NULL;

	vm->mmio = h->query(h, VR_MMIO_ID);
	vm->thread = h->query(h, VR_THREAD_ID);
	vm->machine = h->query(h, VR_MACHINE_ID);
	vm->log = h->query(h, VR_LOG_ID);
	if (!VR_HAS(vm->mmio, access))
		missing = VR_MMIO_ID;
	else if (!VR_HAS(vm->thread, park) || !VR_HAS(vm->thread, unpark))
		missing = VR_THREAD_ID;
	else if (!VR_HAS(vm->machine, power))
		missing = VR_MACHINE_ID;
	return missing ? kvmp_error(h, VR_E_ABI, "this vmrun offers no %s; use one of the same release",
				    missing)
		       : VR_OK;
}

/* While the guest runs no other ioctl goes through the host's sandbox. An older host has none that minds. */
static int32_t ask_for_requests(const struct kvmp_vm *vm)
{
	static const unsigned long requests[] = {
#define REQUEST(name) name,
#include "requests.def"
#undef REQUEST
	};
	const struct vr_host_sandbox *sandbox = vm->host->query(vm->host, VR_SANDBOX_ID);
	int32_t rc = VR_OK;

	if (!VR_HAS(sandbox, allow_ioctl))
		return VR_OK;
	for (size_t i = 0; rc == VR_OK && i < sizeof(requests) / sizeof(requests[0]); i++)
		rc = sandbox->allow_ioctl(vm->host, requests[i]);
	return rc;
}

static int32_t open_vm(struct kvmp_vm *vm)
{
	struct kvmp_plugin *p = vm->plugin;
	int most;

	if (p->fd < 0)
		return kvmp_error(p->instance.host, VR_E_STATE, "KVM was not probed, or can't be used");
	vm->fd = p->spare_vm;
	p->spare_vm = -1;
	if (vm->fd < 0)
		vm->fd = kvmp_ioctl_number(p->fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return kvmp_error(p->instance.host, kvmp_code_of(errno), "KVM makes no virtual machine: %s%s",
				  strerror(errno), kvmp_remedy(errno));
	most = kvmp_extension(vm->fd, KVM_CAP_MAX_VCPUS);
	if (most < 1)
		most = 4; /* KVM API 4.7 */
	if (vm->vcpu_count > (uint32_t)most || vm->vcpu_count > KVMP_MAX_VCPUS)
		return kvmp_error(p->instance.host, VR_E_RANGE, "%u vCPUs: KVM here runs at most %u",
				  vm->vcpu_count,
				  (uint32_t)most < KVMP_MAX_VCPUS ? (uint32_t)most : KVMP_MAX_VCPUS);
	return VR_OK;
}

int32_t VR_CALL kvmp_vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c, struct vr_vm **out)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);
	struct kvmp_vm *vm;
	int32_t rc;

	if (!c || !out || !c->vcpu_count)
		return kvmp_error(p->instance.host, VR_E_INVAL, "a virtual machine needs a vCPU");
	if (!c->arch || strcmp(c->arch, kvmp_arch_name) != 0)
		return kvmp_error(p->instance.host, VR_E_UNSUPPORTED, "KVM here runs %s guests, not %s",
				  kvmp_arch_name, c->arch ? c->arch : "(none)");
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return kvmp_error(p->instance.host, VR_E_NOMEM, "no memory for the virtual machine");
	vm->plugin = p;
	vm->host = p->instance.host;
	vm->fd = -1;
	vm->vcpu_count = c->vcpu_count;
	rc = find_tables(vm);
	if (rc == VR_OK)
		rc = ask_for_requests(vm);
	if (rc == VR_OK)
		rc = open_vm(vm);
	if (rc == VR_OK)
		rc = kvmp_arch_vm_init(vm);
	if (rc == VR_OK && p->irqchip_option != KVMP_IRQCHIP_AUTO && p->irqchip_option != VR_IRQCHIP_NONE)
		rc = kvmp_arch_irqchip(vm, p->irqchip_option);
	if (rc == VR_OK && (c->flags & VR_VM_DEBUG))
		rc = kvmp_debug_create(vm);
	if (rc < 0) {
		kvmp_vm_destroy((struct vr_vm *)vm);
		return rc;
	}
	find_assist(vm);
	kvmp_intlog_open(vm);
	p->vm = vm;
	*out = (struct vr_vm *)vm;
	return VR_OK;
}

void VR_CALL kvmp_vm_destroy(struct vr_vm *vm_)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);

	kvmp_debug_destroy(vm);
	kvmp_arch_vm_fini(vm);
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->plugin->vm == vm)
		vm->plugin->vm = NULL;
	free(vm);
}

static int32_t reset_vcpu(struct kvmp_vcpu *v)
{
	(void)kvmp_vcpu_settle(v);
	atomic_store(&v->attention, 0);
	atomic_store(&v->pins, 0);
	atomic_store(&v->nmi_edges, 0);
	v->waiting = false;
	v->fault_handled = false;
	kvmp_debug_reset_vcpu(v);
	return kvmp_arch_vcpu_reset(v);
}

/* vCPUs to their power-on state; no vCPU runs. When that fails nothing sensible can run any more. */
void VR_CALL kvmp_vm_reset(struct vr_vm *vm_)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	char text[VR_HOST_ERROR_TEXT] = "";
	int32_t rc = VR_OK;

	kvmp_debug_reset(vm);
	kvmp_error_keep(text);
	for (uint32_t i = 0; rc == VR_OK && i < vm->vcpu_count; i++)
		if (vm->vcpus[i])
			rc = reset_vcpu(vm->vcpus[i]);
	if (rc == VR_OK)
		rc = kvmp_arch_vm_reset(vm);
	kvmp_error_keep(NULL);
	if (rc == VR_OK)
		return;
	kvmp_log(vm->host, VR_LOG_ERROR, "the machine can't be reset: %s", text);
	vm->machine->power(vm->host, VR_POWER_CRASH, 1);
}

void VR_CALL kvmp_vm_stats(struct vr_vm *vm_, vr_stat_fn fn, void *opaque)
{
	const struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvmp_counters sum = vm->gone;

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		const struct kvmp_vcpu *v = vm->vcpus[i];

		if (!v)
			continue;
#define C(field, name) sum.field += v->n.field;
		KVMP_COUNTERS(C)
#undef C
	}
#define C(field, name) fn(opaque, name, VR_STAT_COUNT, sum.field);
	KVMP_COUNTERS(C)
#undef C
}

/* ---- vmrun.irqchip/1 ------------------------------------------------------------------------- */
/* A board that asks in vain has its own: a refusal is an answer and leaves no error text. */
static int32_t VR_CALL irqchip_enable(struct vr_plugin_self *self, uint32_t kind)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);
	struct kvmp_vm *vm = p->vm;

	if (!vm)
		return VR_E_STATE;
	if (kind == vm->irqchip)
		return VR_OK;
	if (kind > VR_IRQCHIP_FULL || p->irqchip_option != KVMP_IRQCHIP_AUTO)
		return VR_E_UNSUPPORTED;
	if (vm->vcpus_made || vm->irqchip)
		return VR_E_STATE;
	return kvmp_arch_irqchip(vm, kind);
}

static uint32_t VR_CALL irqchip_kind(struct vr_plugin_self *self)
{
	const struct kvmp_plugin *p = kvmp_plugin_of(self);

	return p->vm ? p->vm->irqchip : VR_IRQCHIP_NONE;
}

static int32_t VR_CALL irqchip_line(struct vr_plugin_self *self, uint32_t line, uint32_t level)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);

	if (!p->vm || p->vm->irqchip != VR_IRQCHIP_FULL)
		return VR_E_STATE;
	return kvmp_arch_line(p->vm, line, level);
}

static int32_t VR_CALL irqchip_msi(struct vr_plugin_self *self, uint64_t address, uint32_t data)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);

	if (!p->vm || p->vm->irqchip == VR_IRQCHIP_NONE)
		return VR_E_STATE;
	return kvmp_arch_msi(p->vm, address, data);
}

static int32_t VR_CALL irqchip_route(struct vr_plugin_self *self, uint32_t line, uint64_t address,
				     uint32_t data)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);

	if (!p->vm || p->vm->irqchip != VR_IRQCHIP_SPLIT)
		return VR_E_STATE;
	return line < kvmp_arch_lines ? kvmp_arch_route(p->vm, line, address, data) : VR_E_RANGE;
}

static int32_t VR_CALL irqchip_get_state(struct vr_plugin_self *self, const char *id, uint32_t index,
					 void *state, uint32_t length)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);

	return p->vm ? kvmp_arch_irqchip_get(p->vm, id, index, state, length) : VR_E_STATE;
}

static int32_t VR_CALL irqchip_set_state(struct vr_plugin_self *self, const char *id, uint32_t index,
					 const void *state, uint32_t length)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);

	return p->vm ? kvmp_arch_irqchip_set(p->vm, id, index, state, length) : VR_E_STATE;
}

const struct vr_irqchip kvmp_irqchip_table = {
	.size = sizeof(kvmp_irqchip_table),
	.enable = irqchip_enable,
	.kind = irqchip_kind,
	.line = irqchip_line,
	.msi = irqchip_msi,
	.get_state = irqchip_get_state,
	.set_state = irqchip_set_state,
	.route = irqchip_route,
};
