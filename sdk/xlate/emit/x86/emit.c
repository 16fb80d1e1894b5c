/* SPDX-License-Identifier: MIT */
/* emit.c: the vr_emit table, links. */
#include "em.h"
#include "region.h"
#include "x86.h"

static int64_t VR_CALL thunks(const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
			      uint64_t capacity)
{
	x86_find_features();
	return x86_thunks(e, write, execute, capacity);
}

/* Both fields are 4-byte aligned: one store, seen whole by other processors (SDM vol. 3, 8.1.1 and 8.1.3). */
static void VR_CALL link_exit(uint8_t *write, uint64_t execute, uint32_t jump, uint64_t target)
{
	uint32_t rel = (uint32_t)(target - (execute + jump + 4));
	__atomic_store_n((uint32_t *)(void *)(write + jump), rel, __ATOMIC_RELEASE);
}

static void VR_CALL set_check(uint8_t *write, uint32_t check, uint32_t number)
{
	__atomic_store_n((uint32_t *)(void *)(write + check), number, __ATOMIC_RELEASE);
}

static uint32_t VR_CALL pinned_register(uint32_t kind, uint32_t reg)
{
	return x86_pinned_register(kind, reg) & 15;
}

const struct vr_emit x86_emit = {
	.size = sizeof(struct vr_emit),
	.revision = VR_ENGINE_REVISION,
	.arch = "x86_64",
	.integer_regs = PINNED_INTS,
	.vector_regs = PINNED_VECS,
	.scratch_size = sizeof(struct region_scratch),
	.probe = x86_probe,
	.thunks = thunks,
	.region = x86_region,
	.link = link_exit,
	.set_check = set_check,
	.kill = x86_kill,
	.enter = x86_enter,
	.fp_load = x86_fp_load,
	.fp_save = x86_fp_save,
	.pinned_register = pinned_register,
};
