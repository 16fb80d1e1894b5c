/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include <vmrun/state_riscv64.h>

/* What firmware leaves behind for S-mode (SBI, "Hart State Management": satp and sstatus.SIE are zero, which
 * are their reset values). */
static const struct {
	uint32_t id;
	uint64_t value;
} for_s_mode[] = {
	{0x302, VR_RISCV_S_MEDELEG},
	{0x303, VR_RISCV_S_MIDELEG},
	{0x306, VR_RISCV_S_MCOUNTEREN},
	{0x106, VR_RISCV_S_MCOUNTEREN}, /* scounteren: without SBI's PMU extension kernels leave it */
	{0x30a, VR_RISCV_S_MENVCFG | VR_RISCV_MENVCFG_ADUE},
	{0x3b0, UINT64_MAX >> 10}, /* pmpaddr0: all of memory ... */
	{0x3a0, 0x1f},             /* pmpcfg0: ... NAPOT, readable, writable, executable */
};

int32_t entry_set(const struct vr_tables *t, uint32_t vcpu, const struct registry_entry *e)
{
	struct vr_state_riscv64 s = {
		.size = sizeof(s),
		.pc = e->pc,
		.privilege = e->privilege,
		.powered_on = e->on,
		.reservation_address = UINT64_MAX,
	};

	s.x[10] = e->a0;
	s.x[11] = e->a1;
	s.x[12] = e->a2;
	for (uint32_t i = 0; e->privilege == ENTRY_S && i < sizeof(for_s_mode) / sizeof(for_s_mode[0]); i++) {
		s.csr[i].id = for_s_mode[i].id;
		s.csr[i].value = for_s_mode[i].value;
		s.csr_count = i + 1;
	}
	return t->machine->vcpu_set_state(t->host, vcpu, VR_STATE_RISCV64_ID, &s, sizeof(s));
}
