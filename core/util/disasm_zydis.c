/* SPDX-License-Identifier: MIT */
/* disasm_zydis.c: x86-64 by libZydis, the version whose header this was compiled with. */
#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/disasm.h"

struct zydis {
	void *library;
	__typeof__(&ZydisDisassembleIntel) disassemble;
};

static void *open_zydis(const char *triple, const char *features, char *why, size_t why_size)
{
	struct zydis *z = calloc(1, sizeof(*z));

	(void)triple, (void)features;
	if (!z)
		return NULL;
	z->library = dlopen(ZYDIS_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (z->library)
		z->disassemble =
			(__typeof__(z->disassemble))(uintptr_t)dlsym(z->library, "ZydisDisassembleIntel");
	if (z->disassemble)
		return z;
	snprintf(why, why_size,
		 "x86-64 code is shown as numbers: %s is not there; install Debian's libzydis%u.%u",
		 ZYDIS_SONAME, (unsigned)ZYDIS_VERSION_MAJOR(ZYDIS_VERSION),
		 (unsigned)ZYDIS_VERSION_MINOR(ZYDIS_VERSION));
	free(z);
	return NULL;
}

static void close_zydis(void *object)
{
	const struct zydis *z = object;

	dlclose(z->library);
	free(object);
}

static uint32_t one(void *object, uint64_t address, const uint8_t *code, uint32_t length, char *text,
		    uint32_t capacity)
{
	const struct zydis *z = object;
	ZydisDisassembledInstruction insn;

	if (!ZYAN_SUCCESS(z->disassemble(ZYDIS_MACHINE_MODE_LONG_64, address, code, length, &insn)))
		return 0;
	snprintf(text, capacity, "%s", insn.text);
	return insn.info.length;
}

const struct disasm_kind disasm_zydis = {open_zydis, close_zydis, one};
