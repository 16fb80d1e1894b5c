/* SPDX-License-Identifier: MIT */
/*
 * What the device tree (riscv,isa-extensions, mmu-type) and the built-in SBI announce is used, each with a
 * result that is known: tests/micro/announced has a row for each, which names a check here or elsewhere.
 */
#include "guest.h"

#include "arch.h"

#define OP(instruction, a, b)                                                                 \
	({                                                                                    \
		uint64_t r_;                                                                  \
		__asm__ volatile(".option push; .option arch, +zba, +zbb, +zbs; " instruction \
				 " %0, %1, %2; .option pop"                                   \
				 : "=r"(r_)                                                   \
				 : "r"((uint64_t)(a)), "r"((uint64_t)(b)));                   \
		r_;                                                                           \
	})
#define OP1(instruction, a)                                                                   \
	({                                                                                    \
		uint64_t r_;                                                                  \
		__asm__ volatile(".option push; .option arch, +zba, +zbb, +zbs; " instruction \
				 " %0, %1; .option pop"                                       \
				 : "=r"(r_)                                                   \
				 : "r"((uint64_t)(a)));                                       \
		r_;                                                                           \
	})
#define OPI(instruction, a, imm)                                                              \
	({                                                                                    \
		uint64_t r_;                                                                  \
		__asm__ volatile(".option push; .option arch, +zba, +zbb, +zbs; " instruction \
				 " %0, %1, " #imm "; .option pop"                             \
				 : "=r"(r_)                                                   \
				 : "r"((uint64_t)(a)));                                       \
		r_;                                                                           \
	})
#define X UINT64_C(0x8000000123456780)

static void bits(void)
{
	SAME("zba", OP("sh1add", 3, 100), 106);
	SAME("zba", OP("sh2add", 3, 100), 112);
	SAME("zba", OP("sh3add", 3, 100), 124);
	SAME("zba", OP("add.uw", UINT64_MAX, 1), UINT64_C(0x100000000));
	SAME("zba", OP("sh1add.uw", UINT64_MAX, 1), UINT64_C(0x1ffffffff));
	SAME("zba", OP("sh2add.uw", UINT64_MAX, 1), UINT64_C(0x3fffffffd));
	SAME("zba", OP("sh3add.uw", UINT64_MAX, 1), UINT64_C(0x7fffffff9));
	SAME("zba", OPI("slli.uw", UINT64_MAX, 4), UINT64_C(0xffffffff0));

	SAME("zbb", OP("andn", 0xff, 0x0f), 0xf0);
	SAME("zbb", OP("orn", 1, ~UINT64_C(6)), 7);
	SAME("zbb", OP("xnor", 5, 3), ~UINT64_C(6));
	SAME("zbb", OP1("clz", 1), 63);
	SAME("zbb", OP1("clz", 0), 64);
	SAME("zbb", OP1("ctz", X), 7);
	SAME("zbb", OP1("ctz", 0), 64);
	SAME("zbb", OP1("cpop", X), 14);
	SAME("zbb", OP1("clzw", X), 7 - 5);
	SAME("zbb", OP1("ctzw", UINT64_C(1) << 32), 32);
	SAME("zbb", OP1("cpopw", UINT64_MAX), 32);
	SAME("zbb", OP("max", UINT64_MAX, 1), 1);
	SAME("zbb", OP("maxu", UINT64_MAX, 1), UINT64_MAX);
	SAME("zbb", OP("min", UINT64_MAX, 1), UINT64_MAX);
	SAME("zbb", OP("minu", UINT64_MAX, 1), 1);
	SAME("zbb", OP1("sext.b", X), ~UINT64_C(0x7f));
	SAME("zbb", OP1("sext.h", 0x8001), ~UINT64_C(0x7ffe));
	SAME("zbb", OP1("zext.h", X), 0x6780);
	SAME("zbb", OP("rol", X, 4), UINT64_C(0x0000001234567808));
	SAME("zbb", OP("ror", X, 4), UINT64_C(0x0800000012345678));
	SAME("zbb", OPI("rori", X, 8), UINT64_C(0x8080000001234567));
	SAME("zbb", OP("rolw", 0x80000000, 1), 1);
	SAME("zbb", OP("rorw", 1, 1), UINT64_C(0xffffffff80000000));
	SAME("zbb", OPI("roriw", 1, 1), UINT64_C(0xffffffff80000000));
	SAME("zbb", OP1("orc.b", X), UINT64_C(0xff0000ffffffffff));
	SAME("zbb", OP1("rev8", X), UINT64_C(0x8067452301000080));

	SAME("zbs", OP("bset", 0, 63), UINT64_C(1) << 63);
	SAME("zbs", OPI("bseti", 1, 40), UINT64_C(1) << 40 | 1);
	SAME("zbs", OP("bclr", UINT64_MAX, 64), ~UINT64_C(1));
	SAME("zbs", OPI("bclri", UINT64_MAX, 1), ~UINT64_C(2));
	SAME("zbs", OP("binv", 5, 0), 4);
	SAME("zbs", OPI("binvi", 4, 0), 5);
	SAME("zbs", OP("bext", X, 63), 1);
	SAME("zbs", OPI("bexti", X, 62), 0);
}

static void base(void)
{
	uint64_t r, word = 5, f, pc[2];

	SAME("m", OP("mulhu", UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
	SAME("m", OP("div", INT64_MIN, UINT64_MAX), INT64_MIN);
	SAME("m", OP("remw", 7, UINT64_MAX - 3), 3);
	SAME("m", OP("divu", 1, 0), UINT64_MAX);
	__asm__ volatile("amoadd.d %0, %2, %1" : "=r"(r), "+A"(word) : "r"(7ul));
	SAME("a", r + word, 5 + 12);
	__asm__ volatile("1: lr.d %0, %1; addi %0, %0, 1; sc.d t0, %0, %1; bnez t0, 1b"
			 : "=&r"(r), "+A"(word)
			 :
			 : "t0");
	SAME("a", word, 13);
	__asm__ volatile("fcvt.s.l ft0, %1; fcvt.s.l ft1, %2; fdiv.s ft0, ft0, ft1; fmv.x.w %0, ft0"
			 : "=r"(f)
			 : "r"(1ul), "r"(4ul));
	SAME("f", f, 0x3e800000);
	__asm__ volatile("fcvt.d.l ft0, %1; fcvt.d.l ft1, %2; fmadd.d ft0, ft0, ft1, ft1; fmv.x.d %0, ft0"
			 : "=r"(f)
			 : "r"(3ul), "r"(4ul));
	SAME("d", f, UINT64_C(0x4030000000000000));
	__asm__ volatile(".option push; .option rvc; auipc %0, 0; c.nop; auipc %1, 0; .option pop"
			 : "=&r"(pc[0]), "=&r"(pc[1]));
	SAME("c", pc[1] - pc[0], 6);
}

static uint32_t code[4];
static uint64_t call_code(void)
{
	register uint64_t a0 __asm__("a0");

	__asm__ volatile("jalr %1" : "=r"(a0) : "r"(code) : "ra", "memory");
	return a0;
}

static void instructions_that_change(void)
{
	unsigned wrong = 0;

	for (uint32_t i = 0; i < 100; i++) {
		code[0] = i << 20 | 10 << 7 | 0x13; /* li a0, i */
		code[1] = 0x00008067;               /* ret */
		__asm__ volatile("fence.i" : : : "memory");
		wrong += call_code() != i;
	}
	SAME("zifencei", wrong, 0);
}

static void counters(void)
{
	uint64_t c = csr_read(cycle), t = csr_read(time), i = csr_read(instret);

	while (csr_read(time) == t)
		;
	CHECK(csr_read(cycle) > c, "zicntr-cycle");
	CHECK(csr_read(time) > t, "zicntr-time");
	CHECK(csr_read(instret) > i, "zicntr-instret");
	SAME("zicsr", ({
		     csr_write(sscratch, 0x55);
		     csr_set(sscratch, 0xa0);
		     csr_clear(sscratch, 5);
		     csr_read(sscratch);
	     }),
	     0xf0);
	csr_write(sscratch, 0);
}

#define STIP (1u << 5)

/* stimecmp is CSR 0x14d. */
static void timer(void)
{
	csr_write(0x14d, UINT64_MAX);
	SAME("sstc-not-due", csr_read(sip) & STIP, 0);
	csr_write(0x14d, csr_read(time) + 1000);
	for (int i = 0; i < 100000000 && !(csr_read(sip) & STIP); i++)
		arch_pause();
	SAME("sstc-due", csr_read(sip) & STIP, STIP);
	CHECK(csr_read(time) >= csr_read(0x14d), "sstc-not-early");
	csr_write(0x14d, UINT64_MAX);
	SAME("sstc-put-off", csr_read(sip) & STIP, 0);
	arch_timer(0);
}

/* ---- address translation ("Supervisor Address Translation and Protection", "Svadu") ---- */

#define SV39 (UINT64_C(8) << 60)
#define SV48 (UINT64_C(9) << 60)
#define V 1
#define R 2
#define W 4
#define A 0x40
#define D 0x80
#define WINDOW UINT64_C(0x1000000000)  /* not mapped by the runtime */
#define FAR_WINDOW (UINT64_C(2) << 39) /* where only Sv48 reaches */
#define PTE(to, bits) (((uintptr_t)(to) >> 2) | (bits))
#define BEGIN(table) __attribute__((aligned(4096))) table[512]

static uint64_t BEGIN(top), BEGIN(other), BEGIN(middle), BEGIN(leaf), BEGIN(middle2), BEGIN(leaf2),
	BEGIN(data), BEGIN(data2);

static void fence(void)
{
	__asm__ volatile("sfence.vma" : : : "memory");
}

static void translation(void)
{
	const uint64_t satp = csr_read(satp), root = satp << 20 >> 8;
	uint64_t *own = (uint64_t *)(uintptr_t)root;
	volatile uint64_t *a = (volatile uint64_t *)WINDOW, *far = (volatile uint64_t *)FAR_WINDOW;
	unsigned wrong = 0;

	SAME("sv39", satp >> 60, 8);
	data[0] = 1;
	data2[0] = 2;
	leaf[0] = PTE(data, V | R | W);
	leaf2[0] = PTE(data2, V | R | W | A | D);
	middle[0] = PTE(leaf, V);
	middle2[0] = PTE(leaf2, V);
	own[WINDOW >> 30] = PTE(middle, V);
	fence();
	/* Accessed with the first load, dirty with the first store. */
	SAME("svadu-not-marked", leaf[0] & (A | D), 0);
	SAME("svadu-load", a[0], 1);
	SAME("svadu-accessed", leaf[0] & (A | D), A);
	a[0] = 5;
	SAME("svadu-dirty", leaf[0] & (A | D), A | D);
	SAME("svadu-stored", data[0], 5);

	/* Sv48: the same below one more level, and a place beyond 39 bits. */
	top[0] = PTE(own, V);
	top[FAR_WINDOW >> 39] = PTE(other, V);
	other[0] = PTE(middle2, V);
	csr_write(satp, SV48 | (uintptr_t)top >> 12);
	fence();
	SAME("sv48", csr_read(satp) >> 60, 9);
	SAME("sv48", far[0], 2);
	SAME("sv48", a[0], 5);
	csr_write(satp, satp);
	fence();
	/* Neither Sv57 nor anything else: nothing is written. */
	for (uint64_t mode = 1; mode < 16; mode++) {
		if (mode == 8 || mode == 9)
			continue;
		csr_write(satp, mode << 60);
		wrong += csr_read(satp) != satp;
	}
	SAME("satp-no-other-modes", wrong, 0);

	/* ASIDs: sixteen bits, all of which count. */
	for (unsigned i = 0; i < 512; i++)
		top[i] = own[i];
	top[WINDOW >> 30] = PTE(middle2, V);
	csr_write(satp, satp | UINT64_C(0xffff) << 44);
	SAME("asid-bits", csr_read(satp) >> 44 & 0xffff, 0xffff);
	for (unsigned i = 0; i < 100; i++) {
		csr_write(satp, i & 1 ? SV39 | UINT64_C(0x8042) << 44 | (uintptr_t)top >> 12
				      : SV39 | UINT64_C(0x0042) << 44 | (uintptr_t)own >> 12);
		wrong += a[0] != (i & 1 ? 2 : 5);
	}
	SAME("asid-bits", wrong, 0);
	csr_write(satp, satp);
	fence();

	/* A remote fence drops what another hart, or this one, has cached. */
	SAME("sbi-rfence-before", a[0], 5);
	leaf[0] = PTE(data2, V | R | W | A | D);
	SAME("sbi-rfence", arch_sbi(0x52464e43, 1, 1, 0, WINDOW), 0);
	SAME("sbi-rfence-after", a[0], 2);
}

/* ---- SBI ---- */

static int64_t probe(uint64_t extension)
{
	register uint64_t a0 __asm__("a0") = extension;
	register uint64_t a1 __asm__("a1");
	register uint64_t a6 __asm__("a6") = 3;
	register uint64_t a7 __asm__("a7") = 0x10;

	__asm__ volatile("ecall" : "+r"(a0), "=r"(a1) : "r"(a6), "r"(a7) : "memory");
	return a0 ? -1 : (int64_t)a1;
}

static void sbi(void)
{
	/* TIME, IPI, RFENCE, HSM, SRST and DBCN are used here or by timer, ipi, smp, suspend and reset. */
	static const uint32_t there[] = {0x10,       0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354,
					 0x4442434e, 0,          1,        2,          8};
	/* PMU, SUSP, CPPC, NACL, STA, and legacy ones. */
	static const uint32_t absent[] = {0x504d55, 0x53555350, 0x43505043, 0x4e41434c, 0x535441, 3,
					  4,        5,          6,          7,          9};
	static const char line[] = "ok sbi-dbcn\n", byte[] = "ok sbi-dbcn-byte\n";

	for (unsigned i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		SAME("sbi-probe", probe(there[i]), 1);
	for (unsigned i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		SAME("sbi-absent", probe(absent[i]), 0);
		SAME("sbi-absent", arch_sbi(absent[i], 0, 0, 0, 0), -2);
	}
	SAME("sbi-dbcn-write", arch_sbi(0x4442434e, 0, sizeof(line) - 1, (uintptr_t)line, 0), 0);
	for (unsigned i = 0; byte[i]; i++)
		if (i & 1)
			arch_sbi(0x4442434e, 2, (uint8_t)byte[i], 0, 0);
		else
			arch_sbi(1, 0, (uint8_t)byte[i], 0, 0); /* the legacy one */
	SAME("sbi-dbcn-read", arch_sbi(0x4442434e, 1, 8, (uintptr_t)data, 0), 0);
}

int guest_main(void)
{
	base();
	bits();
	instructions_that_change();
	counters();
	timer();
	translation();
	sbi();
	return 0;
}
