/* SPDX-License-Identifier: MIT */
/* plugin.c: xlate-riscv64-x86.so: riscv64's lifter joined with the x86-64 emitter. */
#include <xlate/emit/x86/x86.h>
#include <xlate/isa/riscv64/isa.h>
#include <xlate/plugin_entry.h>

VR_XLATE_PLUGIN("xlate-riscv64-x86", rv_isa, x86_emit)
