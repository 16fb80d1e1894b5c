/* SPDX-License-Identifier: MIT */
#include "emitters.h"

#include <stddef.h>

#ifdef __x86_64__
#include "short_host.h"
#include "xlate/emit/x86/lower.h"
#include "xlate/emit/x86/x86.h"

/* As on a processor that has none of the optional instructions. */
static void without_options(struct vr_emit_vm *vm)
{
	x86_vm_of(vm)->has = (struct x86_features){0};
}
#endif

const struct test_emitter test_emitters[] = {
#ifdef __x86_64__
	{"x86", &x86_emit, NULL, 0, false},
	{"x86-plain", &x86_emit, without_options, 0, false},
	{"x86-relocated", &x86_emit, NULL, 0, true},
	/* once with thunks within reach of most regions, once far from them */
	{"x86-short", &x86_emit, short_host, SHORT_REGION / 2, false},
	{"x86-far", &x86_emit, short_host, 2 * SHORT_REACH, false},
#endif
	{NULL, NULL, NULL, 0, false},
};
