/* SPDX-License-Identifier: MIT */
/*
 * state_arm64.h: the canonical state of an arm64 vCPU (EL0/EL1), the same for every accelerator.
 *
 * System registers are listed as (encoding, value) pairs, so the struct does not change when a
 * register is added: encoding is op0<<14|op1<<11|CRn<<7|CRm<<3|op2 (the KVM API's order).
 */
#ifndef VMRUN_STATE_ARM64_H
#define VMRUN_STATE_ARM64_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_STATE_ARM64_ID "vmrun.state.arm64/1"
#define VR_STATE_ARM64_SYSREGS 128

#define VR_A64_SYSREG(op0, op1, crn, crm, op2) \
	((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))

struct vr_state_arm64 {
	uint32_t size;
	uint32_t sysreg_count;
	uint64_t x[31];
	uint64_t sp; /* the current one; the others are sysregs SP_EL0 / SP_EL1 */
	uint64_t pc;
	uint64_t pstate; /* NZCV 31:28, DAIF 9:6, M 4:0 (Arm ARM C5.2, SPSR layout) */
	uint64_t v[32][2];
	uint32_t fpcr;
	uint32_t fpsr;
	uint32_t powered_on;
	uint32_t waiting;           /* in WFI */
	uint64_t exclusive_address; /* UINT64_MAX: monitor open */
	uint64_t exclusive_value[2];
	uint64_t pins; /* bit n: input pin n is high */
	struct {
		uint32_t id;
		uint32_t reserved;
		uint64_t value;
	} sysreg[VR_STATE_ARM64_SYSREGS];
};

#ifdef __cplusplus
}
#endif

#endif
