/* SPDX-License-Identifier: MIT */
/* emit.c: the vr_emit table, links. */
#include <stdlib.h>

#include "lower.h"
#include "x86.h"

static int32_t VR_CALL create(const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
			      uint64_t capacity, uint64_t *used, struct vr_emit_vm **out)
{
	struct x86_vm *vm = calloc(1, sizeof(*vm));
	int64_t n = vm ? x86_thunks(&vm->thunks, e, write, execute, capacity) : VR_E_NOMEM;

	if (n < 0) {
		free(vm);
		return (int32_t)n;
	}
	vm->has = x86_find_features();
	vm->target = &x86_target;
	vm->thunks.far = emit_is_far(vm->target, capacity);
	*used = (uint64_t)n;
	*out = (struct vr_emit_vm *)vm;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_emit_vm *vm)
{
	free(x86_vm_of(vm));
}

static int32_t VR_CALL link_exit(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute,
				 const struct vr_exit_site *x, uint64_t target,
				 struct vr_code_change *changed)
{
	return emit_link(x86_vm_of(vm)->target, write, execute, x, target, changed);
}

static void VR_CALL set_check(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute,
			      const struct vr_exit_site *x, uint32_t mapping_id,
			      struct vr_code_change *changed)
{
	(void)vm, (void)execute;
	x86_set_field(write, x->check, mapping_id, changed);
}

/* jmp short to the pad. The stub's first instruction is at least two bytes long, at an even address: one store. */
static void VR_CALL kill_entry(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute, uint32_t entry,
			       struct vr_code_change *changed)
{
	(void)vm;
	const uint16_t back = 0xeb | (uint16_t)((uint8_t)(-(ENTRY_PAD + 2))) << 8;
	(void)execute;
	__atomic_store_n((uint16_t *)(void *)(write + entry), back, __ATOMIC_RELEASE);
	*changed = (struct vr_code_change){entry, entry + 2};
}

static int32_t VR_CALL region(struct vr_emit_vm *vm, struct vr_emit_job *job)
{
	return emit_compile(job, x86_vm_of(vm)->target, &x86_vm_of(vm)->thunks);
}

static uint32_t VR_CALL pinned_register(uint32_t kind, uint32_t reg)
{
	return ra_pinned_register(&x86_target, kind, reg) & 15;
}

const struct vr_emit x86_emit = {
	.size = sizeof(struct vr_emit),
	.revision = VR_ENGINE_REVISION,
	.ir_ops = VR_IR_COUNT,
	/* Plain moves are TSO (SDM vol. 3, 9.2.2). */
	.memory_orders = 1u << VR_ORDER_WEAK | 1u << VR_ORDER_TSO,
	.vector_bytes = 32,
	.arch = "x86_64",
	.integer_regs = PINNED_INTS,
	.vector_regs = PINNED_VECS,
	.scratch_size = sizeof(struct emit_scratch),
	.probe = x86_probe,
	.create = create,
	.destroy = destroy,
	.region = region,
	.link = link_exit,
	.set_check = set_check,
	.kill = kill_entry,
	.enter = x86_enter,
	.fp_load = x86_fp_load,
	.fp_save = x86_fp_save,
	.pinned_register = pinned_register,
	.relocate = x86_relocate,
};
