/* SPDX-License-Identifier: MIT */
/*
 * known_arm64.c: makes known.def: runs each operation of ops.def on edge operands and prints the processor's
 * results.
 *
 *	aarch64-linux-gnu-gcc -O1 -static -o known tests/fp/known_arm64.c
 *	qemu-aarch64 known >tests/fp/known.def
 */
#include <stdint.h>
#include <stdio.h>

struct result {
	uint64_t value, fpsr;
};

#define FPOP(name, assembly, format, call)                                                                  \
	static struct result run_##name(uint64_t fpcr, const uint64_t *v)                                   \
	{                                                                                                   \
		struct result r;                                                                            \
                                                                                                            \
		__asm__ volatile("fmov d1, %[a]\n fmov d2, %[b]\n fmov d3, %[c]\n msr fpcr, %[fpcr]\n msr " \
				 "fpsr, xzr\n" assembly                                                     \
				 "\n mrs %[s], fpsr\n msr fpcr, xzr\n fmov %[d], d0\n"                      \
				 : [d] "=&r"(r.value), [s] "=&r"(r.fpsr)                                    \
				 : [a] "r"(v[0]), [b] "r"(v[1]), [c] "r"(v[2]), [fpcr] "r"(fpcr)            \
				 : "x0", "v0", "v1", "v2", "v3", "cc");                                     \
		return r;                                                                                   \
	}
#include "ops.def"
#undef FPOP

static const struct op {
	const char *name;
	struct result (*run)(uint64_t fpcr, const uint64_t *v);
	int format;
} ops[] = {
#define FPOP(name, assembly, format, call) {#name, run_##name, format},
#include "ops.def"
#undef FPOP
};

static const uint64_t half[] = {0,      0x8000, 1,      0x83ff, 0x0400, 0x3c00, 0xbc00, 0x7bff,
				0xfc00, 0x7c00, 0x7e00, 0xfe01, 0x7c01, 0xfd55, 0x3555, 0x7fff};
static const uint64_t single[] = {0,          0x80000000, 1,          0x807fffff, 0x00800000, 0x80800001,
				  0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f000000, 0x40200000, 0xc0600000,
				  0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc01234,
				  0x7f800001, 0xff923456, 0x4f000000, 0xcf000000, 0x5f800000, 0x477fefff,
				  0x477ff000, 0x387fffff, 0x33000001, 0x1f800000, 0x20000001, 0x00400000,
				  0x00200000, 0x7e800000, 0x40490fdb, 0x3eaaaaab};
static const uint64_t twice[] = {0,
				 0x8000000000000000,
				 1,
				 0x800fffffffffffff,
				 0x0010000000000000,
				 0x8010000000000001,
				 0x3ff0000000000000,
				 0xbff0000000000000,
				 0x3fefffffffffffff,
				 0x3fe0000000000000,
				 0x4004000000000000,
				 0xc00c000000000000,
				 0x7fefffffffffffff,
				 0xffefffffffffffff,
				 0x7ff0000000000000,
				 0xfff0000000000000,
				 0x7ff8000000000000,
				 0xfff8000012345678,
				 0x7ff0000000000001,
				 0xfff4123456789abc,
				 0x41dfffffffc00000,
				 0x41e0000000000000,
				 0xc1e0000000200000,
				 0x43e0000000000000,
				 0x43f0000000000000,
				 0x47efffffefffffff,
				 0x380fffffffffffff,
				 0x36a0000000000000,
				 0x40effdffffffffff,
				 0x3e60000000000001,
				 0x1ff0000000000000,
				 0x2000000000000001,
				 0x0008000000000000,
				 0x400921fb54442d18,
				 0x3fd5555555555555};
static const uint64_t integer[] = {0,
				   1,
				   0xffffffff,
				   0x7fffffff,
				   0x80000000,
				   0xffffffffffffffff,
				   0x7fffffffffffffff,
				   0x8000000000000000,
				   0x1000001,
				   0x20000000000001,
				   0x7fffff4000000001,
				   0xffffffffffffff7f};

static uint64_t state = 88172645463325252;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1d;
}

#define PICK(list) (list)[next() % (sizeof(list) / sizeof((list)[0]))]

static uint64_t operand(int format)
{
	switch (format) {
	case 0:
		return next() % 3 ? PICK(integer) : next() >> next() % 64;
	case 1:
		return PICK(half);
	case 2:
		return next() % 4 ? PICK(single) : (next() & 0x807fffff) | (110 + next() % 34) << 23;
	case 3:
		return next() % 4 ? PICK(twice) : (next() & 0x800fffffffffffff) | (1000 + next() % 46) << 52;
	default:
		return PICK(single) | PICK(single) << 32;
	}
}

int main(void)
{
	/* rounding modes, FZ, DN, AHP */
	static const uint64_t modes[] = {0, 0, 1 << 22, 2 << 22, 3 << 22, 1 << 24, 1 << 25, 1 << 26, 7 << 24};

	printf("/* SPDX-License-Identifier: MIT */\n"
	       "/* known.def: KNOWN(op, fpcr, a, b, c, result, fpsr), made by known_arm64.c. */\n");
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		for (unsigned k = 0; k < 14; k++) {
			uint64_t fpcr = PICK(modes), v[3];

			for (unsigned j = 0; j < 3; j++)
				v[j] = operand(ops[i].format);
			struct result r = ops[i].run(fpcr, v);

			printf("KNOWN(%s, 0x%07llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx)\n", ops[i].name,
			       (unsigned long long)fpcr, (unsigned long long)v[0], (unsigned long long)v[1],
			       (unsigned long long)v[2], (unsigned long long)r.value,
			       (unsigned long long)r.fpsr);
		}
	return 0;
}
