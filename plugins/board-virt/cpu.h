/* SPDX-License-Identifier: MIT */
/* cpu.h: the state in which a vCPU of this board starts. */
#ifndef BOARD_VIRT_CPU_H
#define BOARD_VIRT_CPU_H

#include <board/tables.h>

/* MPIDR_EL1 of a vCPU. */
uint64_t cpu_mpidr(uint32_t vcpu, uint32_t vcpu_count);

/* Reset values, EL1h with everything masked, at `pc` with `x0`. The vCPU is off or the machine is
 * quiesced. `on`: the state's powered_on. */
int32_t cpu_enter(const struct vr_tables *t, uint32_t vcpu, uint32_t vcpu_count, uint64_t pc, uint64_t x0,
		  uint32_t on);

#endif
