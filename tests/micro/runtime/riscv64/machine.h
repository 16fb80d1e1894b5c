/* SPDX-License-Identifier: MIT */
/* machine.h: riscv64 in M-mode, without firmware: guests/riscv64/machine/. */
#ifndef VR_MICRO_MACHINE_H
#define VR_MICRO_MACHINE_H

#include "arch.h"
#include "../guest.h"

#define MACHINE_NO_TRAP UINT64_MAX
#define USER 0
#define SUPERVISOR 1
#define CALL_FROM(mode) (8 + (mode)) /* mcause of ECALL */
#define ILLEGAL 2

/* See machine-start.S. */
uint64_t machine_try(void (*fn)(void));
void machine_below(void (*fn)(void), uint64_t mode);
_Noreturn void machine_unexpected(uint64_t cause, uint64_t pc);

#define PMP_OPEN()                                     \
	do {                                           \
		csr_write(pmpaddr0, UINT64_MAX >> 10); \
		csr_write(pmpcfg0, 0x1f);              \
	} while (0)

#endif
