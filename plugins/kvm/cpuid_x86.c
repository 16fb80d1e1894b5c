/* SPDX-License-Identifier: MIT */
/*
 * cpuid_x86.c: CPUID for the guest: what this KVM supports on this processor (KVM API 4.46), less what only
 * works with the interrupt controllers in the kernel when they are not, with each vCPU's place in it.
 * All vCPUs are cores of one package, one thread a core. Two bits are added that older kernels leave to their
 * user: that this is a virtual machine, without which no guest looks for KVM's own leaves, and the local
 * APIC's TSC deadline (KVM API 4.46).
 *
 * Virtual machines in the guest are offered on request only (nested): what such a one has in the kernel is no
 * part of the canonical state.
 *
 * Where the processor shows neither VT-x nor SVM, KVM runs kernel mode in its emulator, which knows only the
 * 8-byte form of CMPXCHG16B's opcode: a kernel that is offered the instruction takes it for its memory
 * allocator and stops there, so it is not offered. (Most other bits that its emulator can't serve, XSAVE and
 * POPCNT among them, such a KVM shows in spite of what it is told.)
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch_x86.h"

#define MOST_ENTRIES 4096u

/* KVM's own leaf of features (the kernel's Documentation/virt/kvm/x86/cpuid.rst) that need no local APIC in
 * the kernel: clocks, no I/O delay, steal time. */
#define PV_FEATURES 0x40000001u
#define PV_WITHOUT_LAPIC (1u << 0 | 1u << 1 | 1u << 3 | 1u << 5 | 1u << 24)
#define PV_MSI_EXT_DEST_ID (1u << 15) /* a promise that the I/O APIC would have to keep */

static size_t bytes(uint32_t n)
{
	return sizeof(struct kvm_cpuid2) + n * sizeof(struct kvm_cpuid_entry2);
}

int32_t kvmp_cpuid_load(struct kvmp_vm *vm)
{
	struct kvm_cpuid2 *c = NULL;

	for (uint32_t n = 128; n <= MOST_ENTRIES; n *= 2) {
		free(c);
		c = calloc(1, bytes(n));
		if (!c)
			return kvmp_error(vm->host, VR_E_NOMEM, "no memory for CPUID");
		c->nent = n;
		if (kvmp_ioctl(vm->plugin->fd, KVM_GET_SUPPORTED_CPUID, c) == 0) {
			vm->arch->cpuid = c;
			return VR_OK;
		}
		if (errno != E2BIG)
			break;
	}
	free(c);
	return kvmp_error(vm->host, VR_E_UNSUPPORTED, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
}

const struct kvm_cpuid_entry2 *kvmp_cpuid_find(const struct kvm_cpuid2 *c, uint32_t function, uint32_t index)
{
	for (uint32_t i = 0; c && i < c->nent; i++)
		if (c->entries[i].function == function && c->entries[i].index == index)
			return &c->entries[i];
	return NULL;
}

/* Bits that number n things. */
static uint32_t width_of(uint32_t n)
{
	uint32_t bits = 0;

	while (1u << bits < n)
		bits++;
	return bits;
}

/* SDM vol. 2 CPUID, figure 3-7; AMD APM vol. 3 E.4.2. */
static bool processor_virtualises(void)
{
	uint32_t a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && (c & 1u << 5))
		return true;
	return __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c & 1u << 2);
}

static void filter(const struct kvmp_vcpu *v, struct kvm_cpuid_entry2 *e)
{
	uint32_t id = v->index, count = v->vm->vcpu_count;
	bool lapic = v->vm->irqchip != VR_IRQCHIP_NONE, nested = v->vm->plugin->nested;

	switch (e->function) {
	case 1: /* SDM vol. 2 CPUID, figures 3-7 and 3-8 */
		e->ebx = (e->ebx & 0x0000ffffu) | id << 24 | (count > 255 ? 255 : count) << 16;
		e->ecx &= ~(1u << 3); /* MONITOR: would exit or idle the host's processor */
		e->ecx |= 1u << 31;   /* a hypervisor is there */
		if (!nested)
			e->ecx &= ~(1u << 5); /* VMX */
		if (!processor_virtualises())
			e->ecx &= ~(1u << 13); /* CMPXCHG16B */
		if (!lapic)
			e->ecx &= ~(1u << 21 | 1u << 24); /* x2APIC, TSC deadline */
		else if (kvmp_extension(v->vm->fd, KVM_CAP_TSC_DEADLINE_TIMER))
			e->ecx |= 1u << 24;
		e->edx = count > 1 ? e->edx | 1u << 28 : e->edx & ~(1u << 28);
		break;
	case 4: /* caches: private, but for the last level */
		if (e->eax & 0x1f)
			e->eax = (e->eax & 0x3fffu) | (count > 64 ? 63u : count - 1) << 26 |
				 ((e->eax >> 5 & 7) >= 3 ? count - 1 : 0) << 14;
		break;
	case 7: /* SDM vol. 2 CPUID: SGX needs memory of its own, which no board has */
		if (e->index == 0) {
			e->ebx &= ~(1u << 2);
			e->ecx &= ~(1u << 30);
		}
		break;
	case 0x12:
		e->eax = e->ebx = e->ecx = e->edx = 0;
		break;
	case 0x8000001d: /* the same, AMD APM vol. 3 E.4.15 */
		if (e->eax & 0x1f)
			e->eax = (e->eax & 0x3fffu) | ((e->eax >> 5 & 7) >= 3 ? count - 1 : 0) << 14;
		break;
	case 0x80000001: /* AMD APM vol. 3 E.4.2 */
		if (!nested)
			e->ecx &= ~(1u << 2); /* SVM */
		break;
	case 0x8000000a: /* SVM's features */
		if (!nested)
			e->eax = e->ebx = e->ecx = e->edx = 0;
		break;
	case 0xb:
	case 0x1f:
		e->eax = e->index == 1 ? width_of(count) : 0;
		e->ebx = e->index == 0 ? 1 : e->index == 1 ? count : 0;
		e->ecx = (e->ecx & 0xff) | (e->index == 0 ? 1u << 8 : e->index == 1 ? 2u << 8 : 0);
		e->edx = id;
		break;
	case PV_FEATURES:
		e->eax &= ~PV_MSI_EXT_DEST_ID;
		if (!lapic)
			e->eax &= PV_WITHOUT_LAPIC;
		break;
	case 0x80000008: /* AMD APM vol. 3 E.4.7 */
		e->ecx = width_of(count) << 12 | (count - 1);
		break;
	case 0x8000001e:
		e->eax = id;
		e->ebx = id & 0xff;
		e->ecx = 0;
		break;
	default:
		break;
	}
}

int32_t kvmp_cpuid_set(struct kvmp_vcpu *v)
{
	const struct kvm_cpuid2 *from = v->vm->arch->cpuid;
	struct kvm_cpuid2 *c = calloc(1, bytes(from->nent + 1));
	int rc;

	if (!c)
		return kvmp_error(v->vm->host, VR_E_NOMEM, "no memory for CPUID");
	memcpy(c, from, bytes(from->nent));
	/* KVM lists level 0 of the topology alone. */
	if (kvmp_cpuid_find(from, 0xb, 0) && !kvmp_cpuid_find(from, 0xb, 1)) {
		c->entries[c->nent] = *kvmp_cpuid_find(from, 0xb, 0);
		c->entries[c->nent].index = 1;
		c->entries[c->nent].ecx = 1;
		c->nent++;
	}
	for (uint32_t i = 0; i < c->nent; i++)
		filter(v, &c->entries[i]);
	rc = kvmp_ioctl(v->fd, KVM_SET_CPUID2, c);
	free(c);
	if (rc < 0)
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED, "vCPU %u: KVM_SET_CPUID2: %s", v->index,
				  strerror(errno));
	return VR_OK;
}
