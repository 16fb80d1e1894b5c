/* SPDX-License-Identifier: MIT */
/* debug_x86.c: x86's debug registers (SDM vol. 3 17.2), #DB and #BP, for debug.c. */
#include <errno.h>
#include <string.h>

#include "arch_x86.h"
#include "bench_x86.h"
#include "debug.h"

#define DB 1u /* exceptions: SDM vol. 3 6.15 */
#define BP 3u
#define REGISTERS 4u
#define DR6_STEP 0x4000u   /* BS */
#define DR6_EVENTS 0xe00fu /* BT, BS, BD, B3..B0 */
#define DR7_FIXED 0x400u

const uint8_t kvmp_arch_break[KVMP_BREAK_BYTES] = {0xcc}; /* INT3 */
const uint32_t kvmp_arch_break_bytes = 1;

/* ---- registers ------------------------------------------------------------------------------------- */

uint32_t kvmp_arch_debug_room(const struct kvmp_vm *vm, const struct kvmp_points *p, uint32_t access)
{
	(void)vm;
	(void)access;
	return p->regs < REGISTERS ? REGISTERS - p->regs : 0;
}

const char *kvmp_arch_debug_refuses(uint32_t access)
{
	return access == VR_STOP_READ
		       ? "x86-64 processors can't tell reads alone; take awatch, which stops at "
			 "reads and writes"
		       : NULL;
}

/* 1, 2, 4 or 8 bytes at a multiple of that. */
uint64_t kvmp_arch_debug_piece(uint64_t address, uint64_t length)
{
	uint64_t n = 8;

	while (n > length || address % n)
		n /= 2;
	return n;
}

/* Enabled for all tasks, what stops, and the length, which is 1, 2, 8 or 4 bytes by rising number. */
static uint64_t dr7_of(uint32_t i, const struct kvmp_debug_register *r)
{
	uint64_t stops = r->access == VR_STOP_EXECUTE ? 0 : r->access == VR_STOP_WRITE ? 1 : 3;
	uint64_t length = r->length == 8 ? 2 : r->length - 1;

	return UINT64_C(2) << (2 * i) | (stops | length << 2) << (16 + 4 * i);
}

void kvmp_arch_debug_fill(const struct kvmp_points *p, bool code, struct kvm_guest_debug *g)
{
	g->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
	g->arch.debugreg[7] = DR7_FIXED;
	for (uint32_t i = 0; i < p->regs; i++) {
		g->arch.debugreg[i] = p->reg[i].address;
		if (code || p->reg[i].access != VR_STOP_EXECUTE)
			g->arch.debugreg[7] |= dr7_of(i, &p->reg[i]);
	}
}

/* ---- exits ----------------------------------------------------------------------------------------- */

int32_t kvmp_arch_debug_event(struct kvmp_vcpu *v, struct kvmp_debug_event *out)
{
	const struct kvm_debug_exit_arch *a = &v->run->debug.arch;
	const struct kvmp_points *p = &v->vm->debug->points;

	*out = (struct kvmp_debug_event){.kind = KVMP_DEBUG_OTHER, .pc = a->pc};
	if (a->exception == BP)
		out->kind = KVMP_DEBUG_BREAK;
	if (a->exception != DB)
		return VR_OK;
	if (a->dr6 & DR6_STEP)
		out->kind = KVMP_DEBUG_STEP;
	/* A register says that its address was met even when it is off. */
	for (uint32_t i = 0; i < p->regs; i++)
		if ((a->dr6 >> i & 1) && (!v->stepping || p->reg[i].access != VR_STOP_EXECUTE)) {
			out->kind = KVMP_DEBUG_REGISTER;
			out->index = i;
			break;
		}
	return VR_OK;
}

int32_t kvmp_arch_debug_reflect(struct kvmp_vcpu *v)
{
	const struct kvm_debug_exit_arch *a = &v->run->debug.arch;
	bool payload = v->vm->arch->exception_payload;
	struct kvm_vcpu_events e = {0};
	struct kvm_debugregs d = {0};

	if (kvmp_ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e) < 0 || kvmp_ioctl(v->fd, KVM_GET_DEBUGREGS, &d) < 0)
		return kvmp_error(v->vm->host, VR_E_IO,
				  "vCPU %u: KVM does not show its events and debug registers, for a debug "
				  "exception of the guest's: %s%s",
				  v->index, strerror(errno), kvmp_remedy(errno));
	e.exception.nr = (__u8)a->exception;
	e.exception.has_error_code = 0;
	e.exception.pending = payload;
	e.exception.injected = !payload;
	e.exception_has_payload = payload && a->exception == DB;
	e.exception_payload = e.exception_has_payload ? a->dr6 & DR6_EVENTS : 0;
	e.flags |= payload ? (__u32)KVM_VCPUEVENT_VALID_PAYLOAD : 0;
	if (a->exception == DB && !payload) {
		d.dr6 |= a->dr6 & DR6_EVENTS;
		if (kvmp_ioctl(v->fd, KVM_SET_DEBUGREGS, &d) < 0)
			return kvmp_error(
				v->vm->host, VR_E_IO,
				"vCPU %u: KVM_SET_DEBUGREGS, for a debug exception of the guest's: %s%s",
				v->index, strerror(errno), kvmp_remedy(errno));
	}
	return kvmp_ioctl(v->fd, KVM_SET_VCPU_EVENTS, &e) < 0
		       ? kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM does not take exception %u: %s%s",
				    v->index, a->exception, strerror(errno), kvmp_remedy(errno))
		       : VR_OK;
}

/* Out of HLT. One that waits for INIT or SIPI goes on waiting. */
int32_t kvmp_arch_debug_wake(struct kvmp_vcpu *v)
{
	struct kvm_mp_state m = {0};

	v->waiting = false;
	if (v->vm->irqchip == VR_IRQCHIP_NONE)
		return VR_OK;
	if (kvmp_ioctl(v->fd, KVM_GET_MP_STATE, &m) < 0)
		return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_GET_MP_STATE: %s%s", v->index,
				  strerror(errno), kvmp_remedy(errno));
	if (m.mp_state != KVM_MP_STATE_HALTED)
		return VR_OK;
	m.mp_state = KVM_MP_STATE_RUNNABLE;
	return kvmp_ioctl(v->fd, KVM_SET_MP_STATE, &m) < 0
		       ? kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_SET_MP_STATE: %s%s", v->index,
				    strerror(errno), kvmp_remedy(errno))
		       : VR_OK;
}

/* KVM API 4.24. */
int32_t kvmp_arch_translate(struct kvmp_vcpu *v, uint64_t va, uint64_t *pa)
{
	struct kvm_translation t = {.linear_address = va};

	if (kvmp_ioctl(v->fd, KVM_TRANSLATE, &t) < 0 || !t.valid)
		return VR_E_NOENT;
	*pa = t.physical_address;
	return VR_OK;
}

/* ---- what works here ------------------------------------------------------------------------------- */

/* inc eax; mov [rbx], eax; inc eax; out 0xf4 */
static const uint8_t plain[] = {0xff, 0xc0, 0x89, 0x03, 0xff, 0xc0, 0xe6, 0xf4};
static const uint8_t breaks[] = {0xff, 0xc0, 0xcc, 0xff, 0xc0, 0xe6, 0xf4};
#define STORE (KVMP_BENCH_CODE + 2) /* in both: the second instruction */
#define DATA 0x9000u
#define RFLAGS 0x3002u /* user mode may use ports */

static const struct {
	uint32_t can;
	const uint8_t *code;
	size_t size;
	uint32_t control;
	uint64_t address, dr7;
	uint32_t exception;
	uint64_t stops_at;
	bool user;
} trials[] = {
	{KVMP_CAN_STEP, plain, sizeof(plain), KVM_GUESTDBG_SINGLESTEP, 0, 0, DB, STORE, false},
	{KVMP_CAN_SOFTWARE, breaks, sizeof(breaks), KVM_GUESTDBG_USE_SW_BP, 0, 0, BP, STORE, false},
	{KVMP_CAN_HARDWARE, plain, sizeof(plain), KVM_GUESTDBG_USE_HW_BP, STORE, DR7_FIXED | 2, DB, STORE,
	 false},
	/* 4 bytes, writes */
	{KVMP_CAN_WATCH, plain, sizeof(plain), KVM_GUESTDBG_USE_HW_BP, DATA, DR7_FIXED | 2 | 0xd0000, DB,
	 STORE + 2, false},
	{KVMP_CAN_USER, plain, sizeof(plain), KVM_GUESTDBG_SINGLESTEP, 0, 0, DB, STORE, true},
};

static bool stops(struct kvmp_bench *b, size_t i)
{
	struct kvm_regs r = {.rip = KVMP_BENCH_CODE, .rflags = RFLAGS, .rsp = 0x8000, .rbx = DATA};
	struct kvm_guest_debug g = {
		.control = KVM_GUESTDBG_ENABLE | trials[i].control,
		.arch.debugreg = {[0] = trials[i].address, [7] = trials[i].dr7},
	};
	const struct kvm_debug_exit_arch *a = &b->run->debug.arch;

	memset(b->memory + KVMP_BENCH_CODE, 0xf4, 64);
	memcpy(b->memory + KVMP_BENCH_CODE, trials[i].code, trials[i].size);
	return kvmp_bench_long_mode(b, trials[i].user) && kvmp_ioctl(b->vcpu, KVM_SET_REGS, &r) == 0 &&
	       kvmp_ioctl(b->vcpu, KVM_SET_GUEST_DEBUG, &g) == 0 &&
	       kvmp_ioctl_number(b->vcpu, KVM_RUN, 0) == 0 && b->run->exit_reason == KVM_EXIT_DEBUG &&
	       a->exception == trials[i].exception && a->pc == trials[i].stops_at;
}

uint32_t kvmp_arch_debug_can(struct kvmp_vm *vm)
{
	uint32_t can = 0;

	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		struct kvmp_bench b;

		/* One machine each: a run that ends badly leaves nothing. */
		if (kvmp_bench_open(vm->plugin, &b) && stops(&b, i))
			can |= trials[i].can;
		kvmp_bench_close(&b);
	}
	return can;
}
