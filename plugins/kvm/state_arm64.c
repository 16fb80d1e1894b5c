/* SPDX-License-Identifier: MIT */
/*
 * state_arm64.c: the canonical state, out of KVM and into it, by KVM_GET_ONE_REG and KVM_SET_ONE_REG.
 *
 * System registers have the same numbers on both sides, but for two: KVM's names of the virtual timer's
 * count and compare value are each other's encodings, for ever (the kernel's asm/kvm.h says so).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch_arm64.h"

#define SYS(op0, op1, crn, crm, op2) VR_A64_SYSREG(op0, op1, crn, crm, op2)
#define CNTVCT_EL0 SYS(3, 3, 14, 0, 2)
#define CNTV_CVAL_EL0 SYS(3, 3, 14, 3, 2)
#define CODE_MASK 0xffffull

/* In KVM's core registers, and system registers in ours. */
static const struct {
	uint32_t ours;
	uint64_t kvms;
} banked[] = {
	{SYS(3, 0, 4, 1, 0), KVMP_CORE(regs.sp, KVM_REG_SIZE_U64)}, /* SP_EL0 */
	{SYS(3, 4, 4, 1, 0), KVMP_CORE(sp_el1, KVM_REG_SIZE_U64)},  /* SP_EL1 */
	{SYS(3, 0, 4, 0, 1), KVMP_CORE(elr_el1, KVM_REG_SIZE_U64)}, /* ELR_EL1 */
	{SYS(3, 0, 4, 0, 0), KVMP_CORE(spsr[0], KVM_REG_SIZE_U64)}, /* SPSR_EL1 */
};
#define BANKED ((uint32_t)(sizeof(banked) / sizeof(banked[0])))

int kvmp_reg_get(const struct kvmp_vcpu *v, uint64_t id, void *value)
{
	struct kvm_one_reg r = {.id = id, .addr = (uint64_t)(uintptr_t)value};

	return kvmp_ioctl(v->fd, KVM_GET_ONE_REG, &r);
}

int kvmp_reg_set(const struct kvmp_vcpu *v, uint64_t id, const void *value)
{
	struct kvm_one_reg r = {.id = id, .addr = (uint64_t)(uintptr_t)value};

	return kvmp_ioctl(v->fd, KVM_SET_ONE_REG, &r);
}

int32_t kvm_reg_list(struct kvmp_vcpu *v)
{
	struct kvm_reg_list probe = {0}, *l;

	/* The first call says how many there are, with E2BIG. */
	if (kvmp_ioctl(v->fd, KVM_GET_REG_LIST, &probe) < 0 && errno != E2BIG)
		return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_GET_REG_LIST: %s", v->index,
				  strerror(errno));
	l = calloc(1, sizeof(*l) + probe.n * sizeof(l->reg[0]));
	if (!l)
		return kvmp_error(v->vm->host, VR_E_NOMEM, "no memory for vCPU %u", v->index);
	v->arch->list = l;
	l->n = probe.n;
	if (kvmp_ioctl(v->fd, KVM_GET_REG_LIST, l) < 0)
		return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_GET_REG_LIST: %s", v->index,
				  strerror(errno));
	return VR_OK;
}

/* The timer's two names, either way. */
static uint32_t swapped(uint32_t code)
{
	return code == CNTVCT_EL0 ? CNTV_CVAL_EL0 : code == CNTV_CVAL_EL0 ? CNTVCT_EL0 : code;
}

/* A system register that makes up the state: 64 bits wide and no identification. */
static bool is_state(uint64_t id)
{
	uint32_t code = (uint32_t)(id & CODE_MASK);

	if ((id & KVM_REG_SIZE_MASK) != KVM_REG_SIZE_U64 ||
	    (id & KVM_REG_ARM_COPROC_MASK) != KVM_REG_ARM64_SYSREG)
		return false;
	return !(code >= SYS(3, 0, 0, 1, 0) && code <= SYS(3, 0, 0, 7, 7));
}

static bool is_debug(uint64_t id)
{
	return (id & CODE_MASK) >> 14 == 2;
}

struct core {
	uint64_t id;
	size_t offset;
};
static const struct core core[] = {
	{KVMP_CORE(regs.pc, KVM_REG_SIZE_U64), offsetof(struct vr_state_arm64, pc)},
	{KVMP_CORE(regs.pstate, KVM_REG_SIZE_U64), offsetof(struct vr_state_arm64, pstate)},
	{KVMP_CORE(fp_regs.fpsr, KVM_REG_SIZE_U32), offsetof(struct vr_state_arm64, fpsr)},
	{KVMP_CORE(fp_regs.fpcr, KVM_REG_SIZE_U32), offsetof(struct vr_state_arm64, fpcr)},
};
#define VECTOR(i) (KVMP_CORE(fp_regs.vregs[0], KVM_REG_SIZE_U128) + 4 * (uint64_t)(i))

static int32_t failed(const struct kvmp_vcpu *v, const char *what, uint64_t id)
{
	return kvmp_error(v->vm->host, errno == EINVAL ? VR_E_INVAL : VR_E_IO,
			  "vCPU %u: register 0x%llx can't be %s: %s", v->index, (unsigned long long)id, what,
			  strerror(errno));
}

/* SP_ELx that PSTATE selects: SPSel, and EL from M[3:2] (Arm ARM C5.2.19). */
static uint32_t current_sp(uint64_t pstate)
{
	return (pstate & 1) && (pstate & 0xc) ? 1 : 0;
}

static int32_t put(const struct kvmp_vcpu *v, struct vr_state_arm64 *s, uint32_t code, uint64_t value)
{
	if (s->sysreg_count == VR_STATE_ARM64_SYSREGS)
		return kvmp_error(v->vm->host, VR_E_RANGE, "vCPU %u: more than %u system registers", v->index,
				  VR_STATE_ARM64_SYSREGS);
	s->sysreg[s->sysreg_count].id = code;
	s->sysreg[s->sysreg_count].reserved = 0;
	s->sysreg[s->sysreg_count++].value = value;
	return VR_OK;
}

static int32_t get_system(const struct kvmp_vcpu *v, struct vr_state_arm64 *s)
{
	const struct kvm_reg_list *l = v->arch->list;
	int32_t rc = VR_OK;
	uint64_t value;

	for (uint32_t i = 0; i < BANKED && rc == VR_OK; i++) {
		if (kvmp_reg_get(v, banked[i].kvms, &value) < 0)
			return failed(v, "read", banked[i].kvms);
		if (i == current_sp(s->pstate))
			s->sp = value;
		rc = put(v, s, banked[i].ours, value);
	}
	for (uint64_t i = 0; i < l->n && rc == VR_OK; i++) {
		if (!is_state(l->reg[i]))
			continue;
		if (kvmp_reg_get(v, l->reg[i], &value) < 0)
			return failed(v, "read", l->reg[i]);
		/* Breakpoints are many and nearly always unused. */
		if (value || !is_debug(l->reg[i]))
			rc = put(v, s, swapped((uint32_t)(l->reg[i] & CODE_MASK)), value);
	}
	return rc;
}

int32_t kvmp_arch_get_state(struct kvmp_vcpu *v, const char *id, void *state, uint32_t length)
{
	struct vr_state_arm64 *s = state;
	struct kvm_mp_state m = {0};

	if (!id || strcmp(id, VR_STATE_ARM64_ID) != 0 || !state || length < sizeof(*s))
		return kvmp_error(v->vm->host, VR_E_INVAL, "vCPU %u: its state is '%s', %zu bytes", v->index,
				  VR_STATE_ARM64_ID, sizeof(*s));
	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	for (uint32_t i = 0; i < 31; i++)
		if (kvmp_reg_get(v, KVMP_X(i), &s->x[i]) < 0)
			return failed(v, "read", KVMP_X(i));
	for (uint32_t i = 0; i < 32; i++)
		if (kvmp_reg_get(v, VECTOR(i), s->v[i]) < 0)
			return failed(v, "read", VECTOR(i));
	for (uint32_t i = 0; i < sizeof(core) / sizeof(core[0]); i++)
		if (kvmp_reg_get(v, core[i].id, (uint8_t *)s + core[i].offset) < 0)
			return failed(v, "read", core[i].id);
	if (kvmp_ioctl(v->fd, KVM_GET_MP_STATE, &m) < 0)
		return failed(v, "read", 0);
	s->powered_on = m.mp_state != KVM_MP_STATE_STOPPED;
	s->exclusive_address = UINT64_MAX; /* KVM's exits clear the monitor */
	s->pins = atomic_load(&v->pins);
	return get_system(v, s);
}

static int32_t set_system(const struct kvmp_vcpu *v, const struct vr_state_arm64 *s)
{
	for (uint32_t i = 0; i < s->sysreg_count; i++) {
		uint32_t code = s->sysreg[i].id, b = 0;
		uint64_t id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | swapped(code), now;

		if (!is_state(id - swapped(code) + code))
			continue;
		while (b < BANKED && banked[b].ours != code)
			b++;
		if (b < BANKED)
			id = banked[b].kvms;
		if (kvmp_reg_set(v, id, &s->sysreg[i].value) == 0 || !s->sysreg[i].value)
			continue;
		/* Read-only, and what it is already? */
		if (kvmp_reg_get(v, id, &now) < 0 || now != s->sysreg[i].value)
			return kvmp_error(v->vm->host, VR_E_UNSUPPORTED,
					  "vCPU %u: system register 0x%x can't be 0x%llx here", v->index,
					  code, (unsigned long long)s->sysreg[i].value);
	}
	return VR_OK;
}

int32_t kvmp_arch_set_state(struct kvmp_vcpu *v, const char *id, const void *state, uint32_t length)
{
	const struct vr_state_arm64 *s = state;
	struct kvm_mp_state m = {.mp_state = KVM_MP_STATE_RUNNABLE}; /* power is the core's */
	int32_t rc;

	if (!id || strcmp(id, VR_STATE_ARM64_ID) != 0 || !state || length < sizeof(*s) ||
	    s->size != sizeof(*s) || s->sysreg_count > VR_STATE_ARM64_SYSREGS)
		return kvmp_error(v->vm->host, VR_E_INVAL, "vCPU %u: its state is '%s', %zu bytes", v->index,
				  VR_STATE_ARM64_ID, sizeof(*s));
	rc = set_system(v, s);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < 31; i++)
		if (kvmp_reg_set(v, KVMP_X(i), &s->x[i]) < 0)
			return failed(v, "set", KVMP_X(i));
	for (uint32_t i = 0; i < 32; i++)
		if (kvmp_reg_set(v, VECTOR(i), s->v[i]) < 0)
			return failed(v, "set", VECTOR(i));
	for (uint32_t i = 0; i < sizeof(core) / sizeof(core[0]); i++)
		if (kvmp_reg_set(v, core[i].id, (const uint8_t *)s + core[i].offset) < 0)
			return failed(v, "set", core[i].id);
	if (kvmp_reg_set(v, banked[current_sp(s->pstate)].kvms, &s->sp) < 0)
		return failed(v, "set", banked[current_sp(s->pstate)].kvms);
	if (kvmp_ioctl(v->fd, KVM_SET_MP_STATE, &m) < 0)
		return failed(v, "set", 0);
	for (uint32_t pin = 0; pin < 2; pin++)
		kvmp_vcpu_set_pin((struct vr_vcpu *)v, pin, s->pins >> pin & 1);
	return VR_OK;
}
