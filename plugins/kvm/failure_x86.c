/* SPDX-License-Identifier: MIT */
/*
 * failure_x86.c: an instruction that KVM had to emulate and could not (KVM API 7.30).
 *
 * That happens with device memory touched by unusual instructions, and all the time where the processor below
 * does not virtualise and KVM runs kernel mode in its emulator. A plugin that offers vmrun.assist/1 may
 * execute the instruction on the canonical state. Three kinds are handled here, since KVM's emulator does not
 * know them: UD2 and its like exist to raise #UD, INT3 to raise #BP, and FWAIT does nothing but let a pending
 * x87 exception come. Everything else ends the run with the instruction, disassembled, and the state.
 */
#include <Zydis/Zydis.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch_x86.h"

#define CR0_PE 1ull
#define CR0_PG (1ull << 31)
#define RFLAGS_VM (1ull << 17)
#define EFER_LMA (1ull << 10)
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_NM 7
#define VECTOR_MF 16
#define CR0_MP (1ull << 1)
#define CR0_TS (1ull << 3)
#define FSW_ES 0x80u
#define INSN_MAX 15u

/* ---- reports ---------------------------------------------------------------------------------------- */
static const char *mode_of(const struct vr_state_x86 *s)
{
	if (!(s->cr0 & CR0_PE))
		return "real mode";
	if (s->rflags & RFLAGS_VM)
		return "virtual-8086 mode";
	if (!(s->efer & EFER_LMA))
		return s->cr0 & CR0_PG ? "protected mode, paging" : "protected mode";
	return s->segment[VR_X86_CS].attributes & VR_X86_SEG_L ? "64-bit mode" : "compatibility mode";
}

static uint32_t level_of(const struct vr_state_x86 *s)
{
	if (!(s->cr0 & CR0_PE))
		return 0;
	return s->segment[VR_X86_SS].attributes >> VR_X86_SEG_DPL_SHIFT & 3;
}

/* With -v only: an error is one line. */
void kvmp_report_state(struct kvmp_vcpu *v, const struct vr_state_x86 *s)
{
	static const char *const names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
					      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	static const char *const segments[8] = {"es", "cs", "ss", "ds", "fs", "gs", "ldt", "tr"};
	const struct vr_host *h = v->vm->host;

	kvmp_log(h, VR_LOG_INFO, "vCPU %u: %s, CPL %u, rip %016" PRIx64 ", rflags %" PRIx64, v->index,
		 mode_of(s), level_of(s), s->rip, s->rflags);
	for (uint32_t i = 0; i < 16; i += 4)
		kvmp_log(h, VR_LOG_INFO,
			 "  %-3s %016" PRIx64 "  %-3s %016" PRIx64 "  %-3s %016" PRIx64 "  %-3s %016" PRIx64,
			 names[i], s->gpr[i], names[i + 1], s->gpr[i + 1], names[i + 2], s->gpr[i + 2],
			 names[i + 3], s->gpr[i + 3]);
	for (uint32_t i = 0; i < 8; i++)
		kvmp_log(h, VR_LOG_INFO, "  %-3s %04x base %016" PRIx64 " limit %08x attributes %05x",
			 segments[i], s->segment[i].selector, s->segment[i].base, s->segment[i].limit,
			 s->segment[i].attributes);
	kvmp_log(h, VR_LOG_INFO,
		 "  cr0 %" PRIx64 " cr2 %" PRIx64 " cr3 %" PRIx64 " cr4 %" PRIx64 " cr8 %" PRIx64
		 " efer %" PRIx64,
		 s->cr0, s->cr2, s->cr3, s->cr4, s->cr8, s->efer);
	kvmp_log(h, VR_LOG_INFO,
		 "  gdt %" PRIx64 "+%x idt %" PRIx64 "+%x dr6 %" PRIx64 " dr7 %" PRIx64 " events %x",
		 s->gdt.base, s->gdt.limit, s->idt.base, s->idt.limit, s->dr6, s->dr7, s->events.flags);
}

/* ---- the instruction ---------------------------------------------------------------------------------- */
/* The bytes from the exit, or from guest memory. Returns how many. */
static uint32_t fetch(const struct kvmp_vcpu *v, const struct vr_state_x86 *s, uint8_t insn[16])
{
	const struct kvm_run *r = v->run;
	const struct vr_host_memory *memory = v->vm->host->query(v->vm->host, VR_MEMORY_ID);
	uint64_t linear = s->rip;
	uint32_t n = 0;

	if (r->internal.ndata >= 4 &&
	    r->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) {
		n = r->emulation_failure.insn_size;
		if (n > INSN_MAX)
			n = INSN_MAX;
		memcpy(insn, r->emulation_failure.insn_bytes, n);
	}
	if (!(s->efer & EFER_LMA) || !(s->segment[VR_X86_CS].attributes & VR_X86_SEG_L))
		linear = (uint32_t)(linear + s->segment[VR_X86_CS].base);
	while (n < INSN_MAX && VR_HAS(memory, unmap)) {
		struct kvm_translation t = {.linear_address = linear + n};
		struct vr_mapping m = {.size = sizeof(m)};

		if (kvmp_ioctl(v->fd, KVM_TRANSLATE, &t) < 0 || !t.valid)
			break;
		if (memory->map(v->vm->host, t.physical_address, 1, VR_MAP_READ, &m) < 0)
			break;
		insn[n++] = *m.bytes;
		memory->unmap(v->vm->host, &m, 0, 0);
	}
	return n;
}

struct decoded {
	bool ok;
	ZydisDecodedInstruction insn;
	char text[128];
};

static void decode(const struct vr_state_x86 *s, const uint8_t *bytes, uint32_t n, struct decoded *d)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	uint32_t cs = s->segment[VR_X86_CS].attributes;
	ZydisMachineMode mode = ZYDIS_MACHINE_MODE_REAL_16;
	ZydisStackWidth width = ZYDIS_STACK_WIDTH_16;
	ZydisDecoder decoder;
	ZydisFormatter f;

	d->ok = false;
	if ((s->efer & EFER_LMA) && (cs & VR_X86_SEG_L)) {
		mode = ZYDIS_MACHINE_MODE_LONG_64;
		width = ZYDIS_STACK_WIDTH_64;
	} else if ((s->cr0 & CR0_PE) && !(s->rflags & RFLAGS_VM)) {
		mode = cs & VR_X86_SEG_DB ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16;
		width = cs & VR_X86_SEG_DB ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16;
	}
	if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, mode, width)) ||
	    !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, n, &d->insn, operands)))
		return;
	d->ok = true;
	if (!ZYAN_SUCCESS(ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL)) ||
	    !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&f, &d->insn, operands,
							  d->insn.operand_count_visible, d->text,
							  sizeof(d->text), s->rip, NULL)))
		strcpy(d->text, ZydisMnemonicGetString(d->insn.mnemonic));
}

/* ---- going on -------------------------------------------------------------------------------- */
static int32_t assist(struct kvmp_vcpu *v, struct vr_state_x86 *s, const uint8_t *insn, uint32_t n)
{
	struct vr_assist_request rq = {
		.size = sizeof(rq),
		.vcpu = v->index,
		.arch = KVMP_ARCH_X86,
		.state_id = VR_STATE_X86_ID,
		.state = s,
		.state_length = sizeof(*s),
		.insn_length = n,
		.limit = 1,
	};
	int32_t rc;

	memcpy(rq.insn, insn, n);
	rc = v->vm->assist->execute(v->vm->assist_self, &rq);
	if (rc < 0)
		return rc;
	if (!rq.executed || rq.executed > rq.limit)
		return kvmp_error(v->vm->host, VR_E_INVAL,
				  "vCPU %u: the plugin that offers %s executed %u instructions where at most "
				  "%u were asked for",
				  v->index, VR_ASSIST_ID, rq.executed, rq.limit);
	v->n.assisted += rq.executed;
	return kvmp_state_put_back(v, s);
}

/* #UD is a fault: RIP stays. #BP is a trap: RIP is after INT3 (SDM vol. 3 6.5, 6.15). */
static int32_t deliver(struct kvmp_vcpu *v, struct vr_state_x86 *s, uint8_t vector, uint32_t skip)
{
	s->rip += skip;
	s->events.flags = (s->events.flags &
			   ~(VR_X86_EV_ERROR_CODE | VR_X86_EV_PAYLOAD | VR_X86_EV_EXCEPTION_PENDING)) |
			  VR_X86_EV_EXCEPTION_INJECTED;
	s->events.exception_vector = vector;
	s->msr_count = 0;
	return kvmp_state_put_back(v, s);
}

/* SDM vol. 2 WAIT/FWAIT: a fault either way, or nothing. */
static int32_t wait_x87(struct kvmp_vcpu *v, struct vr_state_x86 *s, uint32_t length)
{
	if ((s->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
		return deliver(v, s, VECTOR_NM, 0);
	if (s->xsave[2] & FSW_ES)
		return deliver(v, s, VECTOR_MF, 0);
	s->rip += length;
	s->msr_count = 0;
	return kvmp_state_put_back(v, s);
}

static int32_t report(struct kvmp_vcpu *v, const struct vr_state_x86 *s, const uint8_t *insn, uint32_t n,
		      const struct decoded *d)
{
	uint32_t length = d->ok ? d->insn.length : n;
	char hex[3 * 16 + 1] = "";

	for (uint32_t i = 0; i < length && i < 16; i++)
		snprintf(hex + 3 * i, 4, " %02x", insn[i]);
	kvmp_report_state(v, s);
	return kvmp_error(v->vm->host, VR_E_UNSUPPORTED,
			  "vCPU %u: KVM can't emulate '%s' (bytes%s) at 0x%" PRIx64
			  ", %s, CPL %u, and no installed plugin offers to execute it (%s)" KVMP_STATE_HINT,
			  v->index, d->ok ? d->text : "an unknown instruction", n ? hex : " unreadable",
			  s->rip, mode_of(s), level_of(s), VR_ASSIST_ID);
}

int32_t kvmp_failure_exit(struct kvmp_vcpu *v)
{
	struct vr_state_x86 *s = &v->arch->scratch;
	struct decoded d;
	uint8_t insn[16] = {0};
	uint32_t n;
	int32_t rc = kvmp_state_get(v, s);

	v->n.emulation_failures++;
	if (rc < 0)
		return rc;
	n = fetch(v, s, insn);
	if (v->vm->assist) {
		rc = assist(v, s, insn, n);
		if (rc != VR_E_UNSUPPORTED)
			return rc;
	}
	decode(s, insn, n, &d);
	if (d.ok && (d.insn.mnemonic == ZYDIS_MNEMONIC_UD0 || d.insn.mnemonic == ZYDIS_MNEMONIC_UD1 ||
		     d.insn.mnemonic == ZYDIS_MNEMONIC_UD2))
		return deliver(v, s, VECTOR_UD, 0);
	if (d.ok && d.insn.mnemonic == ZYDIS_MNEMONIC_INT3)
		return deliver(v, s, VECTOR_BP, d.insn.length);
	if (d.ok && d.insn.mnemonic == ZYDIS_MNEMONIC_FWAIT)
		return wait_x87(v, s, d.insn.length);
	return report(v, s, insn, n, &d);
}
