/* SPDX-License-Identifier: MIT */
/*
 * intr.h: the interrupt controllers of the machine as one: the 8259 pair, the I/O APIC and a local APIC for
 * each vCPU, or what an accelerator has of them (vmrun.irqchip/1).
 *
 * They speak to each other all the time, so one lock covers them. It is a leaf for devices (they raise lines
 * with their own locks held) and is held while pins are driven, never while a vCPU's state is set.
 */
#ifndef BOARD_PC_INTR_H
#define BOARD_PC_INTR_H

#include <board/ports.h>
#include <vmrun/irqchip.h>

#include "apic_bus.h"
#include "ioapic.h"
#include "lapic.h"
#include "map.h"
#include "pic.h"
#include "startup.h"

#define PIC_RANGES 3u

struct intr {
	const struct vr_tables *t;
	uint32_t vcpu_count;
	uint32_t kind; /* VR_IRQCHIP_*: what the accelerator has */
	const struct vr_irqchip *chip;
	struct vr_plugin_self *chip_self;
	struct apic_bus bus;
	struct vr_ports pic_ports[PIC_RANGES]; /* not FULL */
	pthread_mutex_t lock;                  /* everything below */
	uint64_t slot_lines;                   /* PC_SLOT_LINES: those that share pins */
	uint32_t pins;                         /* lines 0..23, slots included */
	uint32_t direct;                       /* SPLIT: pin 0 of vCPU 0 as last told */
	struct pic pic;                        /* not FULL */
	struct ioapic ioapic;                  /* not FULL */
	struct lapic *lapic[PC_MAX_VCPUS];     /* NONE */
	uint32_t lowest_next;                  /* the vCPU whose turn it is among equals */
	struct ap_startup startup;             /* NONE */
};

/* Asks the accelerator what it has, attaches the rest, becomes the root controller. [main] */
int32_t intr_init(struct intr *x, const struct vr_tables *t, uint32_t vcpu_count);
void intr_fini(struct intr *x);
void intr_reset(struct intr *x); /* [quiesced] */

/* ---- intr_state.c: canonical states, checked; where the board has them itself. [quiesced] ---- */
void intr_get_pic(struct intr *x, struct vr_state_x86_pic *s);
void intr_set_pic(struct intr *x, const struct vr_state_x86_pic *s);
void intr_get_ioapic(struct intr *x, struct vr_state_x86_ioapic *s);
void intr_set_ioapic(struct intr *x, const struct vr_state_x86_ioapic *s);
void intr_get_lapic(struct intr *x, uint32_t vcpu, struct vr_state_x86_lapic *s);
/* VR_E_UNSUPPORTED: these local APICs can't be in that state. */
int32_t intr_set_lapic(struct intr *x, uint32_t vcpu, const struct vr_state_x86_lapic *s);
/* The accelerator's controllers were given these states: what they have seen of the lines. */
void intr_saw_pic(struct intr *x, const struct vr_state_x86_pic *s);
void intr_saw_ioapic(struct intr *x, const struct vr_state_x86_ioapic *s);

/* The 8259s' INT may have changed. The lock is held. */
void intr_update(struct intr *x);

#endif
