/* SPDX-License-Identifier: MIT */
#include "cpu.h"

#include <vmrun/state_arm64.h>

#include "gic.h"

#define PSTATE_EL1H_MASKED 0x3c5u /* D, A, I, F set; M = EL1h (Arm ARM C5.2.19) */

/* What PSCI (DEN 0022, 6.4 "Initial core configuration") and the boot protocol ask for: MMU and caches
 * off, timers silent. A vCPU that was on before must not bring anything of it along. */
static const struct {
	uint32_t id;
	uint64_t value;
} reset_values[] = {
	{VR_A64_SYSREG(3, 0, 1, 0, 0), 0x30d00800}, /* SCTLR_EL1: only the RES1 bits */
	{VR_A64_SYSREG(3, 0, 1, 0, 2), 0},          /* CPACR_EL1 */
	{VR_A64_SYSREG(3, 0, 2, 0, 0), 0},          /* TTBR0_EL1 */
	{VR_A64_SYSREG(3, 0, 2, 0, 1), 0},          /* TTBR1_EL1 */
	{VR_A64_SYSREG(3, 0, 2, 0, 2), 0},          /* TCR_EL1 */
	{VR_A64_SYSREG(3, 0, 10, 2, 0), 0},         /* MAIR_EL1 */
	{VR_A64_SYSREG(3, 0, 12, 0, 0), 0},         /* VBAR_EL1 */
	{VR_A64_SYSREG(2, 0, 0, 2, 2), 0},          /* MDSCR_EL1 */
	{VR_A64_SYSREG(3, 0, 14, 1, 0), 0},         /* CNTKCTL_EL1 */
	{VR_A64_SYSREG(3, 3, 14, 2, 1), 0},         /* CNTP_CTL_EL0 */
	{VR_A64_SYSREG(3, 3, 14, 3, 1), 0},         /* CNTV_CTL_EL0 */
};

uint64_t cpu_mpidr(uint32_t vcpu, uint32_t vcpu_count)
{
	uint64_t affinity = gic_affinity(vcpu);

	/* Bit 31 is RES1; bit 30 (U) marks the only processor of a system. */
	return (affinity & 0xff000000) << 8 | (affinity & 0xffffff) | 0x80000000u |
	       (vcpu_count == 1 ? 1u << 30 : 0);
}

int32_t cpu_enter(const struct vr_tables *t, uint32_t vcpu, uint32_t vcpu_count, uint64_t pc, uint64_t x0,
		  uint32_t on)
{
	struct vr_state_arm64 s = {
		.size = sizeof(s),
		.pc = pc,
		.pstate = PSTATE_EL1H_MASKED,
		.exclusive_address = UINT64_MAX,
		.powered_on = on,
	};
	uint32_t n = 0;

	s.x[0] = x0;
	s.sysreg[n].id = VR_A64_SYSREG(3, 0, 0, 0, 5);
	s.sysreg[n++].value = cpu_mpidr(vcpu, vcpu_count);
	for (size_t i = 0; i < sizeof(reset_values) / sizeof(reset_values[0]); i++) {
		s.sysreg[n].id = reset_values[i].id;
		s.sysreg[n++].value = reset_values[i].value;
	}
	s.sysreg_count = n;
	return t->machine->vcpu_set_state(t->host, vcpu, VR_STATE_ARM64_ID, &s, sizeof(s));
}
