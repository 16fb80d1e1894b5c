/* SPDX-License-Identifier: MIT */
/*
 * disasm.h: machine code as text.
 *
 * The libraries that do it (libLLVM, of which any version from 14 on is taken; Zydis for x86) are opened only
 * when a disassembler is asked for: nothing else in vmrun needs them, and opening libLLVM takes 30 ms.
 * Without them a disassembler gives the bytes as numbers.
 */
#ifndef UTIL_DISASM_H
#define UTIL_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disasm;

/* A library's way to do it. */
struct disasm_kind {
	/* An object for the target, or NULL and what is missing, as a whole sentence, in why[]. */
	void *(*open)(const char *triple, const char *features, char *why, size_t why_size);
	void (*close)(void *object);
	/* The bytes of the first instruction, 0: they are none. */
	uint32_t (*one)(void *object, uint64_t address, const uint8_t *code, uint32_t length, char *text,
			uint32_t capacity);
};
extern const struct disasm_kind disasm_llvm, disasm_zydis;

/* NULL: no memory. *complete: false, and why[] says what to install, when it gives numbers. */
struct disasm *disasm_open(const char *triple, const char *features, bool *complete, char *why,
			   size_t why_size);
void disasm_close(struct disasm *d);
/* As vr_host_debuglog.disassemble. One thread at a time. */
uint32_t disasm_one(struct disasm *d, uint64_t address, const uint8_t *code, uint32_t length, char *text,
		    uint32_t capacity);

#endif
