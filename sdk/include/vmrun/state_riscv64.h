/* SPDX-License-Identifier: MIT */
/*
 * state_riscv64.h: the canonical state of a riscv64 hart (M, S, U), the same for every accelerator.
 *
 * Control and status registers are listed as (number, value) pairs, so the struct does not change when a
 * register is added. What a state does not list has its reset value. fflags, frm and fcsr are not listed: see
 * `fcsr`.
 *
 * A board that starts a hart in S-mode over a firmware of its own sets what firmware would have: privilege 1,
 * pc, x[10] = hart id, x[11] = device tree, and the registers medeleg, mideleg, mcounteren, menvcfg (STCE for
 * Sstc): VR_RISCV_S_* are good values. Physical memory protection: a state for S- or U-mode that lists none
 * of pmpcfg0, pmpcfg2 and pmpaddr0..15 gives them all of memory.
 *
 * Input pins are bits of mip: 3 MSIP, 5 STIP, 7 MTIP, 9 SEIP, 11 MEIP are levels. Pin 1 (SSIP), when driven
 * high, sets the bit that the hart itself clears; driving it low does nothing. Pin VR_RISCV_PIN_TIME, driven
 * high, says that the board's clock was set: `time` is guest time in ticks of VR_RISCV_TIMEBASE and what the
 * board's register VR_RISCV_TIME_OFFSET (VR_SPACE_SYSREG; no CSR has that number) reads as. The
 * hart's thread reads it then and after each new state; a board without that register has a clock that can't
 * be set.
 *
 * ECALL from S-mode asks vmrun.machine/1's hypercall first: kind 0, eight registers a0..a7 in and out, of
 * which a0 and a1 are taken. VR_E_NOENT: it goes to M-mode as the architecture has it. VR_HYPERCALL_WAIT: the
 * hart sleeps as in WFI, and calls again when it wakes (host.h). After an answered remote fence (extension
 * 0x52464e43) every hart's TLB has been flushed.
 */
#ifndef VMRUN_STATE_RISCV64_H
#define VMRUN_STATE_RISCV64_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_STATE_RISCV64_ID "vmrun.state.riscv64/1"
#define VR_STATE_RISCV64_CSRS 128

/* mcounteren: cycle, time, instret. menvcfg: STCE. All exceptions but those of M and ECALL from S. */
#define VR_RISCV_S_MCOUNTEREN 7ull
#define VR_RISCV_S_MENVCFG (1ull << 63)
#define VR_RISCV_MENVCFG_ADUE (1ull << 61) /* harts of boards that announce Svadu */
#define VR_RISCV_S_MEDELEG 0xb1ffull
#define VR_RISCV_S_MIDELEG 0x222ull

/* Frequency of the time register (and of stimecmp), Hz. */
#define VR_RISCV_TIMEBASE 10000000u
#define VR_RISCV_PIN_TIME 15u
#define VR_RISCV_TIME_OFFSET 0x10c01u

/* Number of a CSR that every trigger has one of, here and in no instruction: tdata1 0x7a1, tdata2 0x7a2. */
#define VR_RISCV_TRIGGER_CSR(trigger, csr) (((trigger) + 1u) << 12 | (csr))

struct vr_state_riscv64 {
	uint32_t size;
	uint32_t csr_count;
	uint64_t x[32]; /* x[0] is 0 */
	uint64_t pc;
	uint64_t f[32];     /* a single is NaN-boxed */
	uint32_t fcsr;      /* frm 7:5, fflags 4:0 */
	uint32_t privilege; /* 0 U, 1 S, 3 M */
	uint32_t powered_on;
	uint32_t waiting;             /* in WFI */
	uint64_t reservation_address; /* of LR; UINT64_MAX: none */
	uint64_t reservation_value;
	uint64_t pins; /* bit n: input pin n is high */
	struct {
		uint32_t id; /* CSR number, or VR_RISCV_TRIGGER_CSR() */
		uint32_t reserved;
		uint64_t value;
	} csr[VR_STATE_RISCV64_CSRS];
};

#ifdef __cplusplus
}
#endif

#endif
