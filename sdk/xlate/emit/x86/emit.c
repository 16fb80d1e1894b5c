/* SPDX-License-Identifier: MIT */
/* emit.c: the vr_emit table, links. */
#include "lower.h"
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

/* jmp short to the pad. The stub's first instruction is at least two bytes long, at an even address: one store. */
static void VR_CALL kill_entry(uint8_t *write, uint32_t entry)
{
	const uint16_t back = 0xeb | (uint16_t)((uint8_t)(-(ENTRY_PAD + 2))) << 8;
	__atomic_store_n((uint16_t *)(void *)(write + entry), back, __ATOMIC_RELEASE);
}

static int32_t VR_CALL region(struct vr_emit_job *job)
{
	return emit_compile(job, &x86_target, &x86_thunk);
}

static uint32_t VR_CALL pinned_register(uint32_t kind, uint32_t reg)
{
	return ra_pinned_register(&x86_target, kind, reg) & 15;
}

const struct vr_emit x86_emit = {
	.size = sizeof(struct vr_emit),
	.revision = VR_ENGINE_REVISION,
	.arch = "x86_64",
	.integer_regs = PINNED_INTS,
	.vector_regs = PINNED_VECS,
	.scratch_size = sizeof(struct emit_scratch),
	.probe = x86_probe,
	.thunks = thunks,
	.region = region,
	.link = link_exit,
	.set_check = set_check,
	.kill = kill_entry,
	.enter = x86_enter,
	.fp_load = x86_fp_load,
	.fp_save = x86_fp_save,
	.pinned_register = pinned_register,
};
