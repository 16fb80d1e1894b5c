/* SPDX-License-Identifier: MIT */
/*
 * faulty_translator.c: the riscv64 lifter and the x86 emitter, whose tables pass through here. Some faults
 * show only to one kind of request (max_insns), so that one rule meets them.
 */
#include <xlate/emit/x86/x86.h>
#include <xlate/isa/riscv64/isa.h>
#include <xlate/plugin_entry.h>
#include <vmrun/state_riscv64.h>
#include <fcntl.h>
#include <unistd.h>

#include "faulty.h"

static int32_t VR_CALL faulty_lift(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	static uint32_t turn;
	int32_t rc;

	if (FAULT(lift_crashes) && rq->max_insns > 4 && rq->max_insns < 9 && (rq->code[0] & 0x7f) == 0x5b)
		abort();
	if (FAULT(lift_reads_on) && rq->max_insns == 16)
		turn += ((const volatile uint8_t *)rq->code)[rq->length];
	if (FAULT(lift_opens) && rq->max_insns > 16) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd >= 0)
			close(fd);
	}
	rc = rv_isa.lift(vm, rq, ir);
	if (rc < 0)
		return rc;
	if (FAULT(lifts_other))
		for (uint32_t i = 1; i < ir->op_count; i++)
			if (ir->ops[i].op == VR_IR_MUL)
				ir->ops[i].op = VR_IR_ADD;
	if (FAULT(block_too_long) && rq->max_insns > 1 && rq->max_insns < 9 && ir->block_count)
		ir->blocks[0].insns += 20;
	if (FAULT(lift_impure) && rq->max_insns == 4 && ir->block_count)
		ir->blocks[0].flags |= ++turn << 8;
	if (FAULT(ops_too_many) && rq->max_insns == 16)
		ir->ops[ir->op_capacity] = ir->ops[0];
	return rc;
}

static int32_t VR_CALL faulty_set_state(struct vr_exec *x, const char *id, const void *state, uint32_t length)
{
	struct vr_state_riscv64 copy;

	if (!FAULT(loses_state) || length != sizeof(copy))
		return rv_isa.set_state(x, id, state, length);
	memcpy(&copy, state, length);
	copy.x[7] = 0;
	return rv_isa.set_state(x, id, &copy, length);
}

static int32_t VR_CALL faulty_region(struct vr_emit_vm *vm, struct vr_emit_job *job)
{
	if (FAULT(emits_past) && job->exit_capacity == 16) /* only the validator's */
		((volatile uint8_t *)job->write)[job->capacity] = 0xcc;
	if (FAULT(emits_other))
		for (uint32_t i = 1; i < job->ir->op_count; i++)
			if (job->ir->ops[i].op == VR_IR_XOR)
				job->ir->ops[i].op = VR_IR_OR;
	return x86_emit.region(vm, job);
}

static struct vr_isa isa;
static struct vr_emit emit;
static struct vr_guest_reg guest_regs[256];
static struct vr_helper helpers[256];

static void fill(void)
{
	isa = rv_isa;
	isa.lift = faulty_lift;
	isa.set_state = faulty_set_state;
	memcpy(guest_regs, isa.guest_regs, isa.guest_reg_count * sizeof(guest_regs[0]));
	memcpy(helpers, isa.helpers, isa.helper_count * sizeof(helpers[0]));
	/* of kinds that our own guests have none of */
	isa.state_size = (isa.state_size + 31) & ~31u;
	guest_regs[isa.guest_reg_count++] =
		(struct vr_guest_reg){VR_EXEC_STATE + (uint32_t)isa.state_size, VR_REG_VEC256, "wide"};
	guest_regs[isa.guest_reg_count++] = (struct vr_guest_reg){
		VR_EXEC_STATE + (uint32_t)isa.state_size + 32, VR_REG_CONDITION, "condition"};
	isa.state_size += 64;
	if (FAULT(reg_outside))
		guest_regs[isa.guest_reg_count++] = (struct vr_guest_reg){320, VR_REG_INT, "outside"};
	if (FAULT(helper_hole))
		helpers[isa.helper_count++] = (struct vr_helper){.name = "hole"};
	isa.guest_regs = guest_regs;
	isa.helpers = helpers;
	emit = x86_emit;
	emit.region = faulty_region;
	if (FAULT(emit_hole))
		emit.set_check = NULL;
}

static const void *(VR_CALL *real_query)(struct vr_plugin_self *self, const char *id);

static const void *VR_CALL no_isa(struct vr_plugin_self *self, const char *id)
{
	return strcmp(id, VR_ISA_ID) ? real_query(self, id) : NULL;
}

VR_PLUGIN_MAGIC

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	static struct vr_plugin own;
	int32_t rc;

	fill();
	rc = vr_xlate_create(host, id, "faulty", &isa, &emit, out);
	if (rc < 0 || !FAULT(no_isa_table))
		return rc;
	real_query = (*out)->query;
	own = **out;
	own.query = no_isa;
	*out = &own;
	return rc;
}
