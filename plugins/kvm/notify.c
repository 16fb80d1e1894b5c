/* SPDX-License-Identifier: MIT */
/*
 * notify.c: vmrun.notify/1 by eventfds: doorbells are KVM_IOEVENTFD (KVM API 4.59), lines KVM_IRQFD (4.75).
 *
 * The kernel refuses a resample event unless it has the whole controller: with the local APICs alone the
 * board, which has the I/O APIC, sees the end of an interrupt (KVM_EXIT_IOAPIC_EOI).
 */
#include <errno.h>
#include <string.h>

#include "kvm.h"

static bool is_descriptor(int64_t event)
{
	return event >= 0 && event <= INT32_MAX;
}

static int32_t check_doorbell(const struct kvmp_vm *vm, const struct vr_notify_doorbell *d)
{
	if (!d || d->size < sizeof(*d) || !is_descriptor(d->event))
		return kvmp_error(vm->host, VR_E_INVAL, "doorbell: no event is named");
	if (d->width > 8 || (d->width & (d->width - 1)) || (!d->width && (d->flags & VR_DOORBELL_MATCH)))
		return kvmp_error(vm->host, VR_E_INVAL, "doorbell at 0x%llx: %u bytes can't be watched",
				  (unsigned long long)d->address, d->width);
	if ((d->space != VR_SPACE_MMIO && d->space != VR_SPACE_PORT) || d->flags & ~VR_DOORBELL_MATCH)
		return VR_E_UNSUPPORTED;
	if (vm->plugin->no_notify || !kvmp_extension(vm->fd, KVM_CAP_IOEVENTFD) ||
	    (!d->width && !kvmp_extension(vm->fd, KVM_CAP_IOEVENTFD_ANY_LENGTH)))
		return VR_E_UNSUPPORTED;
	return VR_OK;
}

static int32_t VR_CALL doorbell(struct vr_vm *vm_, const struct vr_notify_doorbell *d, uint32_t on)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvm_ioeventfd e = {0};
	int32_t rc = check_doorbell(vm, d);

	if (rc < 0)
		return rc;
	e.addr = d->address;
	e.len = d->width;
	e.fd = (int32_t)d->event;
	if (d->flags & VR_DOORBELL_MATCH) {
		e.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
		e.datamatch = d->value;
	}
	if (d->space == VR_SPACE_PORT)
		e.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (!on)
		e.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	if (kvmp_ioctl(vm->fd, KVM_IOEVENTFD, &e) < 0)
		return kvmp_error(vm->host, kvmp_code_of(errno), "doorbell at 0x%llx: KVM_IOEVENTFD: %s",
				  (unsigned long long)d->address, strerror(errno));
	return VR_OK;
}

static int32_t VR_CALL line(struct vr_vm *vm_, uint32_t number, int64_t event, int64_t resample, uint32_t on)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvm_irqfd e = {.gsi = number};
	bool level = resample != VR_NOTIFY_NO_EVENT;

	if (vm->irqchip != VR_IRQCHIP_FULL)
		return VR_E_STATE;
	if (!is_descriptor(event) || (level && !is_descriptor(resample)))
		return kvmp_error(vm->host, VR_E_INVAL, "interrupt input %u: no event", number);
	if (number >= kvmp_arch_lines)
		return kvmp_error(vm->host, VR_E_RANGE, "interrupt input %u: there are %u", number,
				  kvmp_arch_lines);
	if (!kvmp_extension(vm->fd, KVM_CAP_IRQFD) ||
	    (level && !kvmp_extension(vm->fd, KVM_CAP_IRQFD_RESAMPLE)))
		return VR_E_UNSUPPORTED;
	e.fd = (uint32_t)event;
	if (!on) {
		e.flags = KVM_IRQFD_FLAG_DEASSIGN;
	} else if (level) {
		e.flags = KVM_IRQFD_FLAG_RESAMPLE;
		e.resamplefd = (uint32_t)resample;
	}
	if (kvmp_ioctl(vm->fd, KVM_IRQFD, &e) < 0)
		return kvmp_error(vm->host, kvmp_code_of(errno), "interrupt input %u: KVM_IRQFD: %s", number,
				  strerror(errno));
	return VR_OK;
}

const struct vr_notify kvmp_notify_table = {
	.size = sizeof(kvmp_notify_table),
	.doorbell = doorbell,
	.line = line,
};
