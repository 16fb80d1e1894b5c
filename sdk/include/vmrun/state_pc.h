/* SPDX-License-Identifier: MIT */
/*
 * state_pc.h: the canonical state of a PC's timers and interrupt controllers, in the board or in
 * an accelerator (vmrun.irqchip/1). vr_board.get_state/set_state and vr_irqchip.get_state/set_state speak it.
 *
 * Manuals: Intel 64 and IA-32 SDM vol. 3 chapter 11 (local APIC), 82093AA (I/O APIC), 8259A (interrupt
 * controllers), 8254 (interval timer), MC146818A (clock), ACPI 6.4 4.8.3 (power management registers).
 *
 * Rules for all of them:
 *  - Registers hold what the manual says they hold, also where software can't read them back; reserved
 * members are zero. The side that takes a state checks it: it may come from a file.
 *  - Times are guest time, ns, as vmrun.timer/1's now() tells it. When a state is put into another machine,
 * that machine's guest time has to go on from where the first machine's stood.
 *  - Setting a state drives no line of the interrupt controllers: they have seen it, and what they have seen
 * is in their states. So the order of setting does not matter; all of a machine's states together make sense.
 *    The pins of the processors follow their local APICs.
 */
#ifndef VMRUN_STATE_PC_H
#define VMRUN_STATE_PC_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_STATE_NO_DEADLINE UINT64_MAX /* no interrupt is to come: any other value is a time */

/* ---- the pair of 8259A; index 0 --------------------------------------------------------------- */
#define VR_STATE_X86_PIC_ID "vmrun.state.x86.pic/1"

struct vr_x86_pic_chip {
	/* Bit n is input n. Input 2 of the master is the slave's output: its bits in irr and input follow
	 * from the slave and are zero here. A level-triggered input asks (irr) exactly as long as it is high
	 * (input). */
	uint8_t irr, isr, imr;
	uint8_t input; /* levels, as last driven */
	uint8_t elcr;  /* edge/level control, ports 0x4d0 and 0x4d1: 1 is level-triggered; never inputs 0, 1,
			  2, 8, 13 */
	uint8_t icw1;  /* the initialization command words as written; icw2's bits 7:3 are the vector's */
	uint8_t icw2;
	uint8_t icw4;
	uint8_t expect;       /* 2, 3, 4: the next write to the data port is that ICW; 0: it is the mask */
	uint8_t lowest;       /* 0..7: the input of lowest priority; 7 unless rotated */
	uint8_t read_isr;     /* 1: the command port reads isr, 0: irr */
	uint8_t poll;         /* 1: the next read is an acknowledge ("poll command") */
	uint8_t special_mask; /* 1: special mask mode */
	uint8_t rotate_auto;  /* 1: rotate in automatic EOI mode */
	uint8_t reserved[2];
};

struct vr_state_x86_pic {
	uint32_t size;
	uint32_t reserved;
	struct vr_x86_pic_chip chip[2]; /* master, slave */
};

/* ---- 82093AA; index 0 --------------------------------------------------------------------------- */
#define VR_STATE_X86_IOAPIC_ID "vmrun.state.x86.ioapic/1"
#define VR_X86_IOAPIC_PINS 24

struct vr_state_x86_ioapic {
	uint32_t size;
	uint32_t id;     /* 0..15 (IOAPICID 27:24) */
	uint32_t select; /* IOREGSEL, 0..255 */
	/* Bit n: pin n is asserted. Only level-triggered pins need it: that of an edge-triggered one may be
	 * zero where the controller does not keep it. */
	uint32_t input;
	uint64_t redirection[VR_X86_IOAPIC_PINS]; /* 3.2.4; delivery status (bit 12) is zero */
};

/* ---- a local APIC; index: the vCPU ---------------------------------------------------------------- */
#define VR_STATE_X86_LAPIC_ID "vmrun.state.x86.lapic/1"

/* lvt[]: 11.5.1, the order of their registers from 0x320. */
#define VR_X86_LVT_TIMER 0
#define VR_X86_LVT_THERMAL 1
#define VR_X86_LVT_COUNTERS 2
#define VR_X86_LVT_LINT0 3
#define VR_X86_LVT_LINT1 4
#define VR_X86_LVT_ERROR 5
#define VR_X86_LVTS 6

/* startup: 9.4. A vCPU that waits is powered off where the board has the local APICs; where the accelerator
 * has them it is on, and vr_state_x86.mp_state says the same. vr_board.set_state sees to both, so the vCPUs'
 * own states are set first. */
#define VR_X86_STARTUP_RUNS 0
#define VR_X86_STARTUP_WAITS 1 /* got INIT, waits for a SIPI */
#define VR_X86_STARTUP_SIPI 2  /* got it: sipi_vector; about to begin */

struct vr_state_x86_lapic {
	uint32_t size;
	uint32_t id;        /* 0..255, in x2APIC mode 32 bits */
	uint64_t apic_base; /* MSR 0x1B; the same as vr_state_x86's */
	uint32_t tpr;       /* bits 7:0; vr_state_x86.cr8 is its bits 7:4 */
	uint32_t ldr;       /* as the register: xAPIC bits 31:24 */
	uint32_t dfr;       /* as the register: bits 27:0 are ones */
	uint32_t svr;
	uint32_t esr;                    /* what a read gives */
	uint32_t esr_pending;            /* noted since the last write (11.5.3) */
	uint32_t icr[2];                 /* bits 31:0, 63:32; delivery status is zero */
	uint32_t lvt[VR_X86_LVTS];       /* without the read-only bits 12 and 14 */
	uint32_t isr[8], tmr[8], irr[8]; /* bit n & 31 of word n / 32: vector n; 0..15 can't be */
	uint32_t external;               /* 1: an ExtINT message waits for its acknowledge cycle */
	uint32_t startup;                /* VR_X86_STARTUP_* */
	uint32_t sipi_vector;            /* 0..255 */
	/* The timer (11.5.4) counts 1 GHz / divisor. One-shot and periodic; in TSC-deadline mode it is MSR
	 * 0x6E0 of the vCPU's state that counts, and there is no deadline here. */
	uint32_t timer_divide;   /* the divide configuration register: bits 3, 1, 0 */
	uint32_t timer_initial;  /* the initial count register; 0: stopped */
	uint64_t timer_start;    /* guest ns, modulo 2^64: when the count stood at timer_initial */
	uint64_t timer_deadline; /* guest ns of the next interrupt, or VR_STATE_NO_DEADLINE */
};

/* ---- 8254 and port 0x61; index 0 ------------------------------------------------------------------ */
#define VR_STATE_X86_PIT_ID "vmrun.state.x86.pit/1"
#define VR_X86_PIT_HZ 1193182

struct vr_x86_pit_channel {
	uint64_t start;         /* guest ns: when the count was taken over, or the gate last rose */
	uint64_t held;          /* ticks that had passed when the gate closed */
	uint32_t count;         /* 1..65536, in BCD ..10000 */
	uint16_t latch;         /* the count that the latch command took */
	uint8_t mode;           /* 0..5 */
	uint8_t rw;             /* 1: low byte, 2: high byte, 3: low, then high */
	uint8_t bcd;            /* 1: counts decimal */
	uint8_t gate;           /* 1: open */
	uint8_t loaded;         /* 1: counts; 0: a control word came and no count (or no trigger) since */
	uint8_t latched;        /* 1: reads give `latch` */
	uint8_t status_latched; /* 1: the next read gives `status` */
	uint8_t status;
	uint8_t read_high;  /* rw 3: the high byte is read next */
	uint8_t write_high; /* rw 3: the high byte is written next */
	uint8_t write_low;  /* the low byte that was written before it */
	uint8_t reserved[3];
};

struct vr_state_x86_pit {
	uint32_t size;
	uint32_t line;    /* 0, 1: interrupt line 0 as last driven */
	uint32_t speaker; /* 0, 1: port 0x61 bit 1; its bit 0 is the gate of channel 2 */
	uint32_t reserved;
	uint64_t deadline; /* guest ns of channel 0's next interrupt, or VR_STATE_NO_DEADLINE */
	struct vr_x86_pit_channel channel[3];
};

/* ---- MC146818A; index 0 ----------------------------------------------------------------------------- */
#define VR_STATE_X86_CMOS_ID "vmrun.state.x86.cmos/1"

struct vr_state_x86_cmos {
	uint32_t size;
	uint8_t index; /* port 0x70, bits 6:0 */
	uint8_t flags; /* register C, bits 7:4; the interrupt line is high when one of them is enabled in B */
	uint8_t reserved[2];
	int64_t offset;     /* s: how far the guest's clock is ahead of the host's (vmrun.timer/1's wall()) */
	int64_t alarm_seen; /* s since 1970, guest's clock: up to which alarms were looked for */
	int64_t update_seen;    /* s since 1970, guest's clock: the last update that was noted */
	uint64_t periodic_from; /* guest ns: when the running period of the periodic interrupt began */
	/* Registers A (without UIP) and B, alarm, memory. The time of day counts only while B's SET holds it;
	 * C and D are zero here. */
	uint8_t ram[128];
};

/* ---- ACPI's fixed registers; index 0 --------------------------------------------------------------- */
#define VR_STATE_X86_ACPI_PM_ID "vmrun.state.x86.acpi-pm/1"

/* The PM timer is guest time at 3.579545 MHz and has no state of its own. */
struct vr_state_x86_acpi_pm {
	uint32_t size;
	uint16_t status, enable; /* PM1_STS, PM1_EN */
	uint16_t control;        /* PM1_CNT without SLP_EN and SCI_EN */
	uint16_t reserved;
};

/* ---- keyboard controller, port 0x92, reset control (0xcf9); index 0 --------------------------------- */
#define VR_STATE_X86_I8042_ID "vmrun.state.x86.i8042/1"

struct vr_state_x86_i8042 {
	uint32_t size;
	uint8_t command; /* 0x60, 0xd1, 0xd4: that command's data byte is next; 0: none */
	uint8_t output;  /* what port 0x60 reads */
	uint8_t full;    /* 1: and it has not been read */
	uint8_t config;  /* the command byte */
	uint8_t port92;
	uint8_t control; /* port 0xcf9, bits 3:1 */
	uint8_t reserved[2];
};

/* ---- PCI configuration mechanism #1; index 0 ---------------------------------------------------------- */
#define VR_STATE_X86_PCI_ID "vmrun.state.x86.pci/1"

struct vr_state_x86_pci {
	uint32_t size;
	uint32_t address; /* port 0xcf8: bits 31, 23:2 (PCI Local Bus Specification 3.0, 3.2.2.3.2) */
};

#ifdef __cplusplus
}
#endif

#endif
