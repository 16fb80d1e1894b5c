/* SPDX-License-Identifier: MIT */
/*
 * vcpu_x86.c: what is x86's in the life of a virtual machine and of its vCPUs: set-up, ports, interrupts.
 *
 * Interrupt controllers outside the kernel. Pin 0 high is a request. When the guest can take it (the last
 * exit said so) the vCPU's thread makes the acknowledge cycle, VR_X86_BUS_INTA, and injects the vector
 * (KVM_INTERRUPT, KVM API 4.16); otherwise it asks for an exit as soon as the guest can
 * (request_interrupt_window). The task priority goes the same two ways: CR8 of the controller before each
 * entry into kvm_run.cr8, a guest's change of it back after the exit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch_x86.h"

const char kvmp_arch_name[] = KVMP_ARCH_X86;

const struct kvmp_capability kvmp_arch_required[] = {
	{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "CPUID for guests"},
	{KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR", "real mode on processors without unrestricted guests"},
	{KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS", "pending events"},
	{KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS", "debug registers"},
	{KVM_CAP_XSAVE, "KVM_CAP_XSAVE", "vector registers"},
	{KVM_CAP_XCRS, "KVM_CAP_XCRS", "extended control registers"},
	{0, NULL, NULL},
};

/* Four pages that no board uses, below the firmware's 16 MiB and above the local APIC (KVM API 4.24, 4.41).
 */
#define IDENTITY_MAP 0xfeffc000ull
#define TSS_ADDRESS 0xfeffd000ul

static bool enable(const struct kvmp_vm *vm, uint32_t capability, uint64_t argument)
{
	struct kvm_enable_cap c = {.cap = capability, .args = {argument}};

	return kvmp_extension(vm->fd, (int)capability) && kvmp_ioctl(vm->fd, KVM_ENABLE_CAP, &c) == 0;
}

int32_t kvmp_arch_vm_init(struct kvmp_vm *vm)
{
	uint64_t identity = IDENTITY_MAP;
	struct kvmp_arch_vm *a = calloc(1, sizeof(*a));
	int size;
	int32_t rc;

	vm->arch = a;
	if (!a)
		return kvmp_error(vm->host, VR_E_NOMEM, "no memory for the virtual machine");
	pthread_mutex_init(&a->route_lock, NULL);
	if (kvmp_extension(vm->fd, KVM_CAP_SET_IDENTITY_MAP_ADDR) &&
	    kvmp_ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0)
		return kvmp_error(vm->host, VR_E_IO, "KVM_SET_IDENTITY_MAP_ADDR: %s", strerror(errno));
	if (kvmp_ioctl_number(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0)
		return kvmp_error(vm->host, VR_E_IO, "KVM_SET_TSS_ADDR: %s", strerror(errno));
	a->exception_payload = enable(vm, KVM_CAP_EXCEPTION_PAYLOAD, 1);
	a->triple_fault_event = enable(vm, KVM_CAP_X86_TRIPLE_FAULT_EVENT, 1);
	a->emulation_exit = enable(vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1);
	a->sregs2 = kvmp_extension(vm->fd, KVM_CAP_SREGS2) != 0;
	size = kvmp_extension(vm->fd, KVM_CAP_XSAVE2);
	a->xsave_size = size >= (int)sizeof(struct kvm_xsave) ? (uint32_t)size : 0;
	if (a->xsave_size > VR_STATE_X86_XSAVE)
		return kvmp_error(vm->host, VR_E_UNSUPPORTED, "an XSAVE area of %u bytes is more than %u",
				  a->xsave_size, VR_STATE_X86_XSAVE);
	rc = kvmp_cpuid_load(vm);
	return rc < 0 ? rc : kvmp_msr_init(vm);
}

void kvmp_arch_vm_fini(struct kvmp_vm *vm)
{
	if (!vm->arch)
		return;
	pthread_mutex_destroy(&vm->arch->route_lock);
	free(vm->arch->routes);
	free(vm->arch->cpuid);
	free(vm->arch->msrs);
	free(vm->arch);
}

/* ---- interrupt controllers in the kernel --------------------------------------------------------- */
#define IOAPIC_LINES 24u
const uint32_t kvmp_arch_lines = IOAPIC_LINES;

/* Inputs as a PC has them: an ISA interrupt goes to the 8259s and to the I/O APIC's pin of that number, but
 * for the interval timer's, 0, which is pin 2 there (the slave 8259's place). KVM's own table has it at pin
 * 0. */
static int32_t pc_inputs(const struct kvmp_vm *vm)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry[2 * IOAPIC_LINES];
	} r = {.head = {.nr = 0}};

	for (uint32_t i = 0; i < IOAPIC_LINES; i++) {
		if (i == 2)
			continue;
		if (i < 16)
			r.entry[r.head.nr++] = (struct kvm_irq_routing_entry){
				.gsi = i,
				.type = KVM_IRQ_ROUTING_IRQCHIP,
				.u.irqchip = {.irqchip =
						      i < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE,
					      .pin = i & 7}};
		r.entry[r.head.nr++] = (struct kvm_irq_routing_entry){
			.gsi = i,
			.type = KVM_IRQ_ROUTING_IRQCHIP,
			.u.irqchip = {.irqchip = KVM_IRQCHIP_IOAPIC, .pin = i ? i : 2}};
	}
	return kvmp_ioctl(vm->fd, KVM_SET_GSI_ROUTING, &r) < 0
		       ? kvmp_error(vm->host, VR_E_UNSUPPORTED, "KVM_SET_GSI_ROUTING: %s", strerror(errno))
		       : VR_OK;
}

int32_t kvmp_arch_irqchip(struct kvmp_vm *vm, uint32_t kind)
{
	struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY}; /* port 0x61 */

	if (kind == VR_IRQCHIP_SPLIT) {
		if (!enable(vm, KVM_CAP_SPLIT_IRQCHIP, IOAPIC_LINES))
			return kvmp_error(
				vm->host, VR_E_UNSUPPORTED,
				"local APICs alone can't be had from this KVM (KVM_CAP_SPLIT_IRQCHIP): %s",
				strerror(errno));
	} else {
		if (kvmp_ioctl_number(vm->fd, KVM_CREATE_IRQCHIP, 0) < 0)
			return kvmp_error(vm->host, VR_E_UNSUPPORTED, "KVM_CREATE_IRQCHIP: %s",
					  strerror(errno));
		if (pc_inputs(vm) < 0)
			return VR_E_UNSUPPORTED;
		if (kvmp_ioctl(vm->fd, KVM_CREATE_PIT2, &pit) < 0)
			return kvmp_error(vm->host, VR_E_UNSUPPORTED, "KVM_CREATE_PIT2: %s", strerror(errno));
		for (uint32_t i = 0; i < 3; i++) {
			vm->arch->chips[i].chip_id = i;
			if (kvmp_ioctl(vm->fd, KVM_GET_IRQCHIP, &vm->arch->chips[i]) < 0)
				return kvmp_error(vm->host, VR_E_IO, "KVM_GET_IRQCHIP: %s", strerror(errno));
		}
		if (kvmp_ioctl(vm->fd, KVM_GET_PIT2, &vm->arch->pit) < 0)
			return kvmp_error(vm->host, VR_E_IO, "KVM_GET_PIT2: %s", strerror(errno));
	}
	vm->irqchip = kind;
	return VR_OK;
}

int32_t kvmp_arch_vm_reset(struct kvmp_vm *vm)
{
	bool bad = false;

	if (vm->irqchip != VR_IRQCHIP_FULL)
		return VR_OK;
	for (uint32_t i = 0; i < 3; i++)
		bad |= kvmp_ioctl(vm->fd, KVM_SET_IRQCHIP, &vm->arch->chips[i]) < 0;
	bad |= kvmp_ioctl(vm->fd, KVM_SET_PIT2, &vm->arch->pit) < 0;
	return bad ? kvmp_error(vm->host, VR_E_IO, "interrupt controllers: %s%s", strerror(errno),
				kvmp_remedy(errno))
		   : VR_OK;
}

int32_t kvmp_arch_line(struct kvmp_vm *vm, uint32_t line, uint32_t level)
{
	struct kvm_irq_level l = {.irq = line, .level = level != 0};

	if (line >= IOAPIC_LINES)
		return VR_E_RANGE;
	return kvmp_ioctl(vm->fd, KVM_IRQ_LINE, &l) < 0 ? kvmp_code_of(errno) : VR_OK;
}

int32_t kvmp_arch_msi(struct kvmp_vm *vm, uint64_t address, uint32_t data)
{
	struct kvm_msi m = {
		.address_lo = (uint32_t)address,
		.address_hi = (uint32_t)(address >> 32),
		.data = data,
	};

	return kvmp_ioctl(vm->fd, KVM_SIGNAL_MSI, &m) < 0 ? kvmp_code_of(errno) : VR_OK;
}

/* ---- vCPUs ------------------------------------------------------------------------------------------ */
int32_t kvmp_arch_vcpu_init(struct kvmp_vcpu *v)
{
	const struct kvmp_arch_vm *a = v->vm->arch;
	uint32_t size = a->xsave_size ? a->xsave_size : (uint32_t)sizeof(struct kvm_xsave);
	int32_t rc;

	v->arch = calloc(1, sizeof(*v->arch));
	if (v->arch) {
		v->arch->xsave = aligned_alloc(64, (size + 63) & ~63u);
		v->arch->msrs = calloc(1, sizeof(struct kvm_msrs) +
						  (VR_STATE_X86_MSRS + 1) * sizeof(struct kvm_msr_entry));
	}
	if (!v->arch || !v->arch->xsave || !v->arch->msrs)
		return kvmp_error(v->vm->host, VR_E_NOMEM, "no memory for vCPU %u", v->index);
	rc = kvmp_cpuid_set(v);
	return rc < 0 ? rc : kvmp_state_get(v, &v->arch->power_on);
}

void kvmp_arch_vcpu_fini(struct kvmp_vcpu *v)
{
	if (!v->arch)
		return;
	free(v->arch->xsave);
	free(v->arch->msrs);
	free(v->arch);
}

int32_t kvmp_arch_vcpu_reset(struct kvmp_vcpu *v)
{
	struct vr_state_x86 *s = &v->arch->power_on;

	s->tsc = 0;
	s->flags &= ~VR_X86_HAS_PV_CLOCK;
	return kvmp_state_set(v, s);
}

/* A pin: only a controller outside the kernel drives them. */
bool kvmp_arch_pin(struct kvmp_vcpu *v, uint32_t pin, bool level)
{
	if (pin == VR_X86_PIN_NMI && level)
		atomic_fetch_add(&v->nmi_edges, 1);
	/* Nothing to do for a request that is withdrawn, or an edge that does not count. */
	return !level || pin > VR_X86_PIN_NMI;
}

static bool requested(struct kvmp_vcpu *v)
{
	return atomic_load(&v->pins) >> VR_X86_PIN_INTR & 1;
}

bool kvmp_arch_has_work(struct kvmp_vcpu *v)
{
	return atomic_load(&v->nmi_edges) || (requested(v) && v->run->if_flag);
}

/* Takes the vector from the controller; negative: there is none any more. */
static int32_t acknowledge(struct kvmp_vcpu *v)
{
	uint64_t value = VR_X86_INTA_NONE;

	if (v->vm->mmio->access(v->vm->host, VR_SPACE_SYSREG, v->index, VR_X86_BUS_INTA, 4, 0, &value) < 0 ||
	    (value & VR_X86_INTA_NONE))
		return -1;
	return (int32_t)(value & 0xff);
}

static int32_t inject(struct kvmp_vcpu *v)
{
	struct kvm_run *r = v->run;
	struct kvm_interrupt irq;
	int32_t vector;

	r->request_interrupt_window = 0;
	if (!requested(v))
		return VR_OK;
	if (!r->ready_for_interrupt_injection || !r->if_flag) {
		r->request_interrupt_window = 1;
		return VR_OK;
	}
	vector = acknowledge(v);
	if (vector >= 0) {
		irq.irq = (uint32_t)vector;
		if (kvmp_ioctl(v->fd, KVM_INTERRUPT, &irq) < 0)
			return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_INTERRUPT of vector %d: %s%s",
					  v->index, vector, strerror(errno), kvmp_remedy(errno));
		v->n.interrupts++;
		if (v->vm->intlog)
			kvmp_intlog(v, "interrupt injected, vector 0x%x", irq.irq);
		r->ready_for_interrupt_injection = 0;
	}
	/* One more after it? */
	r->request_interrupt_window = requested(v);
	return VR_OK;
}

/* Whether there is a controller with a task priority is known once the machine runs. */
static void take_cr8(struct kvmp_vcpu *v)
{
	uint64_t cr8 = 0;

	if (v->arch->no_bus_cr8)
		return;
	if (v->vm->mmio->access(v->vm->host, VR_SPACE_SYSREG, v->index, VR_X86_BUS_CR8, 4, 0, &cr8) < 0)
		v->arch->no_bus_cr8 = true;
	else
		v->run->cr8 = v->arch->cr8 = cr8 & 0xf;
}

int32_t kvmp_arch_enter(struct kvmp_vcpu *v)
{
	/* A vCPU that is stepped takes no interrupt. */
	if (v->stepping && v->vm->irqchip != VR_IRQCHIP_FULL) {
		v->run->request_interrupt_window = 0;
		return VR_OK;
	}
	if (atomic_exchange(&v->nmi_edges, 0)) {
		v->n.nmis++;
		if (v->vm->intlog)
			kvmp_intlog(v, "NMI injected");
		if (kvmp_ioctl_number(v->fd, KVM_NMI, 0) < 0)
			return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_NMI: %s%s", v->index,
					  strerror(errno), kvmp_remedy(errno));
	}
	if (v->vm->irqchip == VR_IRQCHIP_FULL)
		return VR_OK;
	if (v->vm->irqchip == VR_IRQCHIP_NONE)
		take_cr8(v);
	return inject(v);
}

void kvmp_arch_leave(struct kvmp_vcpu *v)
{
	uint64_t cr8 = v->run->cr8 & 0xf;

	if (v->vm->irqchip != VR_IRQCHIP_NONE || v->arch->no_bus_cr8 || cr8 == v->arch->cr8)
		return;
	v->arch->cr8 = cr8;
	v->vm->mmio->access(v->vm->host, VR_SPACE_SYSREG, v->index, VR_X86_BUS_CR8, 4, 1, &cr8);
}

/* ---- exits -------------------------------------------------------------------------------------------- */
static void port_exit(struct kvmp_vcpu *v)
{
	const struct kvm_run *r = v->run;
	uint8_t *data = (uint8_t *)v->run + r->io.data_offset;
	bool is_write = r->io.direction == KVM_EXIT_IO_OUT;

	v->n.port++;
	v->unfinished = true;
	for (uint32_t i = 0; i < r->io.count; i++, data += r->io.size)
		kvmp_bus(v, VR_SPACE_PORT, r->io.port, r->io.size, is_write, data);
}

/* A triple fault: SDM vol. 3 6.15, interrupt 8. PCs reset then. */
static int32_t triple_fault(struct kvmp_vcpu *v)
{
	struct vr_state_x86 *s = &v->arch->scratch;

	kvmp_log(v->vm->host, VR_LOG_WARN, "vCPU %u: triple fault, the machine resets", v->index);
	if (!v->fault_handled && kvmp_state_get(v, s) == VR_OK)
		kvmp_report_state(v, s);
	v->fault_handled = true;
	v->vm->machine->power(v->vm->host, VR_POWER_RESET, 0);
	return KVMP_STOP;
}

static int32_t internal_error(struct kvmp_vcpu *v)
{
	const struct kvm_run *r = v->run;

	if (r->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
		return kvmp_failure_exit(v);
	if (kvmp_state_get(v, &v->arch->scratch) == VR_OK)
		kvmp_report_state(v, &v->arch->scratch);
	return kvmp_error(
		v->vm->host, VR_E_INTERNAL,
		"vCPU %u: KVM gives up at 0x%llx (internal error %u, %s, data 0x%llx 0x%llx)" KVMP_STATE_HINT,
		v->index, (unsigned long long)v->arch->scratch.rip, r->internal.suberror,
		r->internal.suberror == KVM_INTERNAL_ERROR_DELIVERY_EV ? "while it delivered an event"
		: r->internal.suberror == KVM_INTERNAL_ERROR_SIMUL_EX  ? "exceptions at the same time"
		: r->internal.suberror == KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON
			? "an exit it does not expect"
			: "?",
		r->internal.ndata > 0 ? (unsigned long long)r->internal.data[0] : 0,
		r->internal.ndata > 1 ? (unsigned long long)r->internal.data[1] : 0);
}

int32_t kvmp_arch_exit(struct kvmp_vcpu *v)
{
	const struct kvm_run *r = v->run;
	uint64_t vector;

	switch (r->exit_reason) {
	case KVM_EXIT_IO:
		port_exit(v);
		return VR_OK;
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		kvmp_msr_exit(v);
		return VR_OK;
	case KVM_EXIT_HLT:
		v->n.halts++;
		v->waiting = true;
		return VR_OK;
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		v->n.windows++;
		return VR_OK;
	case KVM_EXIT_SET_TPR:
		return VR_OK; /* kvmp_arch_leave() has seen to it */
	case KVM_EXIT_IOAPIC_EOI:
		vector = r->eoi.vector;
		v->vm->mmio->access(v->vm->host, VR_SPACE_SYSREG, v->index, VR_X86_BUS_EOI, 4, 1, &vector);
		return VR_OK;
	case KVM_EXIT_SHUTDOWN:
		return triple_fault(v);
	case KVM_EXIT_INTERNAL_ERROR:
		return internal_error(v);
	default:
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED, "vCPU %u: KVM's exit %u is not known here",
				  v->index, r->exit_reason);
	}
}

/* What is not there takes writes and reads as all ones, like a bus without a device. */
void kvmp_arch_bus_error(struct kvmp_vcpu *v, bool is_write)
{
	(void)v;
	(void)is_write;
}
