/* SPDX-License-Identifier: MIT */
/* fake_isa_refusing.c: programs that are linked with it compile, but for what the emitter refuses: at first, every third
 * op of the IR, so that a program is partly compiled and partly interpreted. */
#include <emit/x86/x86.h>

#include "fake_isa.h"
#include "refusing.h"

struct refusing refusing;
static struct vr_emit emit;
const struct vr_emit *const fake_emit = &emit;

/* The code that every engine needs, which is no guest's. */
static bool engines_own(const struct vr_emit_job *job)
{
	return job->pc_base + job->ir->blocks[0].start == SOFT_RAS_EMPTY;
}

static int32_t VR_CALL region(struct vr_emit_vm *vm, struct vr_emit_job *job)
{
	refusing.calls++;
	if (engines_own(job))
		return x86_emit.region(vm, job);
	if (refusing.no_room) {
		refusing.no_room--;
		return VR_E_NOMEM;
	}
	if (refusing.always) {
		refusing.refusals++;
		return refusing.always;
	}
	for (uint32_t b = 0; b < job->ir->block_count; b++) {
		const struct vr_ir_block *k = &job->ir->blocks[b];

		for (uint32_t i = k->first; i < k->first + k->count; i++) {
			uint32_t op = job->ir->ops[i].op;

			refusing.beyond += op >= emit.ir_ops;
			if (!refusing.op[op])
				continue;
			refusing.refusals++;
			job->refused = op;
			return VR_E_UNSUPPORTED;
		}
	}
	return x86_emit.region(vm, job);
}

/* A stub is always within reach. */
static bool to_own_stub(uint64_t execute, const struct vr_exit_site *x, uint64_t target)
{
	return target == execute + x->stub;
}

static int32_t VR_CALL link_exit(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute,
				 const struct vr_exit_site *x, uint64_t target,
				 struct vr_code_change *changed)
{
	if (refusing.links && !to_own_stub(execute, x, target) && ++refusing.link_calls % refusing.links) {
		refusing.links_refused++;
		return VR_E_RANGE;
	}
	return x86_emit.link(vm, write, execute, x, target, changed);
}

void refusing_set(void)
{
	emit = x86_emit;
	emit.region = region;
	emit.link = link_exit;
	if (refusing.memory_orders)
		emit.memory_orders = refusing.memory_orders;
	if (refusing.ir_ops)
		emit.ir_ops = refusing.ir_ops;
}

__attribute__((constructor)) static void at_first(void)
{
	for (uint32_t op = VR_IR_PUT + 1; op < VR_IR_GOTO; op += 3)
		refusing.op[op] = 1;
	refusing_set();
}
