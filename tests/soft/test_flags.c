/* SPDX-License-Identifier: MIT */
/*
 * test_flags.c: condition flags of an x86-like guest: operands of 8 to 64 bits, CF in the polarity of a borrow, parity and auxiliary
 * carry, instructions that change some flags only; and a helper of six arguments. What is right is written down here from
 * Intel's SDM (vol. 1, 3.4.3.1), without the IR.
 */
#include <criterion/criterion.h>

#include "fake_isa.h"

#define CF 1u
#define PF 4u
#define AF 0x10u
#define ZF 0x40u
#define SF 0x80u
#define OF 0x800u
#define ALL (CF | PF | AF | ZF | SF | OF)
#define DATA 0x9000u /* physical page 20 */

static struct fake_machine *t;

static void setup(void)
{
	t = fake_new(1);
	fake_map(t, 0, DATA, 20, FAKE_R | FAKE_W, 0);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(flags, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

static const uint64_t numbers[] = {0,
				   1,
				   0x0f,
				   0x7f,
				   0x80,
				   0xff,
				   0x7fff,
				   0x8000,
				   0xffff,
				   0x7fffffff,
				   0x80000000,
				   0xffffffff,
				   0x7fffffffffffffff,
				   0x8000000000000000,
				   0xffffffffffffffff,
				   0x123456789abcdef0,
				   0xfedcba9876543210};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static uint64_t cut(uint64_t v, uint32_t bits)
{
	return bits == 64 ? v : v & ((1ull << bits) - 1);
}

/* SF, ZF and PF of a result. */
static uint32_t of_result(uint64_t r, uint32_t bits)
{
	return (r >> (bits - 1) & 1 ? SF : 0) | (r ? 0 : ZF) | (__builtin_popcountll(r & 0xff) % 2 ? 0 : PF);
}

static __int128 as_signed(uint64_t v, uint32_t bits)
{
	return (__int128)v - (v >> (bits - 1) & 1 ? (__int128)1 << bits : 0);
}

/* The instruction's flags; *r: its result. Flags that it keeps are those of `old`. */
static uint32_t expected(uint32_t op, uint32_t bits, uint64_t a, uint64_t b, uint32_t old, uint64_t *r)
{
	uint32_t carry = (op == FAKE_ADCF || op == FAKE_SBBF) && old & CF, kept = 0;
	int minus = op == FAKE_SUBF || op == FAKE_SBBF || op == FAKE_DECF;

	if (op == FAKE_INCF || op == FAKE_DECF) {
		b = 1;
		kept = CF;
	}
	a = cut(a, bits);
	b = cut(b, bits);
	if (op == FAKE_ANDF) {
		*r = a & b;
		return of_result(*r, bits);
	}
	__int128 u = minus ? (__int128)a - b - carry : (__int128)a + b + carry;
	__int128 s = minus ? as_signed(a, bits) - as_signed(b, bits) - carry
			   : as_signed(a, bits) + as_signed(b, bits) + carry;
	int nibble = minus ? (int)(a & 15) - (int)(b & 15) - (int)carry
			   : (int)(a & 15) + (int)(b & 15) + (int)carry;

	*r = cut((uint64_t)u, bits);
	uint32_t f = of_result(*r, bits) | (u < 0 || u >> bits ? CF : 0) |
		     (s != as_signed(*r, bits) ? OF : 0) | (nibble < 0 || nibble > 15 ? AF : 0);

	return (f & ~kept) | (old & kept);
}

static uint64_t written(uint64_t old, uint64_t r, uint32_t bits)
{
	return bits >= 32 ? r : (old & ~(uint64_t)((1u << bits) - 1)) | r;
}

/* Each instruction on each pair of numbers, its flags by PUSHF; in one block with POPF, which gives the old ones. */
Test(flags, of_every_instruction_and_size)
{
	for (uint32_t op = FAKE_ADDF; op <= FAKE_DECF; op++)
		for (uint32_t log2 = 0; log2 < 4; log2++) {
			FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_POPF, 0, 4, 0, 0), FAKE_OP(op, 3, 1, 2, log2),
				  FAKE_OP(FAKE_PUSHF, 5, 0, 0, 0), FAKE_STOP);
			for (uint32_t n = 0; n < NUMBERS * NUMBERS; n++) {
				uint64_t a = numbers[n % NUMBERS], b = numbers[n / NUMBERS], r;
				uint32_t old = n & 1 ? ALL : 0, f = expected(op, 8u << log2, a, b, old, &r);

				R(1) = a;
				R(2) = b;
				R(3) = 0x1122334455667788;
				R(4) = old;
				cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
				cr_assert_eq(R(5), f, "op %u, %u bits, %lx, %lx, old %x: %lx, not %x", op,
					     8u << log2, a, b, old, R(5), f);
				cr_assert_eq(R(3), written(0x1122334455667788, r, 8u << log2),
					     "op %u, %u bits, %lx, %lx: %lx", op, 8u << log2, a, b, R(3));
			}
		}
}

/* JCC after SUB compares as C does, in the same block as the SUB and in one of its own; JP looks at the low byte. */
Test(flags, conditions)
{
	for (uint32_t cc = 0; cc <= 15; cc++)
		for (uint32_t apart = 0; apart < 2; apart++) {
			if (cc == VR_CC_AL)
				continue;
			FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_SUBF, 3, 1, 2, 0),
				  apart ? FAKE_OP(FAKE_J, 0, 0, 0, 8) : FAKE_OP(FAKE_ADDI, 6, 6, 0, 0),
				  FAKE_OP(FAKE_JCC, 0, 0, cc, 24), FAKE_OP(FAKE_MOVI, 5, 0, 0, 0), FAKE_STOP,
				  FAKE_OP(FAKE_MOVI, 5, 0, 0, 1), FAKE_STOP);
			for (uint32_t n = 0; n < NUMBERS * NUMBERS; n++) {
				uint8_t a = (uint8_t)numbers[n % NUMBERS], b = (uint8_t)numbers[n / NUMBERS],
					r = (uint8_t)(a - b);
				int8_t sa = (int8_t)a, sb = (int8_t)b;
				const int holds[16] = {
					a == b,
					a != b,
					a >= b,
					a < b,
					r >= 128,
					r<128, sa - sb != (int8_t)r, sa - sb == (int8_t)r, a> b,
					a <= b,
					sa >= sb,
					sa<sb, sa> sb,
					sa <= sb,
					1,
					__builtin_popcount(r) % 2 == 0};

				R(1) = a | 0xabcd00;
				R(2) = b | 0x987600;
				R(3) = 0;
				cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
				cr_assert_eq(R(5), (uint64_t)holds[cc], "cc %u apart %u: %x, %x", cc, apart,
					     a, b);
			}
		}
}

/* Numbers of 16 words are added: the carry goes around the loop, DEC and JNZ leave it alone. */
Test(flags, carry_in_a_loop)
{
	uint64_t a[16], b[16], sum[16], state = 7;
	unsigned __int128 carry = 0;

	for (uint32_t n = 0; n < 16; n++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		a[n] = n % 3 ? ~0ull : state;
		b[n] = n % 4 ? state >> 7 : 0;
		carry += (unsigned __int128)a[n] + b[n];
		sum[n] = (uint64_t)carry;
		carry >>= 64;
		fake_put(t, 20, 8 * n, a[n]);
		fake_put(t, 20, 0x100 + 8 * n, b[n]);
	}
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_POPF, 0, 4, 0, 0), FAKE_OP(FAKE_J, 0, 0, 0, 8),
		  FAKE_OP(FAKE_LD, 1, 8, 3, 0), FAKE_OP(FAKE_LD, 2, 8, 3, 0x100),
		  FAKE_OP(FAKE_ADCF, 3, 1, 2, 3), FAKE_OP(FAKE_ST, 3, 8, 3, 0x200),
		  FAKE_OP(FAKE_ADDI, 8, 8, 0, 8), FAKE_OP(FAKE_DECF, 9, 9, 0, 3),
		  FAKE_OP(FAKE_JCC, 0, 0, VR_CC_NE, -48), FAKE_OP(FAKE_PUSHF, 5, 0, 0, 0), FAKE_STOP);
	for (uint32_t round = 0; round < 4; round++) {
		R(4) = 0;
		R(8) = DATA;
		R(9) = 16;
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		for (uint32_t n = 0; n < 16; n++)
			cr_assert_eq(fake_get(t, 20, 0x200 + 8 * n), sum[n], "word %u", n);
		cr_assert_eq(R(5) & (CF | ZF), ZF | (carry ? CF : 0));
	}
}

/* BT changes CF and nothing else. */
Test(flags, bit_test)
{
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_POPF, 0, 4, 0, 0), FAKE_OP(FAKE_BTF, 0, 1, 9, 0),
		  FAKE_OP(FAKE_PUSHF, 5, 0, 0, 0), FAKE_OP(FAKE_BTF, 0, 1, 10, 0),
		  FAKE_OP(FAKE_JCC, 0, 0, VR_CC_CC, 16), FAKE_STOP, FAKE_OP(FAKE_MOVI, 5, 0, 0, -1),
		  FAKE_STOP);
	for (uint32_t n = 0; n < 8; n++) {
		uint32_t old = n & 1 ? ALL : n & 2 ? CF : 0;

		R(1) = 0xfffff0ff | (uint64_t)(n >> 2 & 1) << 9;
		R(4) = old;
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(5), (old & ~CF) | (n >> 2 & 1), "old %x, round %u: %lx", old, n, R(5));
		R(1) |= 1u << 10;
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(5), ~0ull, "a branch on the bit");
	}
}

/* A fault between two instructions that make all flags finds a state from which the guest goes on with the right ones. */
Test(flags, faults)
{
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_SUBF, 3, 1, 2, 3), FAKE_OP(FAKE_LD, 6, 7, 3, 0),
		  FAKE_OP(FAKE_PUSHF, 5, 0, 0, 0), FAKE_STOP);
	FAKE_LOAD(t, 1, 0, FAKE_OP(FAKE_PUSHF, 5, 0, 0, 0), FAKE_STOP);
	for (uint32_t n = 0; n < NUMBERS * NUMBERS; n++) {
		uint64_t a = numbers[n % NUMBERS], b = numbers[n / NUMBERS], r;

		R(1) = a;
		R(2) = b;
		R(5) = 0;
		R(7) = n & 1 ? DATA : 0x40000;
		uint32_t faults = fake_of(X)->faults;

		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(fake_of(X)->faults - faults, !(n & 1));
		cr_assert_eq(R(5), expected(FAKE_SUBF, 64, a, b, 0, &r));
	}
}

/* The same, where an FP op faults, and the flags are overwritten once they have been read. */
Test(flags, fp_faults)
{
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_SUBF, 3, 1, 2, 3), FAKE_OP(FAKE_DIVW, 0, 0, 1, 0),
		  FAKE_OP(FAKE_PUSHF, 5, 0, 0, 0), FAKE_OP(FAKE_ADDF, 4, 1, 2, 3), FAKE_STOP);
	FAKE_LOAD(t, 1, 0, FAKE_OP(FAKE_PUSHF, 5, 0, 0, 0), FAKE_STOP);
	for (uint32_t n = 0; n < NUMBERS * NUMBERS; n++) {
		uint64_t a = numbers[n % NUMBERS], b = numbers[n / NUMBERS], r;
		const double by = n & 1;

		R(1) = a;
		R(2) = b;
		R(5) = 0;
		fake_of(X)->wide[0] = (union vr_v256){.f64 = {1, 1, 1, 1}};
		fake_of(X)->wide[1] = (union vr_v256){.f64 = {1, by, 1, 1}};
		uint32_t faults = fake_of(X)->faults;

		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(fake_of(X)->faults - faults, !(n & 1));
		cr_assert_eq(R(5), expected(FAKE_SUBF, 64, a, b, 0, &r));
	}
}

Test(flags, six_arguments)
{
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 1, 1, 0, 1), FAKE_OP(FAKE_ADDI, 6, 6, 0, 2),
		  FAKE_OP(FAKE_SIXSUM, 7, 0, 0, 0), FAKE_OP(FAKE_ADD, 8, 7, 6, 0), FAKE_STOP);
	for (uint64_t n = 0; n < 100; n++) {
		uint64_t want = 0;
		static const uint32_t factor[] = {0, 1, 3, 5, 7, 11, 13};

		for (uint32_t k = 1; k < 7; k++) {
			R(k) = numbers[(n + k * k) % NUMBERS];
			want += factor[k] * (R(k) + (k == 1 ? 1 : k == 6 ? 2 : 0));
		}
		uint64_t sixth = R(6) + 2;

		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(7), want);
		cr_assert_eq(R(8), want + sixth);
	}
}
