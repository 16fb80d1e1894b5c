/* SPDX-License-Identifier: MIT */
/*
 * state_virt.h: the canonical state of an arm64 machine's interrupt controller and clock: a GICv3 with one
 * security state and without LPIs (Arm IHI 0069; section numbers are its), and a PL031 (Arm DDI 0224). The
 * generic timers are in the vCPUs' own state (state_arm64.h). The rules of state_pc.h hold: times, order,
 * reserved members.
 */
#ifndef VMRUN_STATE_VIRT_H
#define VMRUN_STATE_VIRT_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 32 interrupts: bit n is interrupt n of them. */
struct vr_gic_bank_state {
	uint32_t group; /* 1: group 1 (IGROUPR) */
	uint32_t enable;
	uint32_t latch; /* pending by an edge, an SGI or a write to ISPENDR */
	uint32_t line;  /* the input is high, as last driven */
	uint32_t edge;  /* edge-triggered (ICFGR) */
	uint32_t active;
	uint8_t priority[32];
};

/* ---- the distributor; index 0 ------------------------------------------------------------------ */
#define VR_STATE_GIC_DIST_ID "vmrun.state.arm64.gic-dist/1"
#define VR_GIC_SPI_BANKS_MAX 31

struct vr_state_gic_dist {
	uint32_t size;
	uint32_t ctlr;      /* GICD_CTLR bits 1:0: EnableGrp1, EnableGrp0 */
	uint32_t spi_banks; /* 1..31: of INTID 32 and up; the rest is zero */
	uint32_t reserved;
	struct vr_gic_bank_state spi[VR_GIC_SPI_BANKS_MAX];
	uint64_t router[VR_GIC_SPI_BANKS_MAX * 32]; /* GICD_IROUTER of INTID 32 and up */
};

/* ---- a redistributor and its CPU interface; index: the vCPU --------------------------------------- */
#define VR_STATE_GIC_CPU_ID "vmrun.state.arm64.gic-cpu/1"

struct vr_state_gic_cpu {
	uint32_t size;
	uint32_t affinity;             /* Aff3.Aff2.Aff1.Aff0 of GICR_TYPER */
	struct vr_gic_bank_state bank; /* INTID 0..31; SGIs (15:0) are edge-triggered and have no line */
	uint32_t sleeping;             /* GICR_WAKER.ProcessorSleep */
	uint32_t pmr;                  /* ICC_PMR_EL1 */
	uint32_t bpr[2];               /* ICC_BPR0_EL1, ICC_BPR1_EL1 */
	uint32_t igrpen[2];            /* ICC_IGRPEN0_EL1, ICC_IGRPEN1_EL1 */
	uint32_t ap[2];                /* ICC_AP0R0_EL1, ICC_AP1R0_EL1 */
	uint32_t cbpr, eoimode;        /* of ICC_CTLR_EL1 */
	uint32_t reserved;
};

/* ---- PL031; index 0 ----------------------------------------------------------------------------------- */
#define VR_STATE_PL031_ID "vmrun.state.arm64.pl031/1"

struct vr_state_pl031 {
	uint32_t size;
	uint32_t offset; /* s, modulo 2^32: how far RTCDR is ahead of the host's clock (vmrun.timer/1's
			    wall()) */
	uint32_t match;  /* RTCMR */
	uint32_t load;   /* RTCLR */
	uint32_t imsc;   /* RTCIMSC: 0, 1 */
	uint32_t ris;    /* RTCRIS: 0, 1; the line is high when imsc is 1 as well */
	uint32_t armed;  /* 1: the alarm of `match` is still to come */
	uint32_t reserved;
};

#ifdef __cplusplus
}
#endif

#endif
