/* SPDX-License-Identifier: MIT */
/*
 * disasm_llvm.c: any target of libLLVM, by the C interface to its disassembler (llvm-c/Disassembler.h). That
 * interface is stable, so the few functions are declared here, no header is needed, and whichever version is
 * installed is taken, the newest first.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/disasm.h"

#define NEWEST 21
#define OLDEST 14
#define ADVISED "libllvm14 (Debian 12) or libllvm19 (Debian 13)"

#define PRINT_IMM_HEX 2u /* LLVMDisassembler_Option_PrintImmHex */

/* What begins a target's triple, and what LLVM's functions for the target are called by. */
static const struct {
	const char *triple, *name;
} targets[] = {{"aarch64", "AArch64"}, {"riscv", "RISCV"}, {"x86_64", "X86"}};

struct llvm {
	void *library, *context;
	void *(*create)(const char *triple, const char *cpu, const char *features, void *info, int tag,
			void *op_info, void *symbol);
	int (*options)(void *context, uint64_t options);
	size_t (*instruction)(void *context, uint8_t *bytes, uint64_t size, uint64_t pc, char *out,
			      size_t out_size);
	void (*dispose)(void *context);
};

static void *symbol(void *library, const char *format, const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), format, name);
	return dlsym(library, text);
}

static void *open_library(void)
{
	/* Debian's sonames: libLLVM-14.so.1 up to 18, then libLLVM.so.19.1. */
	static const char *const forms[] = {"libLLVM.so.%u.1", "libLLVM-%u.so.1", "libLLVM-%u.so"};

	for (unsigned version = NEWEST; version >= OLDEST; version--)
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			char name[32];
			void *library;

			snprintf(name, sizeof(name), forms[i], version);
			library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
			if (library)
				return library;
		}
	return NULL;
}

/* LLVM registers a target once its three functions have been called. */
static bool begin_target(void *library, const char *triple)
{
	static const char *const parts[] = {"LLVMInitialize%sTargetInfo", "LLVMInitialize%sTargetMC",
					    "LLVMInitialize%sDisassembler"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strncmp(triple, targets[i].triple, strlen(targets[i].triple)) != 0)
			continue;
		for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
			void (*begin)(void) =
				(void (*)(void))(uintptr_t)symbol(library, parts[k], targets[i].name);

			if (!begin)
				return false;
			begin();
		}
		return true;
	}
	return false;
}

static bool find_functions(struct llvm *l)
{
	const struct {
		void *to;
		const char *name;
	} functions[] = {{&l->create, "LLVMCreateDisasmCPUFeatures"},
			 {&l->options, "LLVMSetDisasmOptions"},
			 {&l->instruction, "LLVMDisasmInstruction"},
			 {&l->dispose, "LLVMDisasmDispose"}};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *found = dlsym(l->library, functions[i].name);

		if (!found)
			return false;
		memcpy(functions[i].to, &found, sizeof(found));
	}
	return true;
}

static void *open_llvm(const char *triple, const char *features, char *why, size_t why_size)
{
	struct llvm *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->library = open_library();
	if (!l->library)
		snprintf(why, why_size,
			 "%s code is shown as numbers: libLLVM is not there; install Debian's %s", triple,
			 ADVISED);
	else if (!find_functions(l) || !begin_target(l->library, triple) ||
		 !(l->context = l->create(triple, "", features, NULL, 0, NULL, NULL)))
		snprintf(why, why_size,
			 "%s code is shown as numbers: this libLLVM has no such target; install Debian's %s",
			 triple, ADVISED);
	if (l->context) {
		l->options(l->context, PRINT_IMM_HEX);
		return l;
	}
	/* Never closed once it ran: a second opening would register its options again. */
	free(l);
	return NULL;
}

static void close_llvm(void *object)
{
	const struct llvm *l = object;

	l->dispose(l->context);
	free(object);
}

static uint32_t one(void *object, uint64_t address, const uint8_t *code, uint32_t length, char *text,
		    uint32_t capacity)
{
	const struct llvm *l = object;
	uint8_t bytes[16];
	uint32_t n = length < sizeof(bytes) ? length : sizeof(bytes), to = 0;
	size_t used;

	memcpy(bytes, code, n);
	used = l->instruction(l->context, bytes, n, address, text, capacity);
	/* "\tumulh\tx2, x0, x1": one blank for each tab, none at the start. */
	for (uint32_t i = 0; used && text[i]; i++)
		if (text[i] != '\t' || to)
			text[to++] = (char)(text[i] == '\t' ? ' ' : text[i]);
	if (used)
		text[to] = '\0';
	return (uint32_t)used;
}

const struct disasm_kind disasm_llvm = {open_llvm, close_llvm, one};
