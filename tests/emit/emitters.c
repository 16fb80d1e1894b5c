/* SPDX-License-Identifier: MIT */
#include "emitters.h"

#include <stddef.h>

#ifdef __x86_64__
#include "xlate/emit/x86/lower.h"
#include "xlate/emit/x86/x86.h"

/* As on a processor that has none of the optional instructions. */
static void without_options(void)
{
	x86_has = (struct x86_features){.checked = 1};
}

static void with_options(void)
{
	x86_has.checked = 0;
	x86_find_features();
}
#endif

const struct test_emitter test_emitters[] = {
#ifdef __x86_64__
	{"x86", &x86_emit, with_options},
	{"x86-plain", &x86_emit, without_options},
#endif
	{NULL, NULL, NULL},
};
