/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: a translator whose emitter refuses the ops that REFUSE in the environment names ("FADD,LOAD"), those of a class
 * ("class:MEM"), every n-th ("every:3"), or all ("every:1"). REFUSE_KNOWS: the emitter knows only so many ops, as one of an
 * earlier revision of the IR; REFUSE_REVISION: the lifter needs that revision. Built once for each guest architecture: REFUSE_ISA is its
 * lifter, REFUSE_ID the plugin's id.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xlate/emit/x86/x86.h>
#include <xlate/ir/ir.h>
#include <xlate/plugin_entry.h>

extern const struct vr_isa REFUSE_ISA;

static uint8_t refused[VR_IR_COUNT];

static int32_t VR_CALL region(struct vr_emit_vm *vm, struct vr_emit_job *job)
{
	/* The engine's own block, for empty return-address stacks. */
	if (job->pc_base + job->ir->blocks[0].start == UINT64_MAX)
		return x86_emit.region(vm, job);
	for (uint32_t b = 0; b < job->ir->block_count; b++) {
		const struct vr_ir_block *k = &job->ir->blocks[b];

		for (uint32_t i = k->first; i < k->first + k->count; i++)
			if (refused[job->ir->ops[i].op]) {
				job->refused = job->ir->ops[i].op;
				return VR_E_UNSUPPORTED;
			}
	}
	return x86_emit.region(vm, job);
}

static int of_class(const char *name, uint32_t op)
{
	static const char *const names[] = {[VR_IRC_PURE] = "PURE",
					    [VR_IRC_EFFECT] = "EFFECT",
					    [VR_IRC_MEM] = "MEM",
					    [VR_IRC_FP] = "FP",
					    [VR_IRC_TERM] = "TERM"};

	return !strcmp(name, names[vr_ir_ops[op].op_class]);
}

static void read_environment(void)
{
	char text[256];
	const char *given = getenv("REFUSE");

	snprintf(text, sizeof(text), "%s", given ? given : "");
	for (char *word = text, *next; word && *word; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = 0;
		for (uint32_t op = 0; op < VR_IR_COUNT; op++)
			if (!strncmp(word, "every:", 6))
				refused[op] |= op % strtoul(word + 6, NULL, 10) == 0;
			else if (!strncmp(word, "class:", 6))
				refused[op] |= (uint8_t)of_class(word + 6, op);
			else
				refused[op] |= !strcmp(word, vr_ir_ops[op].name);
	}
	refused[VR_IR_NOP] = 0;
}

VR_PLUGIN_MAGIC
VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	static struct vr_emit emit;
	static struct vr_isa isa;

	read_environment();
	emit = x86_emit;
	emit.region = region;
	if (getenv("REFUSE_KNOWS"))
		emit.ir_ops = (uint32_t)strtoul(getenv("REFUSE_KNOWS"), NULL, 10);
	isa = REFUSE_ISA;
	if (getenv("REFUSE_REVISION"))
		isa.ir_revision = (uint32_t)strtoul(getenv("REFUSE_REVISION"), NULL, 10);
	return vr_xlate_create(host, id, REFUSE_ID, &isa, &emit, out);
}
