/* SPDX-License-Identifier: MIT */
/*
 * debug_arm64.c: breakpoints, watchpoints and steps of arm64's self-hosted debug (Arm ARM D2), for debug.c.
 *
 * KVM routes every debug exception to itself while guest debug is on; it can't give one back, so the guest's
 * own are taken here as the processor takes an exception to EL1 (Arm ARM D1.3). KVM_TRANSLATE is x86's; the
 * walk (Arm ARM D8.2) is done here, for addresses of up to 48 bits.
 */
#include <errno.h>
#include <string.h>

#include "arch_arm64.h"
#include "debug.h"

#define EC_SHIFT 26
#define EC_MASK 0x3fu
#define EC_BREAKPOINT 0x30u /* of a lower exception level; its own level's is one more */
#define EC_STEP 0x32u
#define EC_WATCHPOINT 0x34u
#define EC_BRK 0x3cu

#define PC KVMP_CORE(regs.pc, KVM_REG_SIZE_U64)
#define PSTATE KVMP_CORE(regs.pstate, KVM_REG_SIZE_U64)
#define ELR_EL1 KVMP_CORE(elr_el1, KVM_REG_SIZE_U64)
#define SPSR_EL1 KVMP_CORE(spsr[0], KVM_REG_SIZE_U64)
#define SYS(op0, op1, crn, crm, op2) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | VR_A64_SYSREG(op0, op1, crn, crm, op2))
#define SCTLR_EL1 SYS(3, 0, 1, 0, 0)
#define TTBR0_EL1 SYS(3, 0, 2, 0, 0)
#define TTBR1_EL1 SYS(3, 0, 2, 0, 1)
#define TCR_EL1 SYS(3, 0, 2, 0, 2)
#define ESR_EL1 SYS(3, 0, 5, 2, 0)
#define FAR_EL1 SYS(3, 0, 6, 0, 0)
#define VBAR_EL1 SYS(3, 0, 12, 0, 0)

const uint8_t kvmp_arch_break[KVMP_BREAK_BYTES] = {0x00, 0x00, 0x20, 0xd4}; /* BRK #0 */
const uint32_t kvmp_arch_break_bytes = 4;

/* ---- registers ------------------------------------------------------------------------------------- */

static bool is_code(const struct kvmp_debug_register *r)
{
	return r->access == VR_STOP_EXECUTE;
}

uint32_t kvmp_arch_debug_room(const struct kvmp_vm *vm, const struct kvmp_points *p, uint32_t access)
{
	bool code = access == VR_STOP_EXECUTE;
	int all = kvmp_extension(vm->fd, code ? KVM_CAP_GUEST_DEBUG_HW_BPS : KVM_CAP_GUEST_DEBUG_HW_WPS);
	uint32_t most = all < 0 ? 0 : all > KVM_ARM_MAX_DBG_REGS ? KVM_ARM_MAX_DBG_REGS : (uint32_t)all;

	for (uint32_t i = 0; i < p->regs; i++)
		if (is_code(&p->reg[i]) == code && most)
			most--;
	return most;
}

const char *kvmp_arch_debug_refuses(uint32_t access)
{
	(void)access;
	return NULL;
}

/* Bytes of one doubleword: Arm ARM D2.10.3. */
uint64_t kvmp_arch_debug_piece(uint64_t address, uint64_t length)
{
	uint64_t n = 8 - address % 8;

	return n < length ? n : length;
}

/* Enabled at EL0 and EL1: Arm ARM D2.8.3, D2.10. */
#define ENABLE (1u | 3u << 1)

void kvmp_arch_debug_fill(const struct kvmp_points *p, bool code, struct kvm_guest_debug *g)
{
	uint32_t codes = 0, datas = 0;

	g->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW;
	for (uint32_t i = 0; i < p->regs; i++) {
		const struct kvmp_debug_register *r = &p->reg[i];
		uint32_t bytes = ((1u << r->length) - 1) << (r->address % 8);

		if (is_code(r) && code) {
			g->arch.dbg_bvr[codes] = r->address;
			g->arch.dbg_bcr[codes++] = ENABLE | 0xfu << 5;
		} else if (!is_code(r)) {
			g->arch.dbg_wvr[datas] = r->address & ~(uint64_t)7;
			/* LSC: 1 loads, 2 stores, as VR_STOP_*. */
			g->arch.dbg_wcr[datas++] = ENABLE | r->access << 3 | bytes << 5;
		}
	}
}
_Static_assert(VR_STOP_READ == 1 && VR_STOP_WRITE == 2, "as LSC");

/* ---- exits ----------------------------------------------------------------------------------------- */

static int32_t failed(const struct kvmp_vcpu *v, const char *what)
{
	return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: %s: %s", v->index, what, strerror(errno));
}

/* The point of that kind whose doubleword the address is in, or the first one of the kind. */
static bool find_register(const struct kvmp_points *p, bool code, uint64_t address, uint32_t *out)
{
	bool found = false;

	for (uint32_t i = p->regs; i-- > 0;) {
		const struct kvmp_debug_register *r = &p->reg[i];

		if (is_code(r) != code || (code && r->address != address))
			continue;
		if (!found || r->address / 8 == address / 8)
			*out = i;
		found = true;
	}
	return found;
}

int32_t kvmp_arch_debug_event(struct kvmp_vcpu *v, struct kvmp_debug_event *out)
{
	const struct kvm_debug_exit_arch *a = &v->run->debug.arch;
	const struct kvmp_points *p = &v->vm->debug->points;
	uint32_t ec = a->hsr >> EC_SHIFT & EC_MASK;

	*out = (struct kvmp_debug_event){.kind = KVMP_DEBUG_OTHER};
	if (kvmp_reg_get(v, PC, &out->pc) < 0)
		return failed(v, "the program counter");
	if (ec == EC_BRK)
		out->kind = KVMP_DEBUG_BREAK;
	else if (ec == EC_STEP)
		out->kind = KVMP_DEBUG_STEP;
	else if ((ec == EC_BREAKPOINT && find_register(p, true, out->pc, &out->index)) ||
		 (ec == EC_WATCHPOINT && find_register(p, false, a->far, &out->index)))
		out->kind = KVMP_DEBUG_REGISTER;
	return VR_OK;
}

#define PSTATE_AARCH32 0x10u
#define PSTATE_EL(p) ((p) >> 2 & 3)
#define PSTATE_EL1H_MASKED 0x3c5u /* DAIF set */
#define SPSEL 1u

/* Arm ARM D1.3.1: the vector's offset, by where the exception comes from. */
static uint64_t vector(uint64_t pstate)
{
	if (pstate & PSTATE_AARCH32)
		return 0x600;
	if (!PSTATE_EL(pstate))
		return 0x400;
	return pstate & SPSEL ? 0x200 : 0;
}

int32_t kvmp_arch_debug_reflect(struct kvmp_vcpu *v)
{
	const struct kvm_debug_exit_arch *a = &v->run->debug.arch;
	uint32_t ec = a->hsr >> EC_SHIFT & EC_MASK;
	uint64_t pc, pstate, vbar, esr = a->hsr, masked = PSTATE_EL1H_MASKED, address = a->far;

	if (kvmp_reg_get(v, PC, &pc) < 0 || kvmp_reg_get(v, PSTATE, &pstate) < 0 ||
	    kvmp_reg_get(v, VBAR_EL1, &vbar) < 0)
		return failed(v, "a debug exception of the guest's");
	if (ec != EC_BRK && PSTATE_EL(pstate))
		esr += UINT64_C(1) << EC_SHIFT;
	vbar += vector(pstate);
	if (kvmp_reg_set(v, ELR_EL1, &pc) < 0 || kvmp_reg_set(v, SPSR_EL1, &pstate) < 0 ||
	    kvmp_reg_set(v, ESR_EL1, &esr) < 0 ||
	    (ec == EC_WATCHPOINT && kvmp_reg_set(v, FAR_EL1, &address) < 0) ||
	    kvmp_reg_set(v, PSTATE, &masked) < 0 || kvmp_reg_set(v, PC, &vbar) < 0)
		return failed(v, "a debug exception of the guest's");
	return VR_OK;
}

int32_t kvmp_arch_debug_wake(struct kvmp_vcpu *v)
{
	v->waiting = false;
	return VR_OK;
}

/* ---- addresses ------------------------------------------------------------------------------------- */

#define OUTPUT UINT64_C(0x0000fffffffff000)

/* One half of the address space: log2 of the granule, or 0, and the bits of an address. */
static uint32_t regime(uint64_t tcr, bool high, uint32_t *bits)
{
	static const uint32_t low_granule[] = {12, 16, 14, 0}, high_granule[] = {0, 14, 12, 16};

	*bits = 64 - (uint32_t)(tcr >> (high ? 16 : 0) & 0x3f);
	return high ? high_granule[tcr >> 30 & 3] : low_granule[tcr >> 14 & 3];
}

static int32_t walk(const struct kvmp_vcpu *v, uint64_t table, uint32_t granule, uint32_t bits, uint64_t va,
		    uint64_t *pa)
{
	const uint32_t stride = granule - 3;
	uint32_t left = (bits - granule + stride - 1) / stride; /* levels */
	uint32_t top = bits;

	while (left--) {
		uint32_t shift = granule + stride * left;
		uint64_t index = (va & ((UINT64_C(1) << top) - 1)) >> shift;
		uint64_t offset = va & ((UINT64_C(1) << shift) - 1), entry;
		const uint8_t *at = kvmp_debug_ram(v->vm, table + 8 * index, 8);

		if (!at)
			return VR_E_NOENT;
		memcpy(&entry, at, sizeof(entry));
		if (!(entry & 1) || (!left && !(entry & 2)))
			return VR_E_NOENT;
		if (!left || !(entry & 2)) {
			*pa = (entry & OUTPUT & ~((UINT64_C(1) << shift) - 1)) | offset;
			return VR_OK;
		}
		table = entry & OUTPUT & ~((UINT64_C(1) << granule) - 1);
		top = shift;
	}
	return VR_E_NOENT;
}

int32_t kvmp_arch_translate(struct kvmp_vcpu *v, uint64_t va, uint64_t *pa)
{
	bool high = va >> 55 & 1;
	uint64_t sctlr, tcr, ttbr, above;
	uint32_t granule, bits;

	if (kvmp_reg_get(v, SCTLR_EL1, &sctlr) < 0 || kvmp_reg_get(v, TCR_EL1, &tcr) < 0 ||
	    kvmp_reg_get(v, high ? TTBR1_EL1 : TTBR0_EL1, &ttbr) < 0)
		return failed(v, "the translation registers");
	*pa = va;
	if (!(sctlr & 1))
		return VR_OK;
	granule = regime(tcr, high, &bits);
	if (!granule || bits > 48 || bits <= granule)
		return VR_E_NOENT;
	/* Bits 55 and down: a tag above them may be ignored (TBI). */
	above = (high ? ~va : va) << 8 >> 8 >> bits;
	if (above)
		return VR_E_NOENT;
	return walk(v, ttbr & UINT64_C(0x0000fffffffffffe), granule, bits, va, pa);
}

uint32_t kvmp_arch_debug_can(struct kvmp_vm *vm)
{
	const struct kvmp_points none = {.regs = 0};

	return KVMP_CAN_STEP | KVMP_CAN_SOFTWARE | KVMP_CAN_USER |
	       (kvmp_arch_debug_room(vm, &none, VR_STOP_EXECUTE) ? KVMP_CAN_HARDWARE : 0) |
	       (kvmp_arch_debug_room(vm, &none, VR_STOP_WRITE) ? KVMP_CAN_WATCH : 0);
}
