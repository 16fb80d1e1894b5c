/* SPDX-License-Identifier: MIT */
/* fake_isa_hot.c: programs that are linked with it compile quickly at first, and well what has been entered four times. */
#include <emit/x86/x86.h>

#include "fake_isa.h"

const struct vr_emit *const fake_emit = &x86_emit;

__attribute__((constructor)) static void at_first(void)
{
	fake_hot = "4";
}
