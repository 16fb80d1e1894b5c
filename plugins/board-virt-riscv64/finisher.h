/* SPDX-License-Identifier: MIT */
/* finisher.h: the "test" device: power-off and reset (SiFive's test finisher, as bindings call it). */
#ifndef BOARD_RISCV64_FINISHER_H
#define BOARD_RISCV64_FINISHER_H

#include <board/tables.h>

#define FINISHER_FAIL 0x3333u /* power off; the status is in bits 31:16 */
#define FINISHER_PASS 0x5555u
#define FINISHER_RESET 0x7777u

/* `t` outlives the machine. [main] */
int32_t finisher_attach(const struct vr_tables *t);

#endif
