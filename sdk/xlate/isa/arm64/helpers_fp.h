/* SPDX-License-Identifier: MIT */
/* helpers_fp.h: prototypes of helpers_fp.def. */
#ifndef VR_XLATE_A64_HELPERS_FP_H
#define VR_XLATE_A64_HELPERS_FP_H

#include <vmrun/isa.h>

#undef A64_VHELPER
#define A64_HELPER(name, flags) extern __typeof__(*(vr_helper_fn)0) a64_helper_##name;
#define A64_VHELPER(name, flags) extern __typeof__(*(vr_vhelper_fn)0) a64_helper_##name;
#include "helpers_fp.def"
#undef A64_HELPER
#undef A64_VHELPER

#endif
