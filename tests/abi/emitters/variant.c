/* SPDX-License-Identifier: MIT */
/*
 * variant.c: the teaching machine's translator, joined with an emitter that this engine can't use. VARIANT says why:
 *
 *   REVISION  made for the next revision of the engine: what comes after the frozen head is not what it looks like
 *   SHORT     its table ends in the head
 *   HOLE      it has no region()
 *   REFUSES   the processor can't run its code, as it says when the engine asks
 *
 * None of its functions but probe() may be called. VARIANT_ID: the plugin's id.
 */
#include <stdlib.h>

#include <xlate/plugin_entry.h>
#undef VR_XLATE_PLUGIN
#define VR_XLATE_PLUGIN(own, isa, emit) VR_XLATE_PLUGIN_OF(VARIANT_ID, &(isa), &(emit))
#define x86_emit unusable_emit
#include "xlate-teach.c"

#define REVISION 1
#define SHORT 2
#define HOLE 3
#define REFUSES 4

static int32_t VR_CALL probe(char *why, uint32_t length)
{
	if (VARIANT != REFUSES)
		return VR_OK;
	snprintf(why, length, "no such units");
	return VR_E_UNSUPPORTED;
}

static void never(void)
{
	abort();
}
#define NEVER(type) ((__typeof__(((struct vr_emit *)0)->type))never)

const struct vr_emit unusable_emit = {
	.size = VARIANT == SHORT ? 8 : sizeof(unusable_emit),
	.revision = VR_ENGINE_REVISION + (VARIANT == REVISION),
	.arch = "x86_64",
	.probe = probe,
	.create = NEVER(create),
	.destroy = NEVER(destroy),
	.region = VARIANT == HOLE ? NULL : NEVER(region),
	.link = NEVER(link),
	.set_check = NEVER(set_check),
	.kill = NEVER(kill),
	.enter = NEVER(enter),
	.fp_load = NEVER(fp_load),
	.fp_save = NEVER(fp_save),
	.pinned_register = NEVER(pinned_register),
	.memory_orders = 3,
};
