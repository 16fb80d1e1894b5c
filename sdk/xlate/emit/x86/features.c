/* SPDX-License-Identifier: MIT */
/* features.c: what this processor has: the least that the emitter needs, and what it can do without. */
#include <cpuid.h>
#include <stdio.h>
#include "lower.h"

/* CPUID leaves and bits (SDM vol. 2, CPUID); `x` names the register: a b c d. */
#define REQUIRED(X)                     \
	X("SSE4.2", 1, 0, c, 20)        \
	X("SSSE3", 1, 0, c, 9)          \
	X("POPCNT", 1, 0, c, 23)        \
	X("CMPXCHG16B", 1, 0, c, 13)    \
	X("FMA", 1, 0, c, 12)           \
	X("OSXSAVE", 1, 0, c, 27)       \
	X("AVX", 1, 0, c, 28)           \
	X("BMI1", 7, 0, b, 3)           \
	X("AVX2", 7, 0, b, 5)           \
	X("BMI2", 7, 0, b, 8)           \
	X("LZCNT", 0x80000001, 0, c, 5) \
	X("LAHF in 64-bit mode", 0x80000001, 0, c, 0)

static uint32_t cpu_bit(uint32_t leaf, uint32_t sub, char reg, uint32_t bit)
{
	uint32_t a = 0, b = 0, c = 0, d = 0;
	if (!__get_cpuid_count(leaf, sub, &a, &b, &c, &d))
		return 0;
	return (reg == 'b' ? b : reg == 'c' ? c : reg == 'd' ? d : a) >> bit & 1;
}

struct x86_features x86_find_features(void)
{
	return (struct x86_features){
		.crc32 = (uint8_t)cpu_bit(1, 0, 'c', 20),
		.pclmul = (uint8_t)cpu_bit(1, 0, 'c', 1),
		.aes = (uint8_t)cpu_bit(1, 0, 'c', 25),
		.sha = (uint8_t)cpu_bit(7, 0, 'b', 29),
	};
}

int32_t VR_CALL x86_probe(char *why, uint32_t length)
{
#define X(name, leaf, sub, reg, bit)                                                       \
	if (!cpu_bit(leaf, sub, #reg[0], bit)) {                                           \
		if (why && length)                                                         \
			snprintf(why, length, "the processor lacks %s (x86-64-v3)", name); \
		return VR_E_UNSUPPORTED;                                                   \
	}
	REQUIRED(X)
#undef X
	uint32_t low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	if ((low & 6) != 6) {
		if (why && length)
			snprintf(why, length, "the operating system does not save AVX registers");
		return VR_E_UNSUPPORTED;
	}
	return VR_OK;
}
