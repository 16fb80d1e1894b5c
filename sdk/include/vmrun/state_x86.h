/* SPDX-License-Identifier: MIT */
/*
 * state_x86.h: the canonical state of an x86-64 vCPU, the same for every accelerator, and what passes between a vCPU and
 * an interrupt controller that lives outside the accelerator.
 *
 * Section numbers are those of the Intel 64 and IA-32 Software Developer's Manual (SDM).
 *
 * A vCPU that was just made, or that the accelerator's vm_reset() touched, is in the power-on state of SDM
 * vol. 3 10.1.1 (table 10-1). A board that wants another entry state gets that one, changes it and sets it.
 */
#ifndef VMRUN_STATE_X86_H
#define VMRUN_STATE_X86_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_STATE_X86_ID "vmrun.state.x86/1"
#define VR_STATE_X86_MSRS 512
#define VR_STATE_X86_XSAVE 16384

/* gpr[]: the order of the instruction encoding (SDM vol. 2 table 2-2). */
#define VR_X86_RAX 0
#define VR_X86_RCX 1
#define VR_X86_RDX 2
#define VR_X86_RBX 3
#define VR_X86_RSP 4
#define VR_X86_RBP 5
#define VR_X86_RSI 6
#define VR_X86_RDI 7

/* segment[]: the order of the instruction encoding, then the two system segments. */
#define VR_X86_ES 0
#define VR_X86_CS 1
#define VR_X86_SS 2
#define VR_X86_DS 3
#define VR_X86_FS 4
#define VR_X86_GS 5
#define VR_X86_LDTR 6
#define VR_X86_TR 7

/* vr_x86_segment.attributes: SDM vol. 3 table 25-2 (type, S, DPL, P, AVL, L, D/B, G, unusable). */
#define VR_X86_SEG_TYPE 0xfu
#define VR_X86_SEG_S 0x10u
#define VR_X86_SEG_DPL_SHIFT 5
#define VR_X86_SEG_P 0x80u
#define VR_X86_SEG_AVL 0x1000u
#define VR_X86_SEG_L 0x2000u
#define VR_X86_SEG_DB 0x4000u
#define VR_X86_SEG_G 0x8000u
#define VR_X86_SEG_UNUSABLE 0x10000u

struct vr_x86_segment {
	uint64_t base;
	uint32_t limit; /* in bytes, the granularity already applied */
	uint32_t attributes;
	uint16_t selector;
	uint16_t reserved[3];
};

struct vr_x86_table {
	uint64_t base;
	uint32_t limit;
	uint32_t reserved;
};

/* mp_state */
#define VR_X86_MP_RUNNING 0
#define VR_X86_MP_HALTED 1 /* in HLT */
#define VR_X86_MP_INIT 2   /* got INIT, waits for SIPI; also how the other processors start */
#define VR_X86_MP_SIPI 3   /* got SIPI, its vector is sipi_vector */

/* vr_x86_events.flags. "pending": recognised, not yet delivered; "injected": delivery was under way. */
#define VR_X86_EV_EXCEPTION_PENDING (1u << 0)
#define VR_X86_EV_EXCEPTION_INJECTED (1u << 1)
#define VR_X86_EV_ERROR_CODE (1u << 2) /* exception_error is pushed */
#define VR_X86_EV_PAYLOAD (1u << 3)    /* exception_payload is not yet in CR2 / DR6 */
#define VR_X86_EV_INTERRUPT (1u << 4)  /* interrupt_vector: acknowledged, not yet delivered */
#define VR_X86_EV_SOFT (1u << 5)       /* ... by INT n */
#define VR_X86_EV_NMI_PENDING (1u << 6)
#define VR_X86_EV_NMI_INJECTED (1u << 7)
#define VR_X86_EV_NMI_MASKED (1u << 8) /* until IRET (SDM vol. 3 6.7.1) */
#define VR_X86_EV_SHADOW_STI (1u << 9) /* interrupts wait for one instruction (SDM vol. 3 6.8.3) */
#define VR_X86_EV_SHADOW_MOV_SS (1u << 10)
#define VR_X86_EV_SMM (1u << 11)
#define VR_X86_EV_SMI_PENDING (1u << 12)
#define VR_X86_EV_TRIPLE_FAULT (1u << 13)
#define VR_X86_EV_LATCHED_INIT (1u << 14)

struct vr_x86_events {
	uint32_t flags;
	uint32_t exception_error;
	uint64_t exception_payload;
	uint8_t exception_vector;
	uint8_t interrupt_vector;
	uint8_t sipi_vector;
	uint8_t reserved[5];
};

struct vr_x86_msr {
	uint32_t id; /* as ECX of RDMSR */
	uint32_t reserved;
	uint64_t value;
};

/* vr_state_x86.flags */
#define VR_X86_HAS_LAPIC (1u << 0)    /* the accelerator has the local APIC: `lapic` holds it */
#define VR_X86_HAS_PDPTR (1u << 1)    /* PAE paging: `pdptr` holds what CR3's load took in */
#define VR_X86_HAS_PV_CLOCK (1u << 2) /* `pv_clock` is a time */

struct vr_state_x86 {
	uint32_t size;
	uint32_t flags; /* VR_X86_HAS_* */
	uint64_t gpr[16];
	uint64_t rip;
	uint64_t rflags;
	struct vr_x86_segment segment[8];
	struct vr_x86_table gdt, idt;
	uint64_t cr0, cr2, cr3, cr4, cr8;
	uint64_t efer;      /* MSR 0xC0000080 */
	uint64_t apic_base; /* MSR 0x1B */
	uint64_t pdptr[4];
	uint64_t dr[4];
	uint64_t dr6, dr7;
	uint64_t xcr0;
	uint64_t tsc;     /* MSR 0x10 when the state was taken; goes on from there */
	uint64_t tsc_khz; /* 0: not known */
	struct vr_x86_events events;
	uint32_t mp_state; /* VR_X86_MP_* */
	uint32_t msr_count;
	uint64_t pins; /* bit n: input pin n is high */
	uint32_t reserved;
	uint32_t xsave_size; /* bytes of xsave[] in use, at least 576 (legacy area and header) */
	/* SDM vol. 1 13.4, standard (not compacted) format. A component whose XSTATE_BV bit is clear is in
	 * its initial state, whatever its bytes say; MXCSR at byte 24 always counts. */
	VR_ALIGNED(16) uint8_t xsave[VR_STATE_X86_XSAVE];
	/* SDM vol. 3 11.4.1: the APIC page's first 1 KiB. */
	uint8_t lapic[1024];
	/* All others, any order. Set: what is not listed keeps its value. */
	struct vr_x86_msr msr[VR_STATE_X86_MSRS];
	/* Nanoseconds on the accelerator's paravirtual clock (the kernel's
	 * Documentation/virt/kvm/x86/msr.rst), which is the machine's, so about the same in all vCPUs; with
	 * VR_X86_HAS_PV_CLOCK. Set: vCPU 0's counts, and without the flag the clock goes on. */
	uint64_t pv_clock;
};

/*
 * What a processor and its interrupt controller say to each other, when the controller is a device and not
 * the accelerator's: accesses of VR_SPACE_SYSREG at addresses that are no MSR number, 4 bytes wide, made by
 * the vCPU's thread. The controller attaches what it has.
 *
 * INTA, read: the interrupt-acknowledge cycle, made when pin 0 is high and the guest takes interrupts. Bits
 * 7:0 the vector, which is from now on in service; VR_X86_INTA_NONE: the request is gone. The controller
 * keeps the pin high as long as it has another one.
 * CR8, read and written: the task priority (bits 3:0), as MOV CR8 sees it (SDM vol. 3 11.8.6).
 * EOI, written: the vector whose end the accelerator's local APIC saw, for an I/O APIC with level lines.
 */
#define VR_X86_BUS_INTA (1ull << 32)
#define VR_X86_BUS_CR8 ((1ull << 32) + 1)
#define VR_X86_BUS_EOI ((1ull << 32) + 2)
#define VR_X86_INTA_NONE 0x100u

#define VR_X86_PIN_INTR 0
#define VR_X86_PIN_NMI 1 /* a rising edge counts */

#ifdef __cplusplus
}
#endif

#endif
