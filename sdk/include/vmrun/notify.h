/* SPDX-License-Identifier: MIT */
/*
 * notify.h: vmrun.notify/1, optional: an accelerator that carries events between the guest and devices by
 * itself, without a vCPU's thread leaving vcpu_run() or taking part.
 *
 * A native event is the host's own kind: on Linux the descriptor of an eventfd (eventfd(2)). The caller makes
 * it and closes it, after it has been taken off here. vm is the one of vmrun.accel/1; vm_destroy() takes off
 * whatever is left. Links outlive vm_reset().
 *
 * Doorbells are for registers whose write is only a call. The core asks for them, for devices that
 * attach to vmrun.doorbell/1 (host.h).
 *
 * Lines are for a sender outside this process or in the kernel (vhost, a device passed through).
 * A device of this process drives its line with vmrun.irq/1, and gains nothing here: both ways are one system
 * call (KVM on Linux 6.18: 1.5 us by event, 1.7 us by KVM_IRQ_LINE), no vCPU takes part in either, and a
 * level line costs more by events, since each end of interrupt has to come back by `resample` and wake
 * a thread that asks the device whether the line is still high. A virtio-mmio device is told of that by the
 * guest's write to InterruptACK anyhow (virtio 1.2, 4.2.2).
 */
#ifndef VMRUN_NOTIFY_H
#define VMRUN_NOTIFY_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_NOTIFY_ID "vmrun.notify/1"

#define VR_NOTIFY_NO_EVENT INT64_C(-1)

#define VR_DOORBELL_MATCH 1u /* only writes of `value` */

struct vr_notify_doorbell {
	uint32_t size;
	uint32_t flags; /* VR_DOORBELL_* */
	uint32_t space; /* VR_SPACE_MMIO or VR_SPACE_PORT */
	/* Bytes: 1, 2, 4 or 8, and only writes of that width. 0: of any, without a value; the instruction
	 * need not be looked at then, so a read there may count as a write, and gives nothing defined. */
	uint32_t width;
	uint64_t address;
	uint64_t value;
	int64_t event;
};

struct vr_notify {
	uint32_t size;
	uint32_t reserved;
	/* From now on (on != 0) such a write of the guest signals the event and is done; it does not reach
	 * vmrun.mmio/1. Off: with what it was switched on with. What was signalled stays signalled.
	 * VR_E_UNSUPPORTED: not here, or not this kind, without an error text. VR_E_EXISTS: there is one.
	 * VR_E_NOENT: there is none to switch off. [main] */
	int32_t(VR_CALL *doorbell)(struct vr_vm *vm, const struct vr_notify_doorbell *d, uint32_t on);
	/* A signal of `event` raises an input of the accelerator's own controller, numbered as in
	 * vmrun.irqchip/1's line() (VR_IRQCHIP_FULL). Without `resample` (VR_NOTIFY_NO_EVENT) it is an edge.
	 * With it the input is level-triggered: it stays high until the guest has ended the interrupt, then
	 * goes low and `resample` is signalled; a device that still needs it signals `event` again. Off: with the event
	 * it was switched on with. VR_E_UNSUPPORTED: not here; VR_E_STATE: there is no such controller; both
	 * without an error text. VR_E_RANGE: no such input. VR_E_BUSY: the event is in use. [main] */
	int32_t(VR_CALL *line)(struct vr_vm *vm, uint32_t line, int64_t event, int64_t resample, uint32_t on);
};

#ifdef __cplusplus
}
#endif

#endif
