/* SPDX-License-Identifier: MIT */
/*
 * pci.h: the root of PCI: a host bridge, device 0 of bus 0, and nothing else: there all bits read as ones.
 * Configuration space is reached in two ways: the enhanced access mechanism (PCI Express Base
 * Specification 4.0, 7.2.2; PCI Firmware Specification 3.2, 4.1), and mechanism #1 at ports 0xcf8 and 0xcfc
 * (PCI Local Bus Specification 3.0, 3.2.2.3.2), without which Linux does not trust the first. The reset
 * control register lies between its ports.
 */
#ifndef BOARD_PC_PCI_H
#define BOARD_PC_PCI_H

#include <board/tables.h>
#include <pthread.h>
#include <vmrun/state_pc.h>

struct reset_control;

struct pci {
	struct reset_control *reset;
	pthread_mutex_t lock; /* everything below */
	struct vr_state_x86_pci s;
};

/* reset: made already. [main] */
int32_t pci_init(struct pci *p, const struct vr_tables *t, struct reset_control *reset);
void pci_reset(struct pci *p); /* [quiesced] */
void pci_fini(struct pci *p);

/* All of it, checked. [quiesced] */
void pci_get(struct pci *p, struct vr_state_x86_pci *s);
void pci_set(struct pci *p, const struct vr_state_x86_pci *s);

#endif
