/* SPDX-License-Identifier: MIT */
/*
 * Instructions that CPUID announces can be executed, in user mode: a table of bits (SDM vol. 2, CPUID; AMD
 * APM vol. 3, E.3 and E.4) with one instruction each. What is not announced is skipped. Leaves of features
 * that a machine would have to bring are not announced.
 */
#include "guest.h"

#include "arch.h"

#define DO(name, instruction)                                                                        \
	static void do_##name(void)                                                                  \
	{                                                                                            \
		__asm__ volatile(instruction "\n\tint3" : : : "rax", "rbx", "rcx", "rdx", "memory"); \
	}
#define FEATURES(X)                                                      \
	X(sse2, 1, d, 26, "paddq %%xmm0, %%xmm1")                        \
	X(sse3, 1, c, 0, "haddps %%xmm0, %%xmm1")                        \
	X(pclmulqdq, 1, c, 1, "pclmulqdq $0, %%xmm0, %%xmm1")            \
	X(ssse3, 1, c, 9, "pshufb %%xmm0, %%xmm1")                       \
	X(fma, 1, c, 12, "vfmadd132ps %%xmm0, %%xmm1, %%xmm2")           \
	X(sse4_1, 1, c, 19, "pmulld %%xmm0, %%xmm1")                     \
	X(sse4_2, 1, c, 20, "crc32b %%al, %%ecx")                        \
	X(movbe, 1, c, 22, "movbe -8(%%rsp), %%rax")                     \
	X(popcnt, 1, c, 23, "popcnt %%rax, %%rcx")                       \
	X(aes, 1, c, 25, "aesenc %%xmm0, %%xmm1")                        \
	X(xsave, 1, c, 26, "xor %%ecx, %%ecx; xgetbv")                   \
	X(avx, 1, c, 28, "vaddps %%ymm0, %%ymm1, %%ymm2")                \
	X(f16c, 1, c, 29, "vcvtph2ps %%xmm0, %%xmm1")                    \
	X(rdrand, 1, c, 30, "rdrand %%rax")                              \
	X(tsc, 1, d, 4, "rdtsc")                                         \
	X(clflush, 1, d, 19, "clflush -8(%%rsp)")                        \
	X(bmi1, 7, b, 3, "andn %%rax, %%rcx, %%rdx")                     \
	X(avx2, 7, b, 5, "vpaddd %%ymm0, %%ymm1, %%ymm2")                \
	X(bmi2, 7, b, 8, "pdep %%rax, %%rcx, %%rdx")                     \
	X(avx512f, 7, b, 16, "vpaddd %%zmm0, %%zmm1, %%zmm2")            \
	X(rdseed, 7, b, 18, "rdseed %%rax")                              \
	X(adx, 7, b, 19, "adcx %%rax, %%rcx")                            \
	X(clflushopt, 7, b, 23, "clflushopt -8(%%rsp)")                  \
	X(clwb, 7, b, 24, "clwb -8(%%rsp)")                              \
	X(sha, 7, b, 29, "sha256msg1 %%xmm0, %%xmm1")                    \
	X(gfni, 7, c, 8, "gf2p8mulb %%xmm0, %%xmm1")                     \
	X(vaes, 7, c, 9, "vaesenc %%ymm0, %%ymm1, %%ymm2")               \
	X(vpclmulqdq, 7, c, 10, "vpclmulqdq $0, %%ymm0, %%ymm1, %%ymm2") \
	X(rdpid, 7, c, 22, "rdpid %%rax")                                \
	X(serialize, 7, d, 14, "serialize")                              \
	X(lahf, 0x80000001, c, 0, "lahf")                                \
	X(lzcnt, 0x80000001, c, 5, "lzcnt %%rax, %%rcx")                 \
	X(sse4a, 0x80000001, c, 6, "movntss %%xmm0, -8(%%rsp)")          \
	X(prefetchw, 0x80000001, c, 8, "prefetchw -8(%%rsp)")            \
	X(rdtscp, 0x80000001, d, 27, "rdtscp")
#define DEFINE(name, leaf, reg, bit, instruction) DO(name, instruction)
FEATURES(DEFINE)

static void try(const char *name, uint32_t offered, uint32_t bit, void (*fn)(void))
{
	if (offered >> bit & 1)
		SAME(name, arch_user(fn), TRAP_BREAKPOINT);
	else
		runtime_skip(name, "CPUID does not offer it");
}

int guest_main(void)
{
	struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0);

	if (one.c >> 26 & 1) {
		__asm__ volatile("mov %%cr4, %%rax; bts $18, %%rax; mov %%rax, %%cr4" : : : "rax");
		__asm__ volatile("xsetbv" : : "c"(0), "a"(cpuid(0xd, 0).a & 0xe7), "d"(0));
	}
#define TRY(name, leaf, reg, bit, instruction) try("cpuid-" #name, cpuid(leaf, 0).reg, bit, do_##name);
	FEATURES(TRY)
	SAME("cpuid-says-that-it-is-virtual", one.c >> 31 & 1, 1);
	SAME("cpuid-no-monitor", one.c >> 3 & 1, 0);
	SAME("cpuid-no-sgx", (seven.b >> 2 & 1) | (seven.c >> 30 & 1), 0);
	/* Its place: APIC id 0 of one package. */
	SAME("cpuid-apic-id", one.b >> 24, 0);
	SAME("cpuid-logical-processors", one.b >> 16 & 0xff, 1);
	if (cpuid(0, 0).a >= 0xb)
		SAME("cpuid-topology", cpuid(0xb, 0).d, 0);
	return 0;
}
