/* SPDX-License-Identifier: MIT */
#include "common/arch.h"

#include <stddef.h>
#include <string.h>

/* core/build.mk asks the compiler for both. */
#ifndef VR_BUILD_ARCH
#define VR_BUILD_ARCH "unknown"
#endif
#ifndef VR_BUILD_OS
#define VR_BUILD_OS "unknown"
#endif

/* Spellings only: what other tools call the same thing -> what manifests and the ABI call it. */
static const struct {
	const char *spelling, *name;
} spellings[] = {
	{"aarch64", "arm64"}, {"armv8", "arm64"}, {"armv8l", "arm64"},  {"amd64", "x86_64"},
	{"x86-64", "x86_64"}, {"x64", "x86_64"},  {"riscv", "riscv64"},
};

const char *vr_arch_canonical(const char *name)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (!strcmp(name, spellings[i].spelling))
			return spellings[i].name;
	}
	return name;
}

const char *vr_arch_host(void)
{
	return vr_arch_canonical(VR_BUILD_ARCH);
}

const char *vr_arch_platform(void)
{
	return VR_BUILD_OS "-" VR_BUILD_ARCH;
}
