/* SPDX-License-Identifier: MIT */
/*
 * sbi.h: the built-in firmware (RISC-V Supervisor Binary Interface Specification, version 2.0), called by
 * ECALL from S-mode when no firmware runs in M-mode.
 *
 * Remote fences: the board knows no TLB. It checks the call; the accelerator sees the answer and flushes the
 * TLBs of all harts before the caller goes on (state_riscv64.h), which is more than any request asks for.
 */
#ifndef BOARD_RISCV64_SBI_H
#define BOARD_RISCV64_SBI_H

#include <board/tables.h>
#include <pthread.h>

#include "map.h"

struct plic;
struct clint;

#define SBI_LEGACY_SET_TIMER 0x00u
#define SBI_LEGACY_PUTCHAR 0x01u
#define SBI_LEGACY_GETCHAR 0x02u
#define SBI_LEGACY_SHUTDOWN 0x08u
#define SBI_BASE 0x10u
#define SBI_TIME 0x54494d45u
#define SBI_IPI 0x735049u
#define SBI_RFENCE 0x52464e43u
#define SBI_HSM 0x48534du
#define SBI_SRST 0x53525354u
#define SBI_DBCN 0x4442434eu

#define SBI_SUCCESS 0
#define SBI_ERR_FAILED (-1)
#define SBI_ERR_NOT_SUPPORTED (-2)
#define SBI_ERR_INVALID_PARAM (-3)
#define SBI_ERR_INVALID_ADDRESS (-5)
#define SBI_ERR_ALREADY_AVAILABLE (-6)

struct sbi {
	const struct vr_tables *t;
	struct plic *plic;
	struct clint *clint;
	uint32_t count;
	uint32_t off;         /* firmware in M-mode answers: every call is VR_E_NOENT */
	pthread_mutex_t lock; /* the timers; and makes "is it off? then start it" one step */
	struct sbi_timer {
		struct sbi *sbi;
		struct vr_timer *timer;
		uint64_t when; /* ticks; UINT64_MAX: not set */
		uint32_t vcpu, level;
	} timer[RV_MAX_VCPUS];
	uint32_t suspended[RV_MAX_VCPUS]; /* atomic: in HART_SUSPEND */
};

/* Becomes the machine's answer to ECALL. Not copied, freed by sbi_fini(), also after an error. [main] */
int32_t sbi_init(struct sbi *s, const struct vr_tables *t, struct plic *plic, struct clint *clint,
		 uint32_t vcpu_count);
void sbi_fini(struct sbi *s);  /* also of a zeroed one */
void sbi_reset(struct sbi *s); /* [quiesced] */

#endif
