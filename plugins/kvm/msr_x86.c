/* SPDX-License-Identifier: MIT */
/*
 * msr_x86.c: model-specific registers: those that make up the state, and those that are devices'.
 *
 * MSRs that KVM does not know, and those that the filter takes from it, exit (KVM API 7.21, 7.22) and go to
 * VR_SPACE_SYSREG; where no device has them the guest gets #GP (SDM vol. 2 RDMSR).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch_x86.h"

#define MSR_TSC 0x10u
#define MSR_APIC_BASE 0x1bu
#define MSR_EFER 0xc0000080u
#define MSR_TSC_DEADLINE 0x6e0u

/* Those that KVM has, but that are a device's here, or are not there at all. */
static const struct {
	uint32_t base, count;
} filtered[] = {
	{0x34, 1},           /* SMI count: the host's */
	{0x40000000, 0x200}, /* Hyper-V's synthetic MSRs: a board's, if it wants to be one */
};

/* In the state struct by themselves. */
static bool has_place(uint32_t id)
{
	return id == MSR_TSC || id == MSR_APIC_BASE || id == MSR_EFER;
}

static int32_t load_list(struct kvmp_vm *vm)
{
	struct kvm_msr_list probe = {0}, *l;
	uint32_t n = 0;

	/* The first call says how many there are, with E2BIG. */
	if (kvmp_ioctl(vm->plugin->fd, KVM_GET_MSR_INDEX_LIST, &probe) < 0 && errno != E2BIG)
		return kvmp_error(vm->host, VR_E_UNSUPPORTED, "KVM_GET_MSR_INDEX_LIST: %s", strerror(errno));
	l = calloc(1, sizeof(*l) + probe.nmsrs * sizeof(l->indices[0]));
	if (!l)
		return kvmp_error(vm->host, VR_E_NOMEM, "no memory for the list of MSRs");
	vm->arch->msrs = l;
	l->nmsrs = probe.nmsrs;
	if (kvmp_ioctl(vm->plugin->fd, KVM_GET_MSR_INDEX_LIST, l) < 0)
		return kvmp_error(vm->host, VR_E_UNSUPPORTED, "KVM_GET_MSR_INDEX_LIST: %s", strerror(errno));
	for (uint32_t i = 0; i < l->nmsrs && n < VR_STATE_X86_MSRS; i++)
		if (!has_place(l->indices[i]))
			l->indices[n++] = l->indices[i];
	l->nmsrs = n;
	return VR_OK;
}

/* Wishes: a kernel without them gives the guest #GP itself. */
static void ask_for_exits(struct kvmp_vm *vm)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = {KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN |
			 KVM_MSR_EXIT_REASON_FILTER},
	};
	/* A clear bit: not allowed. The kernel only reads it. */
	static const uint8_t none[64];
	struct kvm_msr_filter f = {.flags = KVM_MSR_FILTER_DEFAULT_ALLOW};

	if (!kvmp_extension(vm->fd, KVM_CAP_X86_USER_SPACE_MSR) ||
	    kvmp_ioctl(vm->fd, KVM_ENABLE_CAP, &cap) < 0)
		return;
	if (!kvmp_extension(vm->fd, KVM_CAP_X86_MSR_FILTER))
		return;
	for (uint32_t i = 0; i < sizeof(filtered) / sizeof(filtered[0]); i++)
		f.ranges[i] = (struct kvm_msr_filter_range){
			.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
			.nmsrs = filtered[i].count,
			.base = filtered[i].base,
			.bitmap = (uint8_t *)(uintptr_t)none,
		};
	if (kvmp_ioctl(vm->fd, KVM_X86_SET_MSR_FILTER, &f) < 0)
		kvmp_log(vm->host, VR_LOG_INFO, "MSR filter: %s", strerror(errno));
}

int32_t kvmp_msr_init(struct kvmp_vm *vm)
{
	ask_for_exits(vm);
	return load_list(vm);
}

void kvmp_msr_exit(struct kvmp_vcpu *v)
{
	struct kvm_run *r = v->run;
	bool is_write = r->exit_reason == KVM_EXIT_X86_WRMSR;
	uint64_t value = r->msr.data;

	v->n.sysreg++;
	v->unfinished = true;
	r->msr.error = kvmp_bus(v, VR_SPACE_SYSREG, r->msr.index, 8, is_write, &value) < 0;
	if (!is_write)
		r->msr.data = value;
}

int32_t kvmp_msr_read(struct kvmp_vcpu *v)
{
	struct kvm_msr_list *l = v->vm->arch->msrs;
	struct kvm_msrs *m = v->arch->msrs;

	for (;;) {
		int n;

		m->nmsrs = l->nmsrs;
		for (uint32_t i = 0; i < l->nmsrs; i++)
			m->entries[i] = (struct kvm_msr_entry){.index = l->indices[i]};
		n = kvmp_ioctl(v->fd, KVM_GET_MSRS, m);
		if (n < 0)
			return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_GET_MSRS: %s", v->index,
					  strerror(errno));
		if ((uint32_t)n >= l->nmsrs)
			return VR_OK;
		/* Listed, and refused: features of the guest's CPUID decide that, the same for every vCPU. */
		memmove(&l->indices[n], &l->indices[n + 1],
			(l->nmsrs - (uint32_t)n - 1) * sizeof(l->indices[0]));
		l->nmsrs--;
	}
}

static bool holds(const struct kvmp_vcpu *v, uint32_t id, uint64_t value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = {.head = {.nmsrs = 1}, .entry = {.index = id}};

	return kvmp_ioctl(v->fd, KVM_GET_MSRS, &m) == 1 && m.entry.data == value;
}

int32_t kvmp_msr_write(struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	struct kvm_msrs *m = v->arch->msrs;
	uint32_t done = 0;

	m->nmsrs = 0;
	for (uint32_t i = 0; i < s->msr_count; i++)
		if (!has_place(s->msr[i].id) && s->msr[i].id != MSR_TSC_DEADLINE)
			m->entries[m->nmsrs++] =
				(struct kvm_msr_entry){.index = s->msr[i].id, .data = s->msr[i].value};
	/* Last, when the local APIC and the clock that it depends on are there. */
	for (uint32_t i = 0; i < s->msr_count; i++)
		if (s->msr[i].id == MSR_TSC_DEADLINE)
			m->entries[m->nmsrs++] =
				(struct kvm_msr_entry){.index = s->msr[i].id, .data = s->msr[i].value};
	while (done < m->nmsrs) {
		int n;
		struct kvm_msr_entry *e;

		m->nmsrs -= done;
		memmove(m->entries, m->entries + done, m->nmsrs * sizeof(m->entries[0]));
		n = kvmp_ioctl(v->fd, KVM_SET_MSRS, m);
		if (n < 0)
			return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_SET_MSRS: %s", v->index,
					  strerror(errno));
		if ((uint32_t)n == m->nmsrs)
			return VR_OK;
		/* One that can't be written and need not be, or a value that this KVM can't have. */
		e = &m->entries[n];
		if (!holds(v, e->index, e->data) && e->data)
			return kvmp_error(v->vm->host, VR_E_UNSUPPORTED,
					  "vCPU %u: MSR 0x%x can't be 0x%llx here", v->index, e->index,
					  (unsigned long long)e->data);
		done = (uint32_t)n + 1;
	}
	return VR_OK;
}
