/* SPDX-License-Identifier: MIT */
/* msi.h: message-signalled interrupts: what a device on a bus writes instead of driving a line. */
#ifndef VMRUN_MSI_H
#define VMRUN_MSI_H

#include <vmrun/abi.h>

/* PCI Local Bus 3.0, 6.8: a write of 32 bits of data to an address. Who writes is a part of the message: interrupt
 * controllers that translate messages (GICv3 ITS, interrupt remapping) look it up. */
struct vr_msi {
	uint32_t size;
	uint32_t data;
	uint64_t address;
	uint32_t requester; /* PCI: bus << 8 | device << 3 | function; an ITS calls it the DeviceID */
	uint32_t reserved;
};

#endif
