/* SPDX-License-Identifier: MIT */
/* psci.h: the firmware: Arm Power State Coordination Interface 1.1 (Arm DEN 0022). */
#ifndef BOARD_VIRT_PSCI_H
#define BOARD_VIRT_PSCI_H

#include <board/tables.h>
#include <pthread.h>

struct gic;

struct psci {
	const struct vr_tables *t;
	struct gic *gic;
	uint32_t vcpu_count;
	pthread_mutex_t lock; /* makes "is it off? then start it" one step */
};

/* Function identifiers: bit 30 set for the 64-bit calls. */
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define PSCI_SYSTEM_RESET2 0x84000012u
#define PSCI_64BIT 0x40000000u

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_INTERNAL_FAILURE (-6)
#define PSCI_INVALID_ADDRESS (-9)

/* Becomes the machine's answer to HVC. [main][quiesced] */
int32_t psci_init(struct psci *p, const struct vr_tables *t, struct gic *gic, uint32_t vcpu_count);
void psci_fini(struct psci *p); /* also of a zeroed one */

#endif
