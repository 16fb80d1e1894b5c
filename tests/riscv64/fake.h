/* SPDX-License-Identifier: MIT */
/* fake.h: a host and an engine that only remember what they were asked, around one riscv64 hart. */
#ifndef TESTS_RISCV64_FAKE_H
#define TESTS_RISCV64_FAKE_H

#include "xlate/isa/riscv64/system.h"

#define RAM_BASE 0x80000000ull
#define FAKE_RAM_SIZE (1u << 20)
#define FAKE_STATE struct rv_state
#include "../fake_engine/fake_engine.h"

/* A fresh engine with a hart after reset; returns it. */
struct vr_exec *fake_engine_new(void);

#define PC 0x80001000ull

/* CSRRS rd, csr, x0 and CSRRW x0, csr: at PC; whether an exception was taken is in fake.x->leave. */
static inline uint64_t csr_read(uint32_t number)
{
	fake.x->leave = 0;
	fake.x->pc = PC;
	return rv_helper_csr_read(fake.x, number << 20 | 0x2073, 0, 0);
}
static inline uint64_t csr_op(uint32_t number, uint32_t kind, uint64_t value)
{
	fake.x->leave = 0;
	fake.x->pc = PC;
	return rv_helper_csr_write(fake.x, number << 20 | kind << 12 | 0x73, value, 0);
}
static inline void csr_write(uint32_t number, uint64_t value)
{
	csr_op(number, 1, value);
}
static inline void enter_mode(uint32_t mode)
{
	fake.s->mode = mode;
	fake.x->leave = 0;
	fake.x->pc = PC;
	rv_context(fake.x);
}

#define SSTATUS 0x100
#define SIE 0x104
#define STVEC 0x105
#define SCOUNTEREN 0x106
#define SEPC 0x141
#define SIP 0x144
#define STIMECMP 0x14d
#define SATP 0x180
#define MSTATUS 0x300
#define MEDELEG 0x302
#define MIDELEG 0x303
#define MIE 0x304
#define MTVEC 0x305
#define MCOUNTEREN 0x306
#define MENVCFG 0x30a
#define MIP 0x344
#define PMPCFG0 0x3a0
#define PMPADDR0 0x3b0
#define TIME 0xc01

#endif
