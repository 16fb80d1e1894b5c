/* SPDX-License-Identifier: MIT */
/* arch.h: riscv64 on its `virt` board, in S-mode. */
#ifndef VR_MICRO_ARCH_H
#define VR_MICRO_ARCH_H

#define ALIAS 0x100000000 /* memory as user mode sees it: S-mode can't execute a page of U-mode */
#define UART 0x10000000ull
#define PLIC 0x0c000000ull
#define CLINT 0x02000000ull
#define SOURCE_UART 10

#ifndef __ASSEMBLER__
#include <stdint.h>

#define csr_read(name)                                                           \
	({                                                                       \
		uint64_t value_;                                                 \
		__asm__ volatile("csrr %0, " #name : "=r"(value_) : : "memory"); \
		value_;                                                          \
	})
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"((uint64_t)(value)) : "memory")
#define csr_set(name, value) __asm__ volatile("csrs " #name ", %0" : : "r"((uint64_t)(value)) : "memory")
#define csr_clear(name, value) __asm__ volatile("csrc " #name ", %0" : : "r"((uint64_t)(value)) : "memory")

int64_t arch_sbi(uint64_t extension, uint64_t function, uint64_t a, uint64_t b, uint64_t c);
#endif
#endif
