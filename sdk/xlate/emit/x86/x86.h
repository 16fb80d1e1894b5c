/* SPDX-License-Identifier: MIT */
/* x86.h: the emitter for x86-64-v3 hosts. */
#ifndef VR_XLATE_EMIT_X86_H
#define VR_XLATE_EMIT_X86_H

#include <vmrun/emitter.h>

/* Of vmrun.emitter/1. */
extern const struct vr_emit x86_emit;

#endif
