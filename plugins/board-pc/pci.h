/* SPDX-License-Identifier: MIT */
/*
 * pci.h: the root of PCI: configuration space by the enhanced access mechanism (PCI Express Base
 * Specification 4.0, 7.2.2; PCI Firmware Specification 3.2, 4.1) with a host bridge on it, device 0 of bus 0,
 * and nothing else: there all bits read as ones.
 */
#ifndef VR_BOARD_PC_PCI_H
#define VR_BOARD_PC_PCI_H

#include <board/tables.h>

/* It has no state: the host bridge's registers are all read-only. [main] */
int32_t vr_pci_attach(const struct vr_tables *t);

#endif
