/* SPDX-License-Identifier: MIT */
/* state_pc.h: is a canonical state of a PC's controllers (vmrun/state_pc.h) one that such a controller can be
 * in? */
#ifndef VR_BOARD_STATE_PC_H
#define VR_BOARD_STATE_PC_H

#include <vmrun/host.h>
#include <vmrun/state_pc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the state `id`, or 0: there is no such id. */
uint32_t vr_state_pc_size(const char *id);
/* A state that came from elsewhere, `length` bytes: every member in its range, and what follows from another
 * one fitting it. now: guest ns. VR_OK, or VR_E_INVAL with "board-pc: lapic state: lvt[3] is ..." as
 * error text. */
int32_t vr_state_pc_check(const struct vr_host *host, const char *plugin, const char *id, const void *state,
			  uint32_t length, uint64_t now);
/* Room to fill a state in: VR_OK, or VR_E_INVAL with a text. */
int32_t vr_state_pc_fits(const struct vr_host *host, const char *plugin, const char *id, uint32_t length);

/* How many ticks or ns the interval timer makes of it; ns: the first at which so many ticks are over. */
uint64_t vr_state_pit_ticks(uint64_t ns);
uint64_t vr_state_pit_ns(uint64_t ticks);
/* What the local APIC's timer divides by: 1 .. 128 (SDM vol. 3 11.5.4, figure 11-10). */
uint32_t vr_state_lapic_divisor(uint32_t timer_divide);

#ifdef __cplusplus
}
#endif

#endif
