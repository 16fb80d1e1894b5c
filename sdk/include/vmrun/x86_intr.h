/* SPDX-License-Identifier: MIT */
/*
 * x86_intr.h: how x86 interrupts pass between a board and an accelerator.
 *
 * Two cases. An accelerator without interrupt controllers of its own takes interrupts from the board's:
 * `vmrun.x86.intr/1`, which the board offers. An accelerator that has some (KVM) offers
 * `vmrun.x86.irqchip/1`, says which, and the board leaves those out and hands interrupts on. Both are found
 * through vmrun.registry/1, on [main]: the accelerator's by the board in vr_board.create (vm_create has been
 * called by then), the board's by the accelerator in vcpu_create or later (vr_board.create has been called by
 * then).
 *
 * Pins (vmrun.irq/1, vr_accel.vcpu_set_pin):
 *  - pin 0, INTR, is a level. While it is high and the vCPU can take an interrupt (IF set, no interrupt
 * shadow, no event being delivered), the accelerator calls acknowledge() on the vCPU's thread and delivers
 * the vector it gets. A high pin wakes from HLT when IF is set. The pin may fall again before it is seen;
 * acknowledge() then says -1 and nothing happens. The pin already has its next level when acknowledge()
 * returns.
 *  - pin 1, NMI, counts edges: each rise is one NMI, latched by the accelerator; a second one while NMIs are
 *    blocked is kept (one of them; Intel SDM vol. 3, 6.7.1). The board lowers it again at once.
 *
 * INIT and SIPI (Intel SDM vol. 3, 8.4 and 10.4.7) are the board's: INIT powers the vCPU off, SIPI gives it
 * the state of a start-up and powers it on, both through vmrun.machine/1. INIT to vCPU 0 resets the machine.
 *
 * Registers of the local APIC that are not memory are VR_SPACE_SYSREG accesses: IA32_APIC_BASE (0x1b) and
 * the x2APIC registers (0x800..0x83f). CR8 is get_tpr()/set_tpr(). The board's local APIC has no TSC-deadline
 * mode: CPUID must not announce it (leaf 1, ECX bit 24).
 */
#ifndef VMRUN_X86_INTR_H
#define VMRUN_X86_INTR_H

#include <vmrun/abi.h>

/* ---- offered by a board ------------------------------------------------------------------ */
#define VR_X86_INTR_ID "vmrun.x86.intr/1"

struct vr_x86_intr {
	uint32_t size;
	uint32_t reserved;
	/* The interrupt that pin 0 of this vCPU announces: its vector, 0..255, now in service; or -1: there
	 * is none any more. [vcpu] */
	int32_t(VR_CALL *acknowledge)(void *self, uint32_t vcpu);
	/* CR8: bits 7:4 of the task priority. The other bits of TPR become 0. [vcpu] */
	uint32_t(VR_CALL *get_tpr)(void *self, uint32_t vcpu);
	void(VR_CALL *set_tpr)(void *self, uint32_t vcpu, uint32_t cr8);
	/* The accelerator's own local APIC ended this level-triggered vector: the board's I/O APIC may
	 * send it again. Only with VR_X86_CHIP_LAPIC and without VR_X86_CHIP_IOAPIC. [any] */
	void(VR_CALL *eoi)(void *self, uint32_t vector);
};

/* ---- offered by an accelerator --------------------------------------------------------------- */
#define VR_X86_IRQCHIP_ID "vmrun.x86.irqchip/1"

#define VR_X86_CHIP_LAPIC 1u  /* local APICs with timer, INIT and SIPI */
#define VR_X86_CHIP_IOAPIC 2u /* at 0xfec00000, 24 pins; needs LAPIC */
#define VR_X86_CHIP_PIC 4u    /* the i8259 pair and ELCR; goes with IOAPIC */
#define VR_X86_CHIP_PIT 8u    /* ports 0x40..0x43 and 0x61 */

struct vr_x86_irqchip {
	uint32_t size;
	uint32_t reserved;
	/* VR_X86_CHIP_*: what the virtual machine that vm_create made has; 0: none, or no virtual machine. It
	 * does not change while that machine lives. [main] */
	uint32_t(VR_CALL *chips)(void *self);
	/* With IOAPIC: line 0..23 is at `level`. Line 0 (the PIT) is input 0 of the PIC and pin 2 of the I/O
	 * APIC; line 2 is nothing; every other one is the pin of that number of the I/O APIC and, below 16,
	 * the input of that number of the PIC. [any] */
	void(VR_CALL *set_line)(void *self, uint32_t line, uint32_t level);
	/* With LAPIC and no IOAPIC: a message of the board's I/O APIC, in the format of an MSI (Intel SDM
	 * vol. 3, 10.11). Level-triggered ones come back through vr_x86_intr.eoi(). [any] */
	void(VR_CALL *message)(void *self, uint64_t address, uint32_t data);
};

#endif
