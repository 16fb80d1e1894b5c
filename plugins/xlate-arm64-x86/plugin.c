/* SPDX-License-Identifier: MIT */
/* plugin.c: xlate-arm64-x86.so: arm64's lifter joined with the x86-64 emitter. */
#include <xlate/emit/x86/x86.h>
#include <xlate/isa/arm64/isa.h>
#include <xlate/plugin_entry.h>

VR_XLATE_PLUGIN("xlate-arm64-x86", a64_isa, x86_emit)
