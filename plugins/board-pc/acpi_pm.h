/* SPDX-License-Identifier: MIT */
/* acpi_pm.h: ACPI's fixed power management registers (ACPI 6.4, 4.8.3): PM1a events and control, PM timer. */
#ifndef BOARD_PC_ACPI_PM_H
#define BOARD_PC_ACPI_PM_H

#include <board/tables.h>
#include <pthread.h>
#include <vmrun/state_pc.h>

#define ACPI_PM_TIMER_HZ 3579545u
#define ACPI_S5 5u /* SLP_TYP as the DSDT says it */

struct acpi_pm {
	const struct vr_tables *t;
	pthread_mutex_t lock; /* everything below */
	uint16_t status, enable, control;
	uint32_t line;          /* the SCI as last driven */
	uint64_t half;          /* of the timer's period: what was noted of bit 31's changes */
	struct vr_timer *alarm; /* for the next one */
};

int32_t acpi_pm_init(struct acpi_pm *p, const struct vr_tables *t); /* [main] */
void acpi_pm_reset(struct acpi_pm *p);                              /* [quiesced] */
void acpi_pm_fini(struct acpi_pm *p);

/* All of it, checked. [quiesced] */
void acpi_pm_get(struct acpi_pm *p, struct vr_state_x86_acpi_pm *s);
void acpi_pm_set(struct acpi_pm *p, const struct vr_state_x86_acpi_pm *s);

#endif
