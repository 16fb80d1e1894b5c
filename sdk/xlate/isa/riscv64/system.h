/* SPDX-License-Identifier: MIT */
/*
 * system.h: the system side of riscv64 (traps, translation, CSRs, the timer), private to this library.
 *
 * Modelled are M, S and U mode with Sv39 and Sv48, Sstc, Svade and Svadu, sixteen PMP entries with a grain
 * of 4 KiB, and Sdtrig (trigger.c). Chapters are those of volume II.
 */
#ifndef VR_XLATE_RISCV64_SYSTEM_H
#define VR_XLATE_RISCV64_SYSTEM_H

#include <string.h>
#include <xlate/isa/vcpu.h>

#include "isa.h"

struct rv_system {
	struct isa_common common; /* timer_lock: stimecmp, menvcfg.STCE and the pin they drive */
};

static inline struct rv_system *rv_system_of(struct vr_exec *x)
{
	return (struct rv_system *)x->isa;
}

/* mcause ("Machine Cause"). */
#define RV_CAUSE_FETCH_ACCESS 1u
#define RV_CAUSE_ILLEGAL 2u
#define RV_CAUSE_BREAK 3u
#define RV_CAUSE_LOAD_ALIGN 4u
#define RV_CAUSE_LOAD_ACCESS 5u
#define RV_CAUSE_STORE_ALIGN 6u
#define RV_CAUSE_STORE_ACCESS 7u
#define RV_CAUSE_ECALL 8u /* + mode */
#define RV_CAUSE_FETCH_PAGE 12u
#define RV_CAUSE_LOAD_PAGE 13u
#define RV_CAUSE_STORE_PAGE 15u
#define RV_CAUSE_INTERRUPT (1ull << 63)

/* mip, mie, pins. */
#define RV_IP_SSIP (1u << 1)
#define RV_IP_MSIP (1u << 3)
#define RV_IP_STIP (1u << 5)
#define RV_IP_MTIP (1u << 7)
#define RV_IP_SEIP (1u << 9)
#define RV_IP_MEIP (1u << 11)
#define RV_IP_S (RV_IP_SSIP | RV_IP_STIP | RV_IP_SEIP)
#define RV_IP_ALL (RV_IP_S | RV_IP_MSIP | RV_IP_MTIP | RV_IP_MEIP)

/* mstatus ("Machine Status"). */
#define MSTATUS_SIE (1ull << 1)
#define MSTATUS_MIE (1ull << 3)
#define MSTATUS_SPIE (1ull << 5)
#define MSTATUS_MPIE (1ull << 7)
#define MSTATUS_SPP (1ull << 8)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_MPP (3ull << 11)
#define MSTATUS_FS (3ull << 13)
#define MSTATUS_MPRV (1ull << 17)
#define MSTATUS_SUM (1ull << 18)
#define MSTATUS_MXR (1ull << 19)
#define MSTATUS_TVM (1ull << 20)
#define MSTATUS_TW (1ull << 21)
#define MSTATUS_TSR (1ull << 22)
#define MSTATUS_UXL (2ull << 32)
#define MSTATUS_SXL (2ull << 34)
#define MSTATUS_SD (1ull << 63)

/* mstatus.FS tells Off from Dirty only: there is no tracking. */
#define MSTATUS_S (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)
#define MSTATUS_M                                                                                         \
	(MSTATUS_S | MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_TW | \
	 MSTATUS_TSR)

#define MENVCFG_STCE (1ull << 63)
#define MENVCFG_ADUE (1ull << 61)

#define SATP_MODE_SHIFT 60
#define SATP_BARE 0u
#define SATP_SV39 8u
#define SATP_SV48 9u

/* CSR numbers that code knows. */
#define RV_CSR_FFLAGS 0x001u
#define RV_CSR_FRM 0x002u
#define RV_CSR_FCSR 0x003u
#define RV_CSR_SSTATUS 0x100u
#define RV_CSR_TDATA1 0x7a1u
#define RV_CSR_MCOUNTINHIBIT 0x320u
#define RV_COUNTER_IR 4u /* the bit of minstret in mcountinhibit */
#define RV_CSR_MCYCLE 0xb00u
#define RV_CSR_MINSTRET 0xb02u

/* ---- trap.c ---------------------------------------------------------------------------------- */

/* Recompute x->mode_flags and x->asid from the state and tell the engine when they changed. */
void rv_context(struct vr_exec *x);
/* A synchronous exception at exec.pc, from a helper: sets exec.leave. Returns 0. */
uint64_t rv_raise(struct vr_exec *x, uint64_t cause, uint64_t tval);
/* mip as it reads. [vcpu] */
uint32_t rv_pending(struct vr_exec *x);
/* After something was unmasked: have pending interrupts looked at. Returns those that are to be taken now. */
uint32_t rv_recheck(struct vr_exec *x);
/* For a log: a trap was taken at `from`, in `mode`; a return was made. exec.pc and the state are the new
 * ones. */
void rv_log_trap(struct vr_exec *x, uint64_t from, uint32_t mode, uint64_t cause, uint64_t tval);
void rv_log_return(struct vr_exec *x, uint64_t from, uint32_t mode);

/* ---- mmu.c ----------------------------------------------------------------------------------- */

/* Fault numbers of rv_translate(). */
#define RV_FAULT_PAGE 1
#define RV_FAULT_ACCESS 2
/* What fences of all addresses in [va, va + bytes) have to drop: their pages, and all of the larger mappings
 * that ever covered one of them. */
void rv_flush_range(struct vr_exec *x, uint64_t va, uint64_t bytes, uint64_t *first, uint64_t *length);

/* ---- pmp.c ----------------------------------------------------------------------------------- */

/* "G": an entry begins and ends at multiples of 2^(G + 2) bytes, which is a page. */
#define RV_PMP_GRAIN 10u
#define RV_PMP_ALL 7u     /* every right: bits VR_ACCESS_* */
#define RV_PMP_OPEN 0x1fu /* pmpcfg of an entry: NAPOT, every right */

/* Lay out anew what pmpcfg and pmpaddr say. 1: something changed. */
uint32_t rv_pmp_update(struct vr_exec *x);
uint32_t rv_pmp_look_up(const struct rv_state *s, uint64_t pa, uint32_t mode);
/* Nothing is refused to `mode` anywhere. */
static inline uint32_t rv_pmp_open(const struct rv_state *s, uint32_t mode)
{
	return mode == RV_MACHINE ? !s->pmp.locked : s->pmp.open;
}
/* What accesses of `mode` may do in the page of pa: bits VR_ACCESS_*. */
static inline uint32_t rv_pmp_rights(const struct rv_state *s, uint64_t pa, uint32_t mode)
{
	return rv_pmp_open(s, mode) ? RV_PMP_ALL : rv_pmp_look_up(s, pa, mode);
}

/* ---- trigger.c ------------------------------------------------------------------------------- */

/* tdata1 or tdata2 of some trigger has changed. */
void rv_trigger_update(struct vr_exec *x);
/* Does a trigger stop the instruction at exec.pc, which can't be fetched? */
uint32_t rv_trigger_fetch(struct vr_exec *x);

/* ---- timer.c --------------------------------------------------------------------------------- */

int32_t rv_timer_init(struct vr_exec *x);
void rv_timer_fini(struct vr_exec *x);
void rv_timer_update(struct vr_exec *x); /* stimecmp or menvcfg changed */
/* The board may have set its clock. [any] */
static inline void rv_time_stale(struct vr_exec *x)
{
	__atomic_store_n(&rv_of(x)->time_stale, 1, __ATOMIC_SEQ_CST);
}
/* Ask the board for the offset again when it is stale. [vcpu] */
void rv_time_refresh(struct vr_exec *x);
static inline void rv_time_settle(struct vr_exec *x)
{
	if (__atomic_load_n(&rv_of(x)->time_stale, __ATOMIC_RELAXED))
		rv_time_refresh(x);
}
uint64_t rv_time(struct vr_exec *x);        /* [vcpu] */
uint64_t rv_nanoseconds(struct vr_exec *x); /* guest time */

/* ---- csr.c ----------------------------------------------------------------------------------- */

/* Flags. */
#define RV_CSR_STATE 1u    /* part of the canonical state */
#define RV_CSR_CONTEXT 2u  /* a write may change the context, or what interrupts are enabled */
#define RV_CSR_PMP 4u      /* a write may change whether the next instruction can be fetched */
#define RV_CSR_DEBUG 8u    /* a write may put a trigger at the next instruction */
#define RV_CSR_COUNTER 16u /* mcycle, minstret, mcountinhibit: rv_counter_get(), rv_counter_set() */

struct rv_csr {
	const char *name;
	uint32_t number; /* bits 9:8: least mode, 11:10 = 3: read-only */
	uint16_t flags;
	uint16_t bytes;  /* of the storage: 4 or 8 */
	uint32_t offset; /* of the storage in vr_exec */
	uint64_t reset;
	uint64_t mask;                                               /* writable bits */
	uint64_t (*read)(struct vr_exec *x, const struct rv_csr *r); /* NULL: the storage */
	void (*write)(struct vr_exec *x, const struct rv_csr *r, uint64_t value);
	/* Is this access allowed now? NULL: yes. */
	uint32_t (*check)(struct vr_exec *x, const struct rv_csr *r);
};

extern const struct rv_csr rv_csrs[];
extern const uint32_t rv_csr_count;
const struct rv_csr *rv_csr_find(uint32_t number); /* NULL: there is none */
/* The storage, without effects. */
static inline uint64_t rv_csr_get(struct vr_exec *x, const struct rv_csr *r)
{
	const uint8_t *field = (const uint8_t *)x + r->offset;
	uint64_t value = 0;

	memcpy(&value, field, r->bytes);
	return value;
}
static inline void rv_csr_set(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	value = (value & r->mask) | (r->reset & ~r->mask);
	memcpy((uint8_t *)x + r->offset, &value, r->bytes);
}
/* The value of an RV_CSR_COUNTER outside an instruction, and a new one. */
uint64_t rv_counter_get(struct vr_exec *x, const struct rv_csr *r);
void rv_counter_set(struct vr_exec *x, const struct rv_csr *r, uint64_t value);
/* pmpcfg and pmpaddr: in pmp.c. */
void rv_pmp_write_config(struct vr_exec *x, const struct rv_csr *r, uint64_t value);
uint64_t rv_pmp_read_address(struct vr_exec *x, const struct rv_csr *r);
void rv_pmp_write_address(struct vr_exec *x, const struct rv_csr *r, uint64_t value);
/* tselect, tdata1 and tdata2, tinfo: in trigger.c. */
void rv_trigger_select(struct vr_exec *x, const struct rv_csr *r, uint64_t value);
uint64_t rv_trigger_read(struct vr_exec *x, const struct rv_csr *r);
void rv_trigger_write(struct vr_exec *x, const struct rv_csr *r, uint64_t value);
uint64_t rv_trigger_info(struct vr_exec *x, const struct rv_csr *r);
/* frm, where exec knows it too. */
uint32_t rv_set_frm(struct vr_exec *x, uint32_t frm);
/* fflags and VR_FP_*: the same bits in opposite orders. */
uint32_t rv_swap_flags(uint32_t flags);

#endif
