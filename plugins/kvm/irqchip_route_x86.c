/* SPDX-License-Identifier: MIT */
/*
 * irqchip_route_x86.c: the level-triggered lines of a board's I/O APIC, told to KVM. With local APICs alone
 * KVM reports the end of an interrupt (KVM_EXIT_IOAPIC_EOI) only for vectors that it finds, level-triggered,
 * in the routing table among the inputs that were set aside when the local APICs were made (KVM
 * API 4.52, 7.5).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch_x86.h"

static struct kvm_irq_routing_entry *entry_of(struct kvm_irq_routing *r, uint32_t line)
{
	for (uint32_t i = 0; i < r->nr; i++)
		if (r->entries[i].gsi == line)
			return &r->entries[i];
	return NULL;
}

static int32_t tell(struct kvmp_vm *vm, uint32_t line, const struct kvm_irq_routing_msi *msi)
{
	struct kvm_irq_routing *r = vm->arch->routes;
	struct kvm_irq_routing_entry *e;

	if (!r) {
		r = calloc(1, sizeof(*r) + kvmp_arch_lines * sizeof(r->entries[0]));
		if (!r)
			return kvmp_error(vm->host, VR_E_NOMEM, "no memory for interrupt routes");
		vm->arch->routes = r;
	}
	e = entry_of(r, line);
	if (e && memcmp(&e->u.msi, msi, sizeof(*msi)) == 0)
		return VR_OK;
	if (!e)
		e = &r->entries[r->nr++];
	e->gsi = line;
	e->type = KVM_IRQ_ROUTING_MSI;
	e->u.msi = *msi;
	if (kvmp_ioctl(vm->fd, KVM_SET_GSI_ROUTING, r) == 0)
		return VR_OK;
	kvmp_log(vm->host, VR_LOG_WARN, "interrupt input %u: KVM_SET_GSI_ROUTING: %s: it may come only once",
		 line, strerror(errno));
	return VR_E_IO;
}

int32_t kvmp_arch_route(struct kvmp_vm *vm, uint32_t line, uint64_t address, uint32_t data)
{
	struct kvm_irq_routing_msi msi = {
		.address_lo = (uint32_t)address,
		.address_hi = (uint32_t)(address >> 32),
		.data = data,
	};
	int32_t rc;

	pthread_mutex_lock(&vm->arch->route_lock);
	rc = tell(vm, line, &msi);
	pthread_mutex_unlock(&vm->arch->route_lock);
	return rc;
}
