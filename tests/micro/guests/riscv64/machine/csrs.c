/* SPDX-License-Identifier: MIT */
/* What each control and status register keeps of ones and of zeros, against the privileged manual (WARL,
 * WPRI, WLRL fields of this hart); and what can't be read or written at all. */
#include "machine.h"

#define ALL UINT64_MAX
#define SD (UINT64_C(1) << 63)
#define STCE (UINT64_C(1) << 63)
#define ADUE (UINT64_C(1) << 61)
#define XL64 (UINT64_C(0xa) << 32)     /* SXL, UXL */
#define MSTATUS (SD | XL64 | 0x7e79aa) /* TSR TW TVM MXR SUM MPRV FS MPP SPP MPIE SPIE MIE SIE */
#define SSTATUS (SD | (UINT64_C(2) << 32) | 0xc6122) /* MXR SUM FS SPP SPIE SIE */

/* Name, ones, zeros. mstatus comes last, as FS goes with it. */
#define REGISTERS(X)                                                        \
	X(misa, UINT64_C(2) << 62 | 0x14112d, UINT64_C(2) << 62 | 0x14112d) \
	X(medeleg, 0xb3ff, 0)                                               \
	X(mideleg, 0x222, 0)                                                \
	X(mie, 0xaaa, 0)                                                    \
	X(mcounteren, 7, 0)                                                 \
	X(scounteren, 7, 0)                                                 \
	X(menvcfg, STCE | ADUE | 1, 0)                                      \
	X(senvcfg, 1, 0)                                                    \
	X(mscratch, ALL, 0)                                                 \
	X(mepc, ALL - 1, 0)                                                 \
	X(mcause, ALL, 0)                                                   \
	X(mtval, ALL, 0)                                                    \
	X(stvec, ALL - 2, 0)                                                \
	X(sscratch, ALL, 0)                                                 \
	X(sepc, ALL - 1, 0)                                                 \
	X(scause, ALL, 0)                                                   \
	X(stval, ALL, 0)                                                    \
	X(mhpmcounter3, 0, 0)                                               \
	X(mhpmcounter31, 0, 0)                                              \
	X(mhpmevent3, 0, 0)                                                 \
	X(mhpmevent31, 0, 0)                                                \
	X(fcsr, 0xff, 0)                                                    \
	X(frm, 7, 0)                                                        \
	X(fflags, 0x1f, 0)                                                  \
	X(mstatus, MSTATUS, XL64)                                           \
	X(sstatus, SSTATUS, UINT64_C(2) << 32)

#define REFUSED(X)                             \
	X(mhartid, "csrw mhartid, zero")       \
	X(mvendorid, "csrw mvendorid, zero")   \
	X(cycle, "csrw cycle, zero")           \
	X(time, "csrs time, a0")               \
	X(custom, "csrr a0, 0x7c0")            \
	X(hypervisor, "csrr a0, 0x600")        \
	X(state_enable, "csrr a0, 0x30c")      \
	X(security, "csrr a0, 0x747")          \
	X(pmpcfg_of_32_bits, "csrr a0, 0x3a1") \
	X(pmpcfg_beyond, "csrr a0, 0x3a4")     \
	X(pmpaddr_beyond, "csrr a0, 0x3c0")    \
	X(upper_half_of_a_counter, "csrr a0, 0xb80")
#define DEFINE(name, code)                         \
	static void do_##name(void)                \
	{                                          \
		__asm__ volatile(code : : : "a0"); \
	}
REFUSED(DEFINE)

static void below_stimecmp(void)
{
	__asm__ volatile("csrr a0, 0x14d; ecall" : : : "a0");
}

static void below(void)
{
	machine_below(below_stimecmp, SUPERVISOR);
}

static void pending(void)
{
	csr_write(menvcfg, 0);
	csr_write(mip, ALL);
	SAME("csr-mip", csr_read(mip) & 0x222, 0x222);
	csr_write(mip, 0);
	SAME("csr-mip", csr_read(mip) & 0x222, 0);
	/* With Sstc, STIP is the comparator's alone; without the delegation, S-mode's registers show nothing.
	 */
	csr_write(0x14d, ALL);
	csr_write(menvcfg, STCE);
	csr_write(mip, ALL);
	SAME("csr-mip-with-sstc", csr_read(mip) & 0x222, 0x202);
	csr_write(mideleg, 0x2);
	SAME("csr-sip", csr_read(sip), 2);
	csr_write(sip, 0);
	SAME("csr-sip", csr_read(mip) & 0x202, 0x200);
	csr_write(mie, 0);
	csr_write(sie, ALL);
	SAME("csr-sie", csr_read(mie), 2);
	csr_write(mie, 0);
	csr_write(mip, 0);
	csr_write(mideleg, 0);
	csr_write(menvcfg, 0);
}

int guest_main(void)
{
	uint64_t vector = csr_read(mtvec);

#define TRY(name, ones, zeros)                    \
	csr_write(name, ALL);                     \
	SAME("csr-" #name, csr_read(name), ones); \
	csr_write(name, 0);                       \
	SAME("csr-" #name, csr_read(name), zeros);
	REGISTERS(TRY)
	csr_write(mstatus, 1 << 13);
	csr_write(mtvec, ALL);
	SAME("csr-mtvec", csr_read(mtvec), ALL - 2);
	csr_write(mtvec, vector);
	SAME("csr-mtvec", csr_read(mtvec), vector);
	pending();
	/* A mode that there is not is not kept (MPP: 2; satp: Sv57). */
	csr_write(mstatus, 3 << 11);
	csr_write(mstatus, 2 << 11);
	SAME("csr-mpp", csr_read(mstatus) >> 11 & 3, 3);
	csr_write(satp, UINT64_C(10) << 60);
	SAME("csr-satp", csr_read(satp), 0);
	csr_write(satp, UINT64_C(8) << 60 | UINT64_C(0xfffffffffffffff));
	SAME("csr-satp", csr_read(satp), UINT64_C(0x8fffffffffffffff));
	csr_write(satp, 0);
	csr_write(pmpaddr1, ALL);
	csr_write(pmpcfg0, 0x1a00);
	SAME("csr-pmpcfg-w-without-r", csr_read(pmpcfg0), 0x1800);
	csr_write(pmpcfg0, 0);
	csr_write(0x14d, 12345);
	SAME("csr-stimecmp", csr_read(0x14d), 12345);
	csr_write(0x14d, ALL);
	csr_write(mstatus, 1 << 13);
#define REFUSE(name, code) SAME("csr-refused-" #name, machine_try(do_##name), ILLEGAL);
	REFUSED(REFUSE)
	PMP_OPEN();
	csr_write(mcounteren, 2);
	SAME("csr-stimecmp-without-stce", machine_try(below), ILLEGAL);
	csr_write(menvcfg, STCE);
	SAME("csr-stimecmp-with-stce", machine_try(below), CALL_FROM(SUPERVISOR));
	csr_write(mcounteren, 5);
	SAME("csr-stimecmp-without-tm", machine_try(below), ILLEGAL);
	SAME("csr-identity",
	     csr_read(mvendorid) | csr_read(marchid) | csr_read(mimpid) | csr_read(mhartid) |
		     csr_read(mconfigptr),
	     0);
	return 0;
}
