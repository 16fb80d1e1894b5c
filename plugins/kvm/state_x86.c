/* SPDX-License-Identifier: MIT */
/*
 * state_x86.c: the canonical state, out of KVM and into it.
 *
 * The order of setting matters: paging and modes (sregs) before what is checked against them; the local APIC
 * after the APIC base, its deadline after it; the time stamp late; events after all registers; the run state
 * last, since it may be "halted" only with the rest in place.
 */
#include <errno.h>
#include <string.h>

#include "arch_x86.h"

#define MSR_TSC 0x10u
#define CR0_PG (1ull << 31)
#define CR4_PAE (1ull << 5)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define XSAVE_LEGACY 576u /* legacy area and header, SDM vol. 1 13.4 */

static int32_t failed(const struct kvmp_vcpu *v, const char *what)
{
	int e = errno;

	return kvmp_error(v->vm->host, e == EINVAL ? VR_E_INVAL : VR_E_IO, "vCPU %u: %s: %s%s", v->index,
			  what, strerror(e), kvmp_remedy(e));
}

/* ---- segments ------------------------------------------------------------------------------------ */
static void segment_out(struct vr_x86_segment *d, const struct kvm_segment *s)
{
	*d = (struct vr_x86_segment){
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.attributes = (uint32_t)(s->type & 0xf) | (uint32_t)(s->s & 1) << 4 |
			      (uint32_t)(s->dpl & 3) << VR_X86_SEG_DPL_SHIFT |
			      (uint32_t)(s->present & 1) << 7 | (uint32_t)(s->avl & 1) << 12 |
			      (uint32_t)(s->l & 1) << 13 | (uint32_t)(s->db & 1) << 14 |
			      (uint32_t)(s->g & 1) << 15 | (uint32_t)(s->unusable & 1) << 16,
	};
}

static void segment_in(struct kvm_segment *d, const struct vr_x86_segment *s)
{
	uint32_t a = s->attributes;

	*d = (struct kvm_segment){
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.type = a & 0xf,
		.s = a >> 4 & 1,
		.dpl = a >> VR_X86_SEG_DPL_SHIFT & 3,
		.present = a >> 7 & 1,
		.avl = a >> 12 & 1,
		.l = a >> 13 & 1,
		.db = a >> 14 & 1,
		.g = a >> 15 & 1,
		.unusable = a >> 16 & 1,
	};
}

/* kvm_sregs and kvm_sregs2 begin alike, and differ after apic_base. */
#define FOR_SEGMENTS(X)  \
	X(VR_X86_ES, es) \
	X(VR_X86_CS, cs) \
	X(VR_X86_SS, ss) \
	X(VR_X86_DS, ds) X(VR_X86_FS, fs) X(VR_X86_GS, gs) X(VR_X86_LDTR, ldt) X(VR_X86_TR, tr)

static bool is_pae(const struct vr_state_x86 *s)
{
	return (s->cr0 & CR0_PG) && (s->cr4 & CR4_PAE) && !(s->efer & (EFER_LMA | EFER_LME));
}

static int32_t get_sregs(struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	struct kvm_sregs r = {0};
	struct kvm_sregs2 r2 = {0};
	bool new = v->vm->arch->sregs2;

	if (kvmp_ioctl(v->fd, KVM_GET_SREGS, &r) < 0)
		return failed(v, "KVM_GET_SREGS");
#define X(i, name) segment_out(&s->segment[i], &r.name);
	FOR_SEGMENTS(X)
#undef X
	s->gdt = (struct vr_x86_table){.base = r.gdt.base, .limit = r.gdt.limit};
	s->idt = (struct vr_x86_table){.base = r.idt.base, .limit = r.idt.limit};
	s->cr0 = r.cr0;
	s->cr2 = r.cr2;
	s->cr3 = r.cr3;
	s->cr4 = r.cr4;
	s->cr8 = r.cr8;
	s->efer = r.efer;
	s->apic_base = r.apic_base;
	if (!new || !is_pae(s))
		return VR_OK;
	if (kvmp_ioctl(v->fd, KVM_GET_SREGS2, &r2) < 0)
		return failed(v, "KVM_GET_SREGS2");
	if (r2.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID) {
		s->flags |= VR_X86_HAS_PDPTR;
		memcpy(s->pdptr, r2.pdptrs, sizeof(s->pdptr));
	}
	return VR_OK;
}

static int32_t set_sregs(struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	struct kvm_sregs r = {0};

#define X(i, name) segment_in(&r.name, &s->segment[i]);
	FOR_SEGMENTS(X)
#undef X
	r.gdt.base = s->gdt.base;
	r.gdt.limit = (uint16_t)s->gdt.limit;
	r.idt.base = s->idt.base;
	r.idt.limit = (uint16_t)s->idt.limit;
	r.cr0 = s->cr0;
	r.cr2 = s->cr2;
	r.cr3 = s->cr3;
	r.cr4 = s->cr4;
	r.cr8 = s->cr8;
	r.efer = s->efer;
	r.apic_base = s->apic_base;
	if ((s->events.flags & VR_X86_EV_INTERRUPT) && !(s->events.flags & VR_X86_EV_SOFT))
		r.interrupt_bitmap[s->events.interrupt_vector / 64] |= 1ull
								       << s->events.interrupt_vector % 64;
	if (v->vm->arch->sregs2 && (s->flags & VR_X86_HAS_PDPTR)) {
		struct kvm_sregs2 r2 = {.flags = KVM_SREGS2_FLAGS_PDPTRS_VALID};

		memcpy(&r2, &r, offsetof(struct kvm_sregs, interrupt_bitmap));
		memcpy(r2.pdptrs, s->pdptr, sizeof(r2.pdptrs));
		if (kvmp_ioctl(v->fd, KVM_SET_SREGS2, &r2) < 0)
			return failed(v, "KVM refuses the control registers or segments (KVM_SET_SREGS2)");
		return VR_OK;
	}
	if (kvmp_ioctl(v->fd, KVM_SET_SREGS, &r) < 0)
		return failed(v, "KVM refuses the control registers or segments (KVM_SET_SREGS)");
	return VR_OK;
}
_Static_assert(offsetof(struct kvm_sregs, apic_base) == offsetof(struct kvm_sregs2, apic_base),
	       "same beginning");

/* ---- general registers ---------------------------------------------------------------------------- */
static int32_t get_regs(const struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	struct kvm_regs r = {0};

	if (kvmp_ioctl(v->fd, KVM_GET_REGS, &r) < 0)
		return failed(v, "KVM_GET_REGS");
	memcpy(s->gpr,
	       (uint64_t[16]){r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10,
			      r.r11, r.r12, r.r13, r.r14, r.r15},
	       sizeof(s->gpr));
	s->rip = r.rip;
	s->rflags = r.rflags;
	return VR_OK;
}

static int32_t set_regs(const struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	const uint64_t *g = s->gpr;
	struct kvm_regs r = {
		.rax = g[0],
		.rcx = g[1],
		.rdx = g[2],
		.rbx = g[3],
		.rsp = g[4],
		.rbp = g[5],
		.rsi = g[6],
		.rdi = g[7],
		.r8 = g[8],
		.r9 = g[9],
		.r10 = g[10],
		.r11 = g[11],
		.r12 = g[12],
		.r13 = g[13],
		.r14 = g[14],
		.r15 = g[15],
		.rip = s->rip,
		.rflags = s->rflags | 2,
	};

	return kvmp_ioctl(v->fd, KVM_SET_REGS, &r) < 0 ? failed(v, "KVM_SET_REGS") : VR_OK;
}

static int32_t get_debug(const struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	struct kvm_debugregs d = {0};

	if (kvmp_ioctl(v->fd, KVM_GET_DEBUGREGS, &d) < 0)
		return failed(v, "KVM_GET_DEBUGREGS");
	memcpy(s->dr, d.db, sizeof(s->dr));
	s->dr6 = d.dr6;
	s->dr7 = d.dr7;
	return VR_OK;
}

static int32_t set_debug(const struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	struct kvm_debugregs d = {.dr6 = s->dr6, .dr7 = s->dr7};

	memcpy(d.db, s->dr, sizeof(s->dr));
	return kvmp_ioctl(v->fd, KVM_SET_DEBUGREGS, &d) < 0 ? failed(v, "KVM refuses the debug registers")
							    : VR_OK;
}

/* ---- extended state -------------------------------------------------------------------------------- */
static int32_t get_extended(const struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	const struct kvmp_arch_vm *a = v->vm->arch;
	struct kvm_xcrs x = {0};
	uint32_t size = a->xsave_size ? a->xsave_size : (uint32_t)sizeof(struct kvm_xsave);

	if (kvmp_ioctl(v->fd, a->xsave_size ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, v->arch->xsave) < 0)
		return failed(v, "KVM_GET_XSAVE");
	s->xsave_size = size;
	memcpy(s->xsave, v->arch->xsave, size);
	if (kvmp_ioctl(v->fd, KVM_GET_XCRS, &x) < 0)
		return failed(v, "KVM_GET_XCRS");
	s->xcr0 = 1;
	for (uint32_t i = 0; i < x.nr_xcrs && i < KVM_MAX_XCRS; i++)
		if (x.xcrs[i].xcr == 0)
			s->xcr0 = x.xcrs[i].value;
	return VR_OK;
}

static int32_t set_extended(const struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	const struct kvmp_arch_vm *a = v->vm->arch;
	struct kvm_xcrs x = {.nr_xcrs = 1};
	uint32_t size = a->xsave_size ? a->xsave_size : (uint32_t)sizeof(struct kvm_xsave);

	if (s->xsave_size < XSAVE_LEGACY || s->xsave_size > sizeof(s->xsave))
		return kvmp_error(v->vm->host, VR_E_INVAL, "vCPU %u: an XSAVE area of %u bytes", v->index,
				  s->xsave_size);
	x.xcrs[0].xcr = 0;
	x.xcrs[0].value = s->xcr0 | 1;
	if (kvmp_ioctl(v->fd, KVM_SET_XCRS, &x) < 0)
		return failed(v, "KVM refuses XCR0");
	memset(v->arch->xsave, 0, size);
	memcpy(v->arch->xsave, s->xsave, s->xsave_size < size ? s->xsave_size : size);
	if (kvmp_ioctl(v->fd, KVM_SET_XSAVE, v->arch->xsave) < 0)
		return failed(v, "KVM refuses the XSAVE area (a component that it lacks, or a bad MXCSR)");
	return VR_OK;
}

/* ---- events ------------------------------------------------------------------------------------------ */
static uint32_t flag(uint32_t on, uint32_t bit)
{
	return on ? bit : 0;
}

static int32_t get_events(const struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	struct kvm_vcpu_events e = {0};
	struct vr_x86_events *d = &s->events;

	if (kvmp_ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e) < 0)
		return failed(v, "KVM_GET_VCPU_EVENTS");
	d->flags = flag(e.exception.injected, VR_X86_EV_EXCEPTION_INJECTED) |
		   flag(e.exception.pending, VR_X86_EV_EXCEPTION_PENDING) |
		   flag(e.exception.has_error_code, VR_X86_EV_ERROR_CODE) |
		   flag(e.exception_has_payload, VR_X86_EV_PAYLOAD) |
		   flag(e.interrupt.injected, VR_X86_EV_INTERRUPT) | flag(e.interrupt.soft, VR_X86_EV_SOFT) |
		   flag(e.nmi.injected, VR_X86_EV_NMI_INJECTED) | flag(e.nmi.pending, VR_X86_EV_NMI_PENDING) |
		   flag(e.nmi.masked, VR_X86_EV_NMI_MASKED) |
		   flag(e.interrupt.shadow & KVM_X86_SHADOW_INT_STI, VR_X86_EV_SHADOW_STI) |
		   flag(e.interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS, VR_X86_EV_SHADOW_MOV_SS) |
		   flag(e.smi.smm, VR_X86_EV_SMM) | flag(e.smi.pending, VR_X86_EV_SMI_PENDING) |
		   flag(e.smi.latched_init, VR_X86_EV_LATCHED_INIT) |
		   flag(e.triple_fault.pending, VR_X86_EV_TRIPLE_FAULT);
	/* Vectors mean something only with their event. */
	if (d->flags & (VR_X86_EV_EXCEPTION_INJECTED | VR_X86_EV_EXCEPTION_PENDING)) {
		d->exception_vector = e.exception.nr;
		d->exception_error = d->flags & VR_X86_EV_ERROR_CODE ? e.exception.error_code : 0;
		d->exception_payload = d->flags & VR_X86_EV_PAYLOAD ? e.exception_payload : 0;
	} else {
		d->flags &= ~(VR_X86_EV_ERROR_CODE | VR_X86_EV_PAYLOAD);
	}
	if (d->flags & VR_X86_EV_INTERRUPT)
		d->interrupt_vector = e.interrupt.nr;
	else
		d->flags &= ~VR_X86_EV_SOFT;
	d->sipi_vector = (uint8_t)e.sipi_vector;
	return VR_OK;
}

static int32_t set_events(const struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	const struct vr_x86_events *d = &s->events;
	struct kvm_vcpu_events e = {
		.exception.injected = !!(d->flags & VR_X86_EV_EXCEPTION_INJECTED),
		.exception.pending = !!(d->flags & VR_X86_EV_EXCEPTION_PENDING),
		.exception.has_error_code = !!(d->flags & VR_X86_EV_ERROR_CODE),
		.exception.nr = d->exception_vector,
		.exception.error_code = d->exception_error,
		.exception_has_payload = !!(d->flags & VR_X86_EV_PAYLOAD),
		.exception_payload = d->exception_payload,
		.interrupt.injected = !!(d->flags & VR_X86_EV_INTERRUPT),
		.interrupt.soft = !!(d->flags & VR_X86_EV_SOFT),
		.interrupt.nr = d->interrupt_vector,
		.interrupt.shadow =
			(__u8)(flag(d->flags & VR_X86_EV_SHADOW_STI, KVM_X86_SHADOW_INT_STI) |
			       flag(d->flags & VR_X86_EV_SHADOW_MOV_SS, KVM_X86_SHADOW_INT_MOV_SS)),
		.nmi.injected = !!(d->flags & VR_X86_EV_NMI_INJECTED),
		.nmi.pending = !!(d->flags & VR_X86_EV_NMI_PENDING),
		.nmi.masked = !!(d->flags & VR_X86_EV_NMI_MASKED),
		.sipi_vector = d->sipi_vector,
		.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW,
	};

	if (s->mp_state == VR_X86_MP_SIPI || d->sipi_vector)
		e.flags |= KVM_VCPUEVENT_VALID_SIPI_VECTOR;
	if (v->vm->arch->exception_payload)
		e.flags |= KVM_VCPUEVENT_VALID_PAYLOAD;
	if (v->vm->arch->triple_fault_event) {
		e.flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
		e.triple_fault.pending = !!(d->flags & VR_X86_EV_TRIPLE_FAULT);
	}
	if (d->flags & (VR_X86_EV_SMM | VR_X86_EV_SMI_PENDING | VR_X86_EV_LATCHED_INIT)) {
		e.flags |= KVM_VCPUEVENT_VALID_SMM;
		e.smi.smm = !!(d->flags & VR_X86_EV_SMM);
		e.smi.pending = !!(d->flags & VR_X86_EV_SMI_PENDING);
		e.smi.latched_init = !!(d->flags & VR_X86_EV_LATCHED_INIT);
	}
	return kvmp_ioctl(v->fd, KVM_SET_VCPU_EVENTS, &e) < 0 ? failed(v, "KVM refuses the pending events")
							      : VR_OK;
}

/* ---- the rest ----------------------------------------------------------------------------------------- */
static const struct {
	uint32_t ours, kvms;
} mp_states[] = {
	{VR_X86_MP_RUNNING, KVM_MP_STATE_RUNNABLE},   {VR_X86_MP_HALTED, KVM_MP_STATE_HALTED},
	{VR_X86_MP_INIT, KVM_MP_STATE_INIT_RECEIVED}, {VR_X86_MP_SIPI, KVM_MP_STATE_SIPI_RECEIVED},
	{VR_X86_MP_INIT, KVM_MP_STATE_UNINITIALIZED},
};

static int32_t get_run_state(const struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	struct kvm_mp_state m = {0};

	if (kvmp_ioctl(v->fd, KVM_GET_MP_STATE, &m) < 0)
		return failed(v, "KVM_GET_MP_STATE");
	s->mp_state = v->waiting ? VR_X86_MP_HALTED : VR_X86_MP_RUNNING;
	for (uint32_t i = 0; i < sizeof(mp_states) / sizeof(mp_states[0]); i++)
		if (mp_states[i].kvms == m.mp_state && !v->waiting)
			s->mp_state = mp_states[i].ours;
	return VR_OK;
}

static int32_t set_run_state(struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	bool lapic = v->vm->irqchip != VR_IRQCHIP_NONE;
	struct kvm_mp_state m = {.mp_state = KVM_MP_STATE_RUNNABLE};

	/* Without its own local APIC KVM knows but one state; the others are ours to keep. */
	v->waiting = !lapic && s->mp_state == VR_X86_MP_HALTED;
	if (!lapic && s->mp_state > VR_X86_MP_HALTED)
		return kvmp_error(
			v->vm->host, VR_E_UNSUPPORTED,
			"vCPU %u waits for INIT or SIPI, and that is its interrupt controller's to do",
			v->index);
	for (uint32_t i = 0; lapic && i < sizeof(mp_states) / sizeof(mp_states[0]); i++)
		if (mp_states[i].ours == s->mp_state)
			m.mp_state =
				mp_states[i]
					.kvms; /* the last one: UNINITIALIZED for INIT, as after power-on */
	return kvmp_ioctl(v->fd, KVM_SET_MP_STATE, &m) < 0 ? failed(v, "KVM refuses the run state") : VR_OK;
}

static int32_t get_msrs(struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} tsc = {.head = {.nmsrs = 1}, .entry = {.index = MSR_TSC}};
	const struct kvm_msrs *m = v->arch->msrs;
	int32_t rc = kvmp_msr_read(v);
	int khz;

	if (rc < 0)
		return rc;
	s->msr_count = m->nmsrs;
	for (uint32_t i = 0; i < m->nmsrs; i++)
		s->msr[i] = (struct vr_x86_msr){.id = m->entries[i].index, .value = m->entries[i].data};
	if (kvmp_ioctl(v->fd, KVM_GET_MSRS, &tsc) == 1)
		s->tsc = tsc.entry.data;
	khz = kvmp_ioctl_number(v->fd, KVM_GET_TSC_KHZ, 0);
	s->tsc_khz = khz > 0 ? (uint64_t)khz : 0;
	return VR_OK;
}

static int32_t set_tsc(const struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} tsc = {.head = {.nmsrs = 1}, .entry = {.index = MSR_TSC, .data = s->tsc}};

	return kvmp_ioctl(v->fd, KVM_SET_MSRS, &tsc) != 1 ? failed(v, "the time stamp counter can't be set")
							  : VR_OK;
}

/* The machine's (KVM API 4.29, 4.30); by MSRs the guest says where it reads it. */
static void get_clock(const struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	struct kvm_clock_data c = {0};

	if (kvmp_ioctl(v->vm->fd, KVM_GET_CLOCK, &c) < 0)
		return;
	s->pv_clock = c.clock;
	s->flags |= VR_X86_HAS_PV_CLOCK;
}

static int32_t set_clock(const struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	struct kvm_clock_data c = {.clock = s->pv_clock};

	if (v->index || !(s->flags & VR_X86_HAS_PV_CLOCK) || !kvmp_extension(v->vm->fd, KVM_CAP_ADJUST_CLOCK))
		return VR_OK;
	return kvmp_ioctl(v->vm->fd, KVM_SET_CLOCK, &c) < 0 ? failed(v, "KVM_SET_CLOCK") : VR_OK;
}

int32_t kvmp_state_get(struct kvmp_vcpu *v, struct vr_state_x86 *s)
{
	int32_t rc;

	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	rc = get_run_state(v, s); /* first: KVM then takes in an INIT or SIPI that is on its way */
	if (rc == VR_OK)
		rc = get_regs(v, s);
	if (rc == VR_OK)
		rc = get_sregs(v, s);
	if (rc == VR_OK)
		rc = get_debug(v, s);
	if (rc == VR_OK)
		rc = get_extended(v, s);
	if (rc == VR_OK)
		rc = get_events(v, s);
	if (rc == VR_OK)
		rc = get_msrs(v, s);
	if (rc == VR_OK && v->vm->irqchip != VR_IRQCHIP_NONE) {
		struct kvm_lapic_state lapic = {0};

		if (kvmp_ioctl(v->fd, KVM_GET_LAPIC, &lapic) < 0)
			return failed(v, "KVM_GET_LAPIC");
		memcpy(s->lapic, lapic.regs, sizeof(s->lapic));
		s->flags |= VR_X86_HAS_LAPIC;
	}
	get_clock(v, s);
	s->pins = atomic_load(&v->pins);
	return rc;
}
_Static_assert(KVM_APIC_REG_SIZE == sizeof(((struct vr_state_x86 *)0)->lapic), "the APIC page's first 1 KiB");

static int32_t set_all(struct kvmp_vcpu *v, const struct vr_state_x86 *s, bool with_time)
{
	int32_t rc;

	if (s->msr_count > VR_STATE_X86_MSRS || s->mp_state > VR_X86_MP_SIPI)
		return kvmp_error(v->vm->host, VR_E_INVAL,
				  "vCPU %u: state: msr_count or mp_state is out of range", v->index);
	rc = set_extended(v, s);
	if (rc == VR_OK)
		rc = set_sregs(v, s);
	if (rc == VR_OK)
		rc = set_regs(v, s);
	if (rc == VR_OK)
		rc = set_debug(v, s);
	if (rc == VR_OK && (s->flags & VR_X86_HAS_LAPIC) && v->vm->irqchip != VR_IRQCHIP_NONE &&
	    kvmp_ioctl(v->fd, KVM_SET_LAPIC, s->lapic) < 0)
		rc = failed(v, "KVM refuses the local APIC");
	if (rc == VR_OK && with_time)
		rc = set_tsc(v, s);
	if (rc == VR_OK && with_time)
		rc = set_clock(v, s);
	if (rc == VR_OK)
		rc = kvmp_msr_write(v, s);
	if (rc == VR_OK)
		rc = set_events(v, s);
	if (rc == VR_OK)
		rc = set_run_state(v, s);
	if (rc < 0)
		return rc;
	atomic_store(&v->pins, s->pins);
	/* What the last exit said of interrupts is old now. */
	v->run->ready_for_interrupt_injection = 0;
	v->run->if_flag = s->rflags >> 9 & 1;
	v->run->cr8 = s->cr8;
	v->run->apic_base = s->apic_base;
	v->fault_handled = false;
	return VR_OK;
}

int32_t kvmp_state_set(struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	return set_all(v, s, true);
}

int32_t kvmp_state_put_back(struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	return set_all(v, s, false);
}

static int32_t check(const struct kvmp_vcpu *v, const char *id, const void *state, uint32_t length)
{
	if (!id || strcmp(id, VR_STATE_X86_ID) != 0)
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED, "vCPU %u: its state is '%s', not '%s'",
				  v->index, VR_STATE_X86_ID, id ? id : "");
	if (!state || length < sizeof(struct vr_state_x86))
		return kvmp_error(v->vm->host, VR_E_INVAL, "vCPU %u: its state takes %zu bytes", v->index,
				  sizeof(struct vr_state_x86));
	return VR_OK;
}

int32_t kvmp_arch_pc(const struct kvmp_vcpu *v, uint64_t *pc)
{
	struct kvm_regs r = {0};

	if (kvmp_ioctl(v->fd, KVM_GET_REGS, &r) < 0)
		return kvmp_code_of(errno);
	*pc = r.rip;
	return VR_OK;
}

int32_t kvmp_arch_get_state(struct kvmp_vcpu *v, const char *id, void *state, uint32_t length)
{
	int32_t rc = check(v, id, state, length);

	return rc < 0 ? rc : kvmp_state_get(v, state);
}

int32_t kvmp_arch_set_state(struct kvmp_vcpu *v, const char *id, const void *state, uint32_t length)
{
	const struct vr_state_x86 *s = state;
	int32_t rc = check(v, id, state, length);

	if (rc < 0)
		return rc;
	if (s->size != sizeof(*s))
		return kvmp_error(v->vm->host, VR_E_INVAL, "vCPU %u: state: size is %u", v->index, s->size);
	return kvmp_state_set(v, s);
}
