/* SPDX-License-Identifier: MIT */
/*
 * What the ID registers announce is used, each with a result that is known: tests/micro/announced has a row
 * for each field, which names a check here or elsewhere.
 */
#include "guest.h"

#include "arch.h"

__asm__(".arch armv8.2-a+crypto+dotprod+rdma\n");

/* One vector instruction on two 128-bit operands and the accumulator d. */
struct v128 {
	uint64_t d[2];
};
#define VECTOR(name, instruction)                                                                  \
	static struct v128 name(struct v128 d, struct v128 a, struct v128 b)                       \
	{                                                                                          \
		__asm__ volatile("ldr q0, %0; ldr q1, %1; ldr q2, %2; " instruction "; str q0, %0" \
				 : "+m"(d)                                                         \
				 : "m"(a), "m"(b));                                                \
		return d;                                                                          \
	}
VECTOR(aese, "aese v0.16b, v1.16b")
VECTOR(aesd, "aesd v0.16b, v1.16b")
VECTOR(aesmc, "aesmc v0.16b, v1.16b")
VECTOR(aesimc, "aesimc v0.16b, v1.16b")
VECTOR(pmull, "pmull v0.1q, v1.1d, v2.1d")
VECTOR(pmull2, "pmull2 v0.1q, v1.2d, v2.2d")
VECTOR(sha1c, "sha1c q0, s1, v2.4s")
VECTOR(sha1h, "sha1h s0, s1")
VECTOR(sha256su0, "sha256su0 v0.4s, v1.4s")
VECTOR(sha256h, "sha256h q0, q1, v2.4s")
VECTOR(sqrdmlah, "sqrdmlah v0.8h, v1.8h, v2.8h")
VECTOR(udot, "udot v0.4s, v1.16b, v2.16b")
VECTOR(sdot, "sdot v0.4s, v1.16b, v2.16b")
VECTOR(fdiv, "fdiv v0.2d, v1.2d, v2.2d")
VECTOR(fcvt_half, "fcvt s0, h1")

#define ALL(byte) ((byte)*UINT64_C(0x0101010101010101))
#define BOTH(word) ((struct v128){{(word), (word)}})
#define EQUAL(name, v, low, high)          \
	do {                               \
		struct v128 v_ = (v);      \
		SAME(name, v_.d[0], low);  \
		SAME(name, v_.d[1], high); \
	} while (0)
static const struct v128 zero;

static uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static uint32_t word(struct v128 v, unsigned i)
{
	return (uint32_t)(v.d[i / 2] >> 32 * (i % 2));
}

/* Four rounds as FIPS 180-4 has them, against the instruction. */
static void sha1(void)
{
	const struct v128 abcd = {{0xefcdab8967452301, 0x1032547698badcfe}},
			  k = {{0x1122334455667788, 0x99aabbccddeeff00}};
	const struct v128 e0 = {{0xc3d2e1f0, 0}};
	uint32_t a = word(abcd, 0), b = word(abcd, 1), c = word(abcd, 2), d = word(abcd, 3), e = word(e0, 0),
		 t;

	for (unsigned i = 0; i < 4; i++) {
		t = rol(a, 5) + ((b & c) | (~b & d)) + e + word(k, i);
		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = t;
	}
	EQUAL("sha1", sha1c(abcd, e0, k), (uint64_t)b << 32 | a, (uint64_t)d << 32 | c);
	EQUAL("sha1", sha1h(zero, (struct v128){{5, 0}}, zero), 0x40000001, 0);
}

static void sha256(void)
{
	const struct v128 abcd = {{0xbb67ae856a09e667, 0xa54ff53a3c6ef372}},
			  efgh = {{0x9b05688c510e527f, 0x5be0cd191f83d9ab}},
			  k = {{0x1122334455667788, 0x99aabbccddeeff00}};
	uint32_t s[8], t1, t2;

	for (unsigned i = 0; i < 8; i++)
		s[i] = word(i < 4 ? abcd : efgh, i % 4);
	for (unsigned i = 0; i < 4; i++) {
		t1 = s[7] + (rol(s[4], 26) ^ rol(s[4], 21) ^ rol(s[4], 7)) +
		     ((s[4] & s[5]) ^ (~s[4] & s[6])) + word(k, i);
		t2 = (rol(s[0], 30) ^ rol(s[0], 19) ^ rol(s[0], 10)) +
		     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		for (unsigned j = 7; j; j--)
			s[j] = s[j - 1];
		s[4] += t1;
		s[0] = t1 + t2;
	}
	EQUAL("sha256", sha256h(abcd, efgh, k), (uint64_t)s[1] << 32 | s[0], (uint64_t)s[3] << 32 | s[2]);
	EQUAL("sha256", sha256su0((struct v128){{UINT64_C(1) << 32, 0}}, zero, zero),
	      (UINT64_C(1) << 32) + (rol(1, 25) ^ rol(1, 14)), 0);
}

static void vectors(void)
{
	EQUAL("aes", aese(zero, zero, zero), ALL(0x63), ALL(0x63));
	EQUAL("aes", aesd(zero, zero, zero), ALL(0x52), ALL(0x52));
	EQUAL("aes", aesmc(zero, (struct v128){{0x01, 0}}, zero), 0x03010102, 0);
	EQUAL("aes", aesimc(zero, (struct v128){{0x01, 0}}, zero), 0x0b0d090e, 0);
	EQUAL("pmull", pmull(zero, (struct v128){{UINT64_MAX, 0}}, (struct v128){{UINT64_MAX, 0}}),
	      0x5555555555555555, 0x5555555555555555);
	EQUAL("pmull", pmull2(zero, (struct v128){{0, 3}}, (struct v128){{0, UINT64_C(1) << 63}}),
	      UINT64_C(1) << 63, 1);
	sha1();
	sha256();
	EQUAL("rdm",
	      sqrdmlah(BOTH(UINT64_C(0x0001000100010001)), BOTH(UINT64_C(0x4000400040004000)),
		       BOTH(UINT64_C(0x4000400040004000))),
	      0x2001200120012001, 0x2001200120012001);
	EQUAL("dotprod", udot(BOTH(UINT64_C(0x100000001)), BOTH(ALL(0xff)), BOTH(ALL(0x02))),
	      UINT64_C(0x000007f9000007f9), UINT64_C(0x000007f9000007f9));
	EQUAL("dotprod", sdot(zero, BOTH(ALL(0xff)), BOTH(ALL(0x02))), UINT64_C(0xfffffff8fffffff8),
	      UINT64_C(0xfffffff8fffffff8));
	EQUAL("fp-asimd", fdiv(zero, BOTH(UINT64_C(0x3ff0000000000000)), BOTH(UINT64_C(0x4010000000000000))),
	      0x3fd0000000000000, 0x3fd0000000000000);
	EQUAL("fp-asimd", fcvt_half(zero, (struct v128){{0x3c00, 0}}, zero), 0x3f800000, 0);
}

static void crc32(void)
{
	static const char text[] = "123456789";
	uint32_t crc = UINT32_MAX, crc_c = UINT32_MAX;

	for (unsigned i = 0; text[i]; i++) {
		__asm__("crc32b %w0, %w0, %w1" : "+r"(crc) : "r"((uint32_t)text[i]));
		__asm__("crc32cb %w0, %w0, %w1" : "+r"(crc_c) : "r"((uint32_t)text[i]));
	}
	SAME("crc32", (uint32_t)~crc, 0xcbf43926);
	SAME("crc32", (uint32_t)~crc_c, 0xe3069283);
}

static void lse(void)
{
	static uint64_t at[2] __attribute__((aligned(16)));
	uint64_t old, expected = 12, pair[2];

	at[0] = 5;
	__asm__ volatile("ldaddal %2, %0, %1" : "=r"(old), "+Q"(at[0]) : "r"(7ul));
	SAME("lse", old, 5);
	__asm__ volatile("casal %0, %2, %1" : "+r"(expected), "+Q"(at[0]) : "r"(99ul));
	SAME("lse", expected, 12);
	__asm__ volatile("swpal %2, %0, %1" : "=r"(old), "+Q"(at[0]) : "r"(1ul));
	SAME("lse", old, 99);
	at[1] = 2;
	__asm__ volatile(
		"mov x2, #1; mov x3, #2; mov x4, #3; mov x5, #4; caspal x2, x3, x4, x5, %0; stp x2, x3, %1"
		: "+Q"(at), "=m"(pair)
		:
		: "x2", "x3", "x4", "x5", "memory");
	SAME("lse", pair[0] + pair[1], 3);
	SAME("lse", at[0] + at[1], 7);
}

/* Exclusive stores that are not aligned fault, whatever the monitor holds (B2.5.2). */
static uint64_t odd[4] __attribute__((aligned(16)));
static uint64_t at_odd = 1;
#define EXCLUSIVE(name, code)                                                                             \
	static void name(void)                                                                            \
	{                                                                                                 \
		__asm__ volatile("clrex; " code : : "r"((uintptr_t)odd + at_odd) : "w0", "x1", "memory"); \
	}
EXCLUSIVE(stxrh, "stxrh w0, w1, [%0]")
EXCLUSIVE(stxr_w, "stxr w0, w1, [%0]")
EXCLUSIVE(stxr_x, "stlxr w0, x1, [%0]")
EXCLUSIVE(stxp_w, "stxp w0, w1, w1, [%0]")
EXCLUSIVE(stxp_x, "stxp w0, x1, x1, [%0]")

static void exclusives(void)
{
	static void (*const stores[])(void) = {stxrh, stxr_w, stxr_x, stxp_w, stxp_x};

	for (unsigned i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		at_odd = i < 4 ? 1 : 8;
		SAME("exclusive-misaligned", arch_try(stores[i]), TRAP_MEMORY);
		SAME("exclusive-misaligned-why", runtime_trap.code & 0x3f, 0x21);
		SAME("exclusive-misaligned-where", runtime_trap.address, (uintptr_t)odd + at_odd);
		at_odd = 0;
		SAME("exclusive-aligned", arch_try(stores[i]), TRAP_NONE);
	}
}

/* CTR_EL0 and DCZID_EL0 (D13.2.34, D13.2.36). */
static uint32_t code[16] __attribute__((aligned(64)));
static uint64_t call_code(void)
{
	register uint64_t x0 __asm__("x0");

	__asm__ volatile("blr %1" : "=r"(x0) : "r"(code) : "x30", "memory");
	return x0;
}

static void caches(void)
{
	static uint8_t block[4096] __attribute__((aligned(2048)));
	uint64_t ctr = sysreg_read(ctr_el0), zid = sysreg_read(dczid_el0), clidr = sysreg_read(clidr_el1),
		 level;
	unsigned bytes = 4u << (zid & 15), wrong = 0;

	SAME("dczid", zid & 16, 0);
	for (unsigned i = 0; i < sizeof(block); i++)
		block[i] = 0xff;
	__asm__ volatile("dc zva, %0" : : "r"(block + bytes + bytes / 2) : "memory");
	for (unsigned i = 0; i < sizeof(block); i++)
		wrong += block[i] != (i >= bytes && i < 2 * bytes ? 0 : 0xff);
	SAME("dczid-block", wrong, 0);

	/* IDC: no cleaning before IC IVAU, which is needed as DIC is 0. */
	SAME("ctr-idc-dic", ctr >> 28 & 3, 1);
	for (uint32_t i = 0; i < 100; i++) {
		code[0] = 0xd2800000 | i << 5; /* mov x0, #i */
		code[1] = 0xd65f03c0;          /* ret */
		__asm__ volatile("dsb ishst; ic ivau, %0; dsb ish; isb" : : "r"(code) : "memory");
		wrong += call_code() != i;
	}
	SAME("ctr-code-that-changes", wrong, 0);
	/* Each cache that CLIDR_EL1 shows has a geometry, and all of it can be cleaned by set and way. */
	for (level = 0; clidr >> 3 * level & 7; level++) {
		for (unsigned instruction = 0; instruction < 2; instruction++) {
			uint32_t type = clidr >> 3 * level & 7;
			uint64_t sizes;

			if (instruction ? !(type & 1) : !(type & 6))
				continue;
			sysreg_write(csselr_el1, level << 1 | instruction);
			sizes = sysreg_read(ccsidr_el1);
			CHECK((sizes & 7) == (ctr >> 16 & 15) - 2 && sizes >> 13 & 0x7fff, "clidr-geometry");
			if (!instruction)
				__asm__ volatile("dc cisw, %0" : : "r"(level << 1) : "memory");
		}
	}
	SAME("clidr-levels", level, 2);
	SAME("clidr-coherence", clidr >> 24 & 7, level);
}

static void user_midr(void)
{
	__asm__ volatile("mrs x0, midr_el1" : : : "x0");
}
static void user_ctr(void)
{
	__asm__ volatile("mrs x0, ctr_el0; svc #7" : : : "x0");
}
static void user_zva(void)
{
	__asm__ volatile("sub x0, sp, #256; dc zva, x0; svc #7" : : : "x0", "memory");
}
static void user_nothing(void)
{
	__asm__ volatile("svc #7");
}
#define TRAPPED_SYSREG 0x18

/* EL0 is AArch64; what ID registers it may not read kernels give it by emulation (no FEAT_IDST: UNDEFINED).
 */
static void user(void)
{
	uint64_t sctlr = sysreg_read(sctlr_el1);

	SAME("el0", arch_user(user_nothing), TRAP_CALL);
	SAME("el0-id-registers", arch_user(user_midr), TRAP_UNDEFINED);
	sysreg_write(sctlr_el1, sctlr | 1 << 15 | 1 << 14);
	SAME("el0-ctr", arch_user(user_ctr), TRAP_CALL);
	SAME("el0-dc-zva", arch_user(user_zva), TRAP_CALL);
	sysreg_write(sctlr_el1, sctlr);
	SAME("el1", sysreg_read(CurrentEL), 4);
}

/* Both timers that there are, at the lines that the device tree says: PPIs 11 (virtual) and 14 (physical). */
static void timers(void)
{
	const uint64_t pending = GICR + 0x10000 + 0x200;
	uint64_t from;

	SAME("timer-frequency", sysreg_read(cntfrq_el0), 62500000);
	for (unsigned physical = 0; physical < 2; physical++) {
		const uint32_t bit = 1u << (physical ? 30 : 27);

		SAME("timer-lines", mmio_read(pending, 4) & bit, 0);
		from = arch_counter();
		if (physical) {
			sysreg_write(cntp_tval_el0, 1000);
			sysreg_write(cntp_ctl_el0, 1);
			while (!(sysreg_read(cntp_ctl_el0) & 4))
				arch_pause();
		} else {
			sysreg_write(cntv_tval_el0, 1000);
			sysreg_write(cntv_ctl_el0, 1);
			while (!(sysreg_read(cntv_ctl_el0) & 4))
				arch_pause();
		}
		CHECK(arch_since(from) >= 1000, "timer-conditions");
		for (int i = 0; i < 10000000 && !(mmio_read(pending, 4) & bit); i++)
			arch_pause();
		SAME("timer-lines", mmio_read(pending, 4) & bit, bit);
		sysreg_write(cntp_ctl_el0, 0);
		sysreg_write(cntv_ctl_el0, 0);
	}
}

/* GICD_TYPER, ICC_CTLR_EL1, ICC_SRE_EL1 (Arm IHI 0069, 12.9.38, 12.2.6, 12.2.20). */
static void gic(void)
{
	uint32_t typer = (uint32_t)mmio_read(GICD + 4, 4), lines = 32 * ((typer & 31) + 1), last = lines - 1;
	uint64_t icc = sysreg_read(s3_0_c12_c12_4), unused = 8 * 4;

	SAME("gic-system-registers", sysreg_read(s3_0_c12_c12_5) & 7, 7);
	/* The last line, and none after it. */
	mmio_write(GICD + 0x100 + last / 32 * 4, 4, 1u << last % 32);
	SAME("gic-lines", mmio_read(GICD + 0x100 + last / 32 * 4, 4), 1u << last % 32);
	mmio_write(GICD + 0x180 + last / 32 * 4, 4, 1u << last % 32);
	mmio_write(GICD + 0x100 + lines / 32 * 4, 4, UINT32_MAX);
	SAME("gic-lines", mmio_read(GICD + 0x100 + lines / 32 * 4, 4), 0);
	/* Priority bits. */
	mmio_write(GICD + 0x400 + last, 1, 0xff);
	SAME("gic-priorities", mmio_read(GICD + 0x400 + last, 1), 0xff << (7 - (icc >> 8 & 7)) & 0xff);
	/* No LPIs, no message-based SPIs, no extended ranges, one security state, no 1-of-N: none of their
	 * registers. */
	SAME("gic-absent", typer & (1u << 8 | 1u << 10 | 1u << 16 | 1u << 17), 0);
	SAME("gic-no-1-of-n", typer >> 25 & 1, 1);
	mmio_write(GICD + 0x6000 + unused + 8 * 32, 8, UINT64_C(1) << 31);
	SAME("gic-no-1-of-n", mmio_read(GICD + 0x6000 + unused + 8 * 32, 8), 0);
	/* EOImode: ending only drops the priority. */
	sysreg_write(s3_0_c12_c12_4, icc | 2);
	arch_ipi(0);
	{
		uint64_t id = 1023, active = GICR + 0x10000 + 0x300;

		for (int i = 0; i < 1000000 && id == 1023; i++)
			id = sysreg_read(s3_0_c12_c12_0);
		SAME("gic-acknowledge", id, INTID_IPI);
		sysreg_write(s3_0_c12_c12_1, id);
		SAME("gic-eoi-mode", mmio_read(active, 4) & 1u << INTID_IPI, 1u << INTID_IPI);
		sysreg_write(s3_0_c12_c11_1, id);
		SAME("gic-deactivate", mmio_read(active, 4) & 1u << INTID_IPI, 0);
	}
	sysreg_write(s3_0_c12_c12_4, icc);
}

/* The claim tags, of which DBGCLAIMSET_EL1 announces eight, and what saves the communication channel (D13.3).
 */
static void debug_registers(void)
{
	sysreg_write(s2_0_c7_c9_6, 0xff);
	SAME("claim-tags", sysreg_read(s2_0_c7_c8_6), 0xff);
	sysreg_write(s2_0_c7_c8_6, 0x5a);
	SAME("claim-tags", sysreg_read(s2_0_c7_c9_6), 0x5a);
	sysreg_write(s2_0_c7_c9_6, 0x0a);
	SAME("claim-tags", sysreg_read(s2_0_c7_c9_6), 0x50);
	sysreg_write(s2_0_c7_c9_6, 0xff);
	sysreg_write(s2_0_c0_c2_0, UINT64_MAX);
	SAME("debug-mdccint", sysreg_read(s2_0_c0_c2_0), 0x60000000);
	sysreg_write(s2_0_c0_c2_0, 0);
	sysreg_write(s2_0_c0_c0_2, 0x12345678);
	SAME("debug-osdtrrx", sysreg_read(s2_0_c0_c0_2), 0x12345678);
	sysreg_write(s2_0_c0_c3_2, 0x9abcdef0);
	SAME("debug-osdtrtx", sysreg_read(s2_0_c0_c3_2), 0x9abcdef0);
}

#define PSCI_FEATURES 0x8400000a

/* Every function that is announced; what they do is tested by the guests that use them. */
static void psci(void)
{
	static const uint32_t there[] = {0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003,
					 0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008,
					 0x84000009, 0x8400000a, 0x84000012, 0xc4000012};
	static const uint32_t absent[] = {0xc4000000, 0x84000005, 0xc4000005, 0xc4000007, 0x8400000b,
					  0x8400000c, 0xc400000d, 0x8400000e, 0xc400000e, 0x8400000f,
					  0xc4000010, 0xc4000011, 0xc4000013, 0xc4000014};

	SAME("psci-version", arch_psci(0x84000000, 0, 0, 0), 0x00010001);
	for (unsigned i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		SAME("psci-features", arch_psci(PSCI_FEATURES, there[i], 0, 0), 0);
	for (unsigned i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		SAME("psci-absent", arch_psci(PSCI_FEATURES, absent[i], 0, 0), -1);
		SAME("psci-absent", arch_psci(absent[i], 0, 0, 0), -1);
	}
	SAME("psci-migrate-info-type", arch_psci(0x84000006, 0, 0, 0), 2);
}

int guest_main(void)
{
	vectors();
	crc32();
	lse();
	exclusives();
	caches();
	user();
	timers();
	gic();
	debug_registers();
	psci();
	return 0;
}
