/* SPDX-License-Identifier: MIT */
/* region.h: the scratch memory of one job. */
#ifndef VR_XLATE_EMIT_X86_REGION_H
#define VR_XLATE_EMIT_X86_REGION_H

#include "em.h"

#define MAX_BLOCKS 4096

struct region_scratch {
	struct em em;
	uint32_t labels[MAX_BLOCKS];
	struct fixup fixups[MAX_FIXUPS];
	struct ool ools[MAX_OOL];
	struct value values[MAX_BLOCK_OPS];
};

int32_t VR_CALL x86_region(struct vr_emit_job *job);
/* vr_emit.kill */
void VR_CALL x86_kill(uint8_t *write, uint32_t at);

#endif
