/* SPDX-License-Identifier: MIT */
/* log.c: see log.h. A record is made in memory and handed to the core as a whole. */
#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/codemap.h>

#include "xlate/ir/ir.h"

#define CAN                                                                                                 \
	(1u << VR_DEBUGLOG_INSN | 1u << VR_DEBUGLOG_IR | 1u << VR_DEBUGLOG_IR_OPT | 1u << VR_DEBUGLOG_MMU | \
	 1u << VR_DEBUGLOG_INT | 1u << VR_DEBUGLOG_EXEC)
#define MARKS 16384u
#define TEXT 192u

/* The rest of a struct soft_log. */
struct log {
	struct soft_log shared; /* first */
	const struct vr_host *host;
	const struct vr_isa *isa;
	const struct vr_host_debuglog *table;
	const struct vr_host_codemap *names; /* NULL: not wanted */
	struct vr_disassembler *guest, *code;
	char *ir; /* what the last record about the region's IR held (code_lock) */
};

static struct log *log_of(const struct soft_log *l)
{
	return (struct log *)(uintptr_t)l;
}

/* ---- life ---- */

void soft_log_free(struct soft_log *shared)
{
	if (!shared)
		return;
	free(shared->marks);
	free(log_of(shared)->ir);
	free(shared);
}

static int32_t open_disassemblers(const struct soft_vm *vm, struct log *l)
{
	const uint32_t guest = 1u << VR_DEBUGLOG_INSN | 1u << VR_DEBUGLOG_HOST;
	int32_t rc = VR_OK;

	if (l->shared.items & guest)
		rc = l->table->disassembler(
			l->host, VR_HAS(l->isa, llvm_triple) ? l->isa->llvm_triple : l->isa->arch,
			VR_HAS(l->isa, llvm_features) ? l->isa->llvm_features : "", &l->guest);
	if (rc == VR_OK && (l->shared.items >> VR_DEBUGLOG_HOST & 1))
		rc = l->table->disassembler(l->host, vm->emit->arch, "", &l->code);
	return rc;
}

int32_t soft_log_new(const struct soft_vm *vm, struct soft_log **out)
{
	const struct vr_host_debuglog *table = vm->host->query(vm->host, VR_DEBUGLOG_ID);
	const struct vr_host_codemap *names = vm->host->query(vm->host, VR_CODEMAP_ID);
	struct log l = {.host = vm->host, .isa = vm->isa}, *made;
	int32_t rc = VR_OK;

	*out = NULL;
	/* The interpreter has no host code. */
	if (VR_HAS(table, disassemble))
		l.shared.items = table->items(vm->host, CAN | (vm->emit ? 1u << VR_DEBUGLOG_HOST : 0));
	if (vm->emit && VR_HAS(names, add) && names->wanted(vm->host))
		l.names = names;
	if (!l.shared.items && !l.names)
		return VR_OK;
	l.table = table;
	if (l.shared.items)
		rc = open_disassemblers(vm, &l);
	if (rc < 0)
		return rc;
	if (l.shared.items >> VR_DEBUGLOG_HOST & 1) {
		l.shared.marks = calloc(MARKS, sizeof(*l.shared.marks));
		l.shared.mark_capacity = MARKS;
	}
	made = malloc(sizeof(*made));
	if (!made || (l.shared.mark_capacity && !l.shared.marks)) {
		free(l.shared.marks);
		free(made);
		return VR_E_NOMEM;
	}
	*made = l;
	*out = &made->shared;
	return VR_OK;
}

static bool on(const struct log *l, uint32_t item)
{
	return l->shared.items >> item & 1;
}

static bool wanted(const struct log *l, uint32_t item, uint64_t at)
{
	return on(l, item) && l->table->wanted(l->host, item, at, at);
}

/* ---- records ---- */

struct record {
	FILE *out;
	char *text;
	size_t size;
};

static bool begin(struct record *r)
{
	*r = (struct record){0};
	r->out = open_memstream(&r->text, &r->size);
	return r->out != NULL;
}

/* The text, which the caller frees; NULL: there is none. */
static char *end(struct record *r)
{
	if (fclose(r->out) == 0 && r->text && r->text[0])
		return r->text;
	free(r->text);
	return NULL;
}

static void write_record(const struct log *l, uint32_t item, struct record *r)
{
	char *text = end(r);

	if (text)
		l->table->write(l->host, item, text);
	free(text);
}

/* ---- guest instructions ---- */

/* The bytes of [pc, pc + length) in the pages. */
static void fetch(const struct soft_itlb_entry *page, const struct soft_itlb_entry *next, uint64_t pc,
		  uint8_t *to, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		uint64_t at = pc + i - page->va_page;

		to[i] = at < SOFT_PAGE ? page->host[at] : next ? next->host[at - SOFT_PAGE] : 0;
	}
}

static void print_bytes(FILE *out, const uint8_t *code, uint32_t length)
{
	/* An instruction of 2 or 4 bytes is a word: that is how the manuals print it. */
	if (length == 2 || length == 4)
		for (uint32_t i = length; i-- > 0;)
			fprintf(out, "%02x", code[i]);
	else
		for (uint32_t i = 0; i < length; i++)
			fprintf(out, "%s%02x", i ? " " : "", code[i]);
}

static void print_insn(const struct log *l, FILE *out, const struct soft_itlb_entry *page,
		       const struct soft_itlb_entry *next, uint64_t pc, uint64_t end_pc)
{
	uint32_t length = end_pc - pc < SOFT_TAIL_MAX ? (uint32_t)(end_pc - pc) : SOFT_TAIL_MAX;
	uint8_t code[SOFT_TAIL_MAX];
	char text[TEXT] = "";

	fetch(page, next, pc, code, length);
	l->table->disassemble(l->host, l->guest, pc, code, length, text, sizeof(text));
	fprintf(out, "0x%" PRIx64 "  ", pc);
	print_bytes(out, code, length);
	fprintf(out, "  %s\n", text);
}

/* The place where the instruction of INSN op i of block b ends. */
static uint64_t insn_end(const struct vr_ir *ir, const struct vr_ir_block *b, uint32_t i)
{
	for (uint32_t k = i + 1; k < b->first + b->count; k++)
		if (ir->ops[k].op == VR_IR_INSN_START)
			return ir->ops[k].imm;
	return b->end;
}

static void log_insns(const struct log *l, const struct vr_ir *ir, const struct soft_itlb_entry *page,
		      const struct soft_itlb_entry *next)
{
	struct record r;

	if (!begin(&r))
		return;
	for (uint32_t n = 0; n < ir->block_count; n++) {
		const struct vr_ir_block *b = &ir->blocks[n];

		for (uint32_t i = b->first; i < b->first + b->count; i++)
			if (ir->ops[i].op == VR_IR_INSN_START &&
			    wanted(l, VR_DEBUGLOG_INSN, page->va_page + ir->ops[i].imm))
				print_insn(l, r.out, page, next, page->va_page + ir->ops[i].imm,
					   page->va_page + insn_end(ir, b, i));
	}
	write_record(l, VR_DEBUGLOG_INSN, &r);
}

/* ---- IR ---- */

struct choice {
	const struct log *log;
	uint32_t item;
};

static bool is_wanted(void *opaque, uint64_t pc)
{
	const struct choice *c = opaque;

	return wanted(c->log, c->item, pc);
}

static char *ir_text(const struct log *l, uint32_t item, const struct vr_ir *ir, uint64_t pc_base)
{
	struct choice c = {l, item};
	struct record r;

	if (!begin(&r))
		return NULL;
	vr_ir_print_some(r.out, ir, l->isa, pc_base, is_wanted, &c);
	return end(&r);
}

static void log_ir(const struct log *l, uint32_t item, const char *after, const char *ir)
{
	struct record r;

	if (!ir || !begin(&r))
		return;
	fprintf(r.out, "%s\n%s", after, ir);
	write_record(l, item, &r);
}

void soft_log_lifted(const struct soft_vm *vm, const struct vr_ir *ir, const struct soft_itlb_entry *page,
		     const struct soft_itlb_entry *next)
{
	struct log *l = log_of(vm->log);

	l->shared.pc_base = page->va_page;
	if (on(l, VR_DEBUGLOG_INSN))
		log_insns(l, ir, page, next);
	if (on(l, VR_DEBUGLOG_IR)) {
		char *text = ir_text(l, VR_DEBUGLOG_IR, ir, page->va_page);

		log_ir(l, VR_DEBUGLOG_IR, "as lifted", text);
		free(text);
	}
	if (on(l, VR_DEBUGLOG_IR_OPT)) {
		free(l->ir);
		l->ir = ir_text(l, VR_DEBUGLOG_IR_OPT, ir, page->va_page);
	}
}

void soft_log_pass(struct soft_log *shared, const char *pass, const struct vr_ir *ir)
{
	struct log *l = log_of(shared);
	char after[TEXT], *now;

	if (!on(l, VR_DEBUGLOG_IR_OPT))
		return;
	now = ir_text(l, VR_DEBUGLOG_IR_OPT, ir, shared->pc_base);
	if (!now && !l->ir)
		return;
	snprintf(after, sizeof(after), "after %s%s", pass,
		 now && l->ir && !strcmp(now, l->ir) ? ": no change" : "");
	log_ir(l, VR_DEBUGLOG_IR_OPT, after, now && l->ir && !strcmp(now, l->ir) ? "" : now ? now : "");
	free(l->ir);
	l->ir = now;
}

/* ---- host code ---- */

static const char *const mark_names[] = {[VR_MARK_INSN] = "",
					 [VR_MARK_SLOW] = " (slow path)",
					 [VR_MARK_ENTRY] = " (entry)",
					 [VR_MARK_DATA] = " (data)"};

static void print_code(const struct log *l, FILE *out, const struct vr_emit_job *job, uint32_t from,
		       uint32_t to, bool data)
{
	char before[TEXT] = "", text[TEXT];
	uint32_t repeated = 0;

	while (from < to) {
		const uint8_t *code = job->write + from;
		uint32_t n = to - from;

		if (data)
			snprintf(text, sizeof(text), "data");
		else
			n = l->table->disassemble(l->host, l->code, job->execute + from, code, n, text,
						  sizeof(text));
		/* Padding. */
		if (n == 1 && !strcmp(text, before)) {
			repeated++;
		} else {
			if (repeated)
				fprintf(out, "    (%u times more)\n", repeated);
			repeated = 0;
			fprintf(out, "    %" PRIx64 "  %-40s ;", job->execute + from, text);
			for (uint32_t i = 0; i < n; i++)
				fprintf(out, " %02x", code[i]);
			fputc('\n', out);
		}
		memcpy(before, text, sizeof(before));
		from += n;
	}
	if (repeated)
		fprintf(out, "    (%u times more)\n", repeated);
}

static void log_code(const struct log *l, const struct vr_emit_job *job)
{
	const struct vr_code_mark *m = job->marks;
	struct record r;

	if (!begin(&r))
		return;
	for (uint32_t i = 0; i < job->mark_count; i++) {
		uint32_t to = i + 1 < job->mark_count ? m[i + 1].offset : job->code_size;

		uint64_t pc = job->pc_base + m[i].place;

		if (!wanted(l, VR_DEBUGLOG_HOST, pc) || (to == m[i].offset && m[i].kind != VR_MARK_INSN))
			continue;
		fprintf(r.out, "0x%" PRIx64 "%s%s\n", pc,
			m[i].kind <= VR_MARK_DATA ? mark_names[m[i].kind] : " (?)",
			to == m[i].offset ? ": no code of its own" : "");
		print_code(l, r.out, job, m[i].offset, to, m[i].kind == VR_MARK_DATA);
	}
	write_record(l, VR_DEBUGLOG_HOST, &r);
}

void soft_log_named(const struct soft_vm *vm, uint64_t offset, uint64_t length, const char *name)
{
	const struct log *l = log_of(vm->log);

	if (l->names)
		l->names->add(l->host, (uint64_t)(uintptr_t)vm->code.execute + offset,
			      vm->code.write + offset, length, name);
}

static void named_by_pc(const struct soft_vm *vm, uint64_t offset, uint64_t length, uint64_t pc)
{
	char name[64];

	snprintf(name, sizeof(name), "%s:0x%" PRIx64, vm->isa->arch, pc);
	soft_log_named(vm, offset, length, name);
}

void soft_log_emitted(const struct soft_vm *vm, const struct vr_emit_job *job, uint64_t offset)
{
	const struct log *l = log_of(vm->log);

	if (job->marks)
		log_code(l, job);
	named_by_pc(vm, offset, job->code_size, job->pc_base + job->ir->blocks[0].start);
}

void soft_log_copied(const struct soft_vm *vm, const struct soft_region *g, uint64_t pc)
{
	named_by_pc(vm, g->code_offset, g->code_size, pc);
}

/* ---- running ---- */

bool soft_log_alone(const struct soft_vm *vm, uint64_t pc)
{
	return vm->log && wanted(log_of(vm->log), VR_DEBUGLOG_EXEC, pc);
}

void soft_log_exec(const struct soft_vcpu *v, const struct soft_entry *e, const char *how)
{
	const struct log *l = log_of(v->vm->log);
	char text[TEXT];

	if (!wanted(l, VR_DEBUGLOG_EXEC, e->pc))
		return;
	if (v->vm->emit)
		snprintf(text, sizeof(text), "cpu%u 0x%" PRIx64 " at host %" PRIx64 ", by %s", v->index,
			 e->pc, soft_code_address(v->vm, e->host), how);
	else
		snprintf(text, sizeof(text), "cpu%u 0x%" PRIx64 ", by %s", v->index, e->pc, how);
	l->table->write(l->host, VR_DEBUGLOG_EXEC, text);
}

void soft_log_step(const struct soft_vcpu *v, const struct vr_ir *ir, const struct soft_itlb_entry *page,
		   const struct soft_itlb_entry *next)
{
	const struct log *l = log_of(v->vm->log);
	uint64_t pc = v->x->pc;
	char text[TEXT], *lifted;

	if (wanted(l, VR_DEBUGLOG_EXEC, pc)) {
		snprintf(text, sizeof(text), "cpu%u 0x%" PRIx64 ", by a step", v->index, pc);
		l->table->write(l->host, VR_DEBUGLOG_EXEC, text);
	}
	if (on(l, VR_DEBUGLOG_INSN))
		log_insns(l, ir, page, next);
	if (on(l, VR_DEBUGLOG_IR)) {
		lifted = ir_text(l, VR_DEBUGLOG_IR, ir, page->va_page);
		log_ir(l, VR_DEBUGLOG_IR, "to be stepped", lifted);
		free(lifted);
	}
}

static void rights_text(uint32_t rights, char text[4])
{
	for (uint32_t i = 0; i < 3; i++)
		text[i] = rights >> i & 1 ? "rwx"[i] : '-';
	text[3] = '\0';
}

void soft_log_fill(const struct soft_vcpu *v, const char *which, uint64_t va, uint64_t physical,
		   const struct vr_translation *t, uint32_t rights)
{
	const struct log *l = log_of(v->vm->log);
	uint64_t page = va & SOFT_PAGE_MASK;
	char text[TEXT], own[4], user[4];

	if (!l->table->wanted(l->host, VR_DEBUGLOG_MMU, page, page + (SOFT_PAGE - 1)))
		return;
	rights_text(rights, own);
	rights_text(t->user_rights, user);
	snprintf(text, sizeof(text),
		 "cpu%u %s fill 0x%" PRIx64 " -> 0x%" PRIx64 " %s user %s%s, mapping of 0x%" PRIx64
		 ", asid 0x%" PRIx64 ", mode 0x%" PRIx64,
		 v->index, which, page, physical & SOFT_PAGE_MASK, own, user, t->global ? " global" : "",
		 t->page_size, v->x->asid, v->x->mode_flags);
	l->table->write(l->host, VR_DEBUGLOG_MMU, text);
}

void soft_log_fault(const struct soft_vcpu *v, uint64_t va, uint32_t access, int32_t fault)
{
	static const char *const accesses[] = {
		[VR_ACCESS_READ] = "read", [VR_ACCESS_WRITE] = "write", [VR_ACCESS_EXECUTE] = "fetch"};
	const struct log *l = log_of(v->vm->log);
	char text[TEXT], number[32];

	if (!wanted(l, VR_DEBUGLOG_MMU, va))
		return;
	snprintf(number, sizeof(number), "fault 0x%x", (unsigned)fault);
	snprintf(text, sizeof(text), "cpu%u %s 0x%" PRIx64 " faults at pc 0x%" PRIx64 ": %s", v->index,
		 accesses[access], va, v->x->pc,
		 fault == VR_FAULT_BUS     ? "no memory or device there"
		 : fault == VR_FAULT_ALIGN ? "not aligned"
		 : fault == VR_FAULT_DEBUG ? "debug point"
					   : number);
	l->table->write(l->host, VR_DEBUGLOG_MMU, text);
}

void soft_log_exception(struct vr_exec *x, uint64_t from, uint64_t to, const char *what)
{
	const struct soft_vcpu *v = soft_of(x);
	const struct log *l = log_of(v->vm->log);
	char text[TEXT];

	if (!wanted(l, VR_DEBUGLOG_INT, from))
		return;
	snprintf(text, sizeof(text), "cpu%u 0x%" PRIx64 " -> 0x%" PRIx64 " %s", v->index, from, to, what);
	l->table->write(l->host, VR_DEBUGLOG_INT, text);
}
