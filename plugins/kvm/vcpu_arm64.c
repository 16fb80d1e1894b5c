/* SPDX-License-Identifier: MIT */
/*
 * vcpu_arm64.c: what is arm64's in the life of a virtual machine and of its vCPUs.
 *
 * The interrupt controller is the board's: pins are KVM's CPU interrupts (KVM API 4.25, type 0), and the
 * timers, which are the processor's, report their lines with each exit (KVM API, s.regs.device_irq_level) and
 * drive the board's private lines. Firmware calls go to the board too, where the kernel can hand them on
 * (Linux 6.4); otherwise the kernel answers PSCI itself and other vCPUs can't be powered on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch_arm64.h"

const char kvmp_arch_name[] = "arm64";

const struct kvmp_capability kvmp_arch_required[] = {
	{KVM_CAP_ONE_REG, "KVM_CAP_ONE_REG", "registers one by one"},
	{KVM_CAP_ARM_PSCI_0_2, "KVM_CAP_ARM_PSCI_0_2", "power states of vCPUs"},
	{KVM_CAP_ARM_USER_IRQ, "KVM_CAP_ARM_USER_IRQ",
	 "timers without an interrupt controller in the kernel"},
	{0, NULL, NULL},
};

/* The kernel's SMCCC filter, newer than some headers (KVM devices/vm, group 2). */
#define SMCCC_GROUP 2u
#define SMCCC_FILTER 0u
#define SMCCC_TO_USER 2u
struct smccc_filter {
	uint32_t base, count;
	uint8_t action, padding[15];
};
/* Standard secure services, which PSCI is of (SMCCC 1.4, table 6-2): 32- and 64-bit. */
static const uint32_t psci_base[] = {0x84000000u, 0xc4000000u};
#define PSCI_COUNT 0x20u

/* Private lines of the architected timers (BSA, table 3: PPI 11 and 14). */
#define LINE_VIRTUAL_TIMER 27u
#define LINE_PHYSICAL_TIMER 30u

static bool hand_on_psci(const struct kvmp_vm *vm)
{
	struct kvm_device_attr has = {.group = SMCCC_GROUP, .attr = SMCCC_FILTER};

	if (kvmp_ioctl(vm->fd, KVM_HAS_DEVICE_ATTR, &has) < 0)
		return false;
	for (uint32_t i = 0; i < 2; i++) {
		struct smccc_filter f = {.base = psci_base[i], .count = PSCI_COUNT, .action = SMCCC_TO_USER};
		struct kvm_device_attr set = {
			.group = SMCCC_GROUP, .attr = SMCCC_FILTER, .addr = (uint64_t)(uintptr_t)&f};

		if (kvmp_ioctl(vm->fd, KVM_SET_DEVICE_ATTR, &set) < 0)
			return false;
	}
	return true;
}

int32_t kvmp_arch_vm_init(struct kvmp_vm *vm)
{
	struct kvmp_arch_vm *a = calloc(1, sizeof(*a));

	vm->arch = a;
	if (!a)
		return kvmp_error(vm->host, VR_E_NOMEM, "no memory for the virtual machine");
	if (kvmp_ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &a->target) < 0)
		return kvmp_error(vm->host, VR_E_UNSUPPORTED, "KVM knows no vCPU for this processor: %s",
				  strerror(errno));
	a->irq = vm->host->query(vm->host, VR_IRQ_ID);
	a->psci_handed_on = hand_on_psci(vm);
	if (!a->psci_handed_on && vm->vcpu_count > 1)
		kvmp_log(
			vm->host, VR_LOG_WARN,
			"this kernel keeps firmware calls to itself (Linux 6.4 does not): only vCPU 0 can be "
			"used");
	return VR_OK;
}

void kvmp_arch_vm_fini(struct kvmp_vm *vm)
{
	free(vm->arch);
}

int32_t kvmp_arch_vm_reset(struct kvmp_vm *vm)
{
	(void)vm;
	return VR_OK;
}

int32_t kvmp_arch_irqchip(struct kvmp_vm *vm, uint32_t kind)
{
	return kvmp_error(vm->host, VR_E_UNSUPPORTED,
			  "interrupt controllers in the kernel (%u): not on arm64", kind);
}

int32_t kvmp_arch_msi(struct kvmp_vm *vm, uint64_t address, uint32_t data)
{
	(void)vm;
	(void)address;
	(void)data;
	return VR_E_UNSUPPORTED;
}

const uint32_t kvmp_arch_lines = 0;
int32_t kvmp_arch_line(struct kvmp_vm *vm, uint32_t line, uint32_t level)
{
	(void)vm;
	(void)line;
	(void)level;
	return VR_E_UNSUPPORTED;
}

int32_t kvmp_arch_route(struct kvmp_vm *vm, uint32_t line, uint64_t address, uint32_t data)
{
	(void)line;
	return kvmp_arch_msi(vm, address, data);
}

int32_t kvmp_arch_irqchip_get(struct kvmp_vm *vm, const char *id, uint32_t index, void *state,
			      uint32_t length)
{
	(void)vm;
	(void)id;
	(void)index;
	(void)state;
	(void)length;
	return VR_E_NOENT;
}

int32_t kvmp_arch_irqchip_set(struct kvmp_vm *vm, const char *id, uint32_t index, const void *state,
			      uint32_t length)
{
	(void)state;
	return kvmp_arch_irqchip_get(vm, id, index, NULL, length);
}

/* ---- vCPUs ------------------------------------------------------------------------------------- */
static int32_t init(struct kvmp_vcpu *v)
{
	struct kvm_vcpu_init i = v->vm->arch->target;

	memset(i.features, 0, sizeof(i.features));
	i.features[0] = 1u << KVM_ARM_VCPU_PSCI_0_2;
	if (kvmp_ioctl(v->fd, KVM_ARM_VCPU_INIT, &i) < 0)
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED, "vCPU %u: KVM_ARM_VCPU_INIT: %s", v->index,
				  strerror(errno));
	return VR_OK;
}

int32_t kvmp_arch_vcpu_init(struct kvmp_vcpu *v)
{
	int32_t rc;

	v->arch = calloc(1, sizeof(*v->arch));
	if (!v->arch)
		return kvmp_error(v->vm->host, VR_E_NOMEM, "no memory for vCPU %u", v->index);
	rc = init(v);
	return rc < 0 ? rc : kvm_reg_list(v);
}

void kvmp_arch_vcpu_fini(struct kvmp_vcpu *v)
{
	if (!v->arch)
		return;
	free(v->arch->list);
	free(v->arch);
}

/* The same KVM_ARM_VCPU_INIT again puts registers to their reset values (KVM API 4.82). */
int32_t kvmp_arch_vcpu_reset(struct kvmp_vcpu *v)
{
	int32_t rc = init(v);

	(void)kvmp_arch_pin(v, 0, false);
	(void)kvmp_arch_pin(v, 1, false);
	v->arch->timer_lines = 0;
	return rc;
}

bool kvmp_arch_pin(struct kvmp_vcpu *v, uint32_t pin, bool level)
{
	struct kvm_irq_level l = {
		.irq = KVM_ARM_IRQ_TYPE_CPU << KVM_ARM_IRQ_TYPE_SHIFT |
		       (v->index >> 8) << KVM_ARM_IRQ_VCPU2_SHIFT |
		       (v->index & 0xff) << KVM_ARM_IRQ_VCPU_SHIFT |
		       (pin ? KVM_ARM_IRQ_CPU_FIQ : KVM_ARM_IRQ_CPU_IRQ),
		.level = level,
	};

	/* The kernel wakes the vCPU: its thread need not look. */
	if (pin <= 1)
		(void)kvmp_ioctl(v->vm->fd, KVM_IRQ_LINE, &l);
	return true;
}

bool kvmp_arch_has_work(struct kvmp_vcpu *v)
{
	(void)v;
	return true; /* the kernel does the waiting of WFI */
}

int32_t kvmp_arch_enter(struct kvmp_vcpu *v)
{
	(void)v;
	return VR_OK;
}

void kvmp_arch_leave(struct kvmp_vcpu *v)
{
	static const struct {
		uint64_t bit;
		uint32_t line;
	} timers[] = {{KVM_ARM_DEV_EL1_VTIMER, LINE_VIRTUAL_TIMER},
		      {KVM_ARM_DEV_EL1_PTIMER, LINE_PHYSICAL_TIMER}};
	const struct vr_host_irq *irq = v->vm->arch->irq;
	uint64_t now = v->run->s.regs.device_irq_level, changed = now ^ v->arch->timer_lines;

	v->arch->timer_lines = now;
	for (uint32_t i = 0; i < 2; i++)
		if ((changed & timers[i].bit) && VR_HAS(irq, set))
			irq->set(v->vm->host, v->index, timers[i].line, !!(now & timers[i].bit));
}

/* As after power-up (PSCI, DEN 0022, 6.4): EL1h, everything masked, MMU and caches off. */
static int enter(struct kvmp_vcpu *v, uint64_t pc)
{
	const uint64_t pstate = 0x3c5, sctlr = 0x30d00800;

	return kvmp_reg_set(v, ARM64_SYS_REG(3, 0, 1, 0, 0), &sctlr) < 0 ||
			       kvmp_reg_set(v, KVMP_CORE(regs.pstate, KVM_REG_SIZE_U64), &pstate) < 0 ||
			       kvmp_reg_set(v, KVMP_CORE(regs.pc, KVM_REG_SIZE_U64), &pc) < 0
		       ? -1
		       : 0;
}

/* Firmware: x0..x17 in and out. A call that would have the vCPU sleep is made again at once: a suspended
 * processor may wake at any time (DEN 0022, 5.4), and its caller suspends it again. */
static int32_t hypercall(struct kvmp_vcpu *v)
{
	const struct vr_host_machine *m = v->vm->machine;
	uint64_t x[18];
	int32_t rc = VR_E_NOENT;
	uint32_t kind = v->run->hypercall.longmode & 1; /* newer headers: flags, KVM_HYPERCALL_EXIT_SMC */

	for (uint32_t i = 0; i < 18; i++)
		if (kvmp_reg_get(v, KVMP_X(i), &x[i]) < 0)
			return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: x%u: %s", v->index, i,
					  strerror(errno));
	if (VR_HAS(m, hypercall))
		rc = m->hypercall(v->vm->host, v->index, kind, x);
	if (rc == VR_HYPERCALL_WAIT)
		rc = m->hypercall(v->vm->host, v->index, kind | VR_HYPERCALL_AWAKE, x);
	if (rc == VR_HYPERCALL_ENTER && enter(v, x[1]) < 0)
		return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: can't go on at its entry point: %s",
				  v->index, strerror(errno));
	if (rc == VR_E_NOENT)
		x[0] = UINT64_MAX; /* NOT_SUPPORTED, SMCCC 1.4, 7.1 */
	for (uint32_t i = 0; i < 18; i++)
		if (kvmp_reg_set(v, KVMP_X(i), &x[i]) < 0)
			return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: x%u: %s", v->index, i,
					  strerror(errno));
	return VR_OK;
}

int32_t kvmp_arch_exit(struct kvmp_vcpu *v)
{
	const struct kvm_run *r = v->run;

	switch (r->exit_reason) {
	case KVM_EXIT_HYPERCALL:
		return hypercall(v);
	case KVM_EXIT_ARM_NISV:
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED,
				  "vCPU %u: an access to device memory at 0x%llx by an instruction that the "
				  "processor does "
				  "not describe (syndrome 0x%llx)",
				  v->index, (unsigned long long)r->arm_nisv.fault_ipa,
				  (unsigned long long)r->arm_nisv.esr_iss);
	case KVM_EXIT_INTERNAL_ERROR:
		return kvmp_error(v->vm->host, VR_E_INTERNAL, "vCPU %u: KVM gives up (internal error %u)",
				  v->index, r->internal.suberror);
	default:
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED, "vCPU %u: KVM's exit %u is not known here",
				  v->index, r->exit_reason);
	}
}

/* Synchronous external abort (Arm ARM D1.13.4); older kernels can't, and then reads give ones. */
void kvmp_arch_bus_error(struct kvmp_vcpu *v, bool is_write)
{
	struct kvm_vcpu_events e = {.exception.ext_dabt_pending = 1};

	(void)is_write;
	if (kvmp_extension(v->vm->fd, KVM_CAP_ARM_INJECT_EXT_DABT))
		(void)kvmp_ioctl(v->fd, KVM_SET_VCPU_EVENTS, &e);
}

int32_t kvmp_arch_facts(struct kvmp_plugin *p, vr_fact_fn fn, void *opaque)
{
	fn(opaque, "kernel mode", "native");
	fn(opaque, "irqchip", "none used; the board's");
	fn(opaque, "32-bit guests", kvmp_extension(p->fd, KVM_CAP_ARM_EL1_32BIT) ? "yes" : "no");
	return VR_OK;
}

int32_t kvmp_arch_pc(const struct kvmp_vcpu *v, uint64_t *pc)
{
	return kvmp_reg_get(v, KVMP_CORE(regs.pc, KVM_REG_SIZE_U64), pc) < 0 ? kvmp_code_of(errno) : VR_OK;
}
