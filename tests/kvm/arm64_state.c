/* SPDX-License-Identifier: MIT */
/*
 * arm64_state.c: plugins/kvm/state_arm64.c against a fake register file of KVM; for arm64, so it runs
 * under qemu-aarch64 elsewhere. No KVM was asked: this shows the mapping, not the kernel.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch_arm64.h"

#define SYS(op0, op1, crn, crm, op2) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | VR_A64_SYSREG(op0, op1, crn, crm, op2))
#define MIDR SYS(3, 0, 0, 0, 0)
#define SCTLR SYS(3, 0, 1, 0, 0)
#define TTBR0 SYS(3, 0, 2, 0, 0)
#define ID_PFR0 SYS(3, 0, 0, 4, 0)
#define DBGBVR0 SYS(2, 0, 0, 0, 4)

/* ---- the fake register file ------------------------------------------------------------------------------- */
static struct {
	uint64_t id;
	uint8_t value[16];
} file[256];
static uint32_t count;
static const uint64_t listed[] = {MIDR,
				  SCTLR,
				  TTBR0,
				  ID_PFR0,
				  DBGBVR0,
				  KVM_REG_ARM_TIMER_CTL,
				  KVM_REG_ARM_TIMER_CNT,
				  KVM_REG_ARM_TIMER_CVAL};

static uint8_t *find(uint64_t id)
{
	for (uint32_t i = 0; i < count; i++)
		if (file[i].id == id)
			return file[i].value;
	if (count == sizeof(file) / sizeof(file[0]))
		abort();
	file[count].id = id;
	return file[count++].value;
}

static int one_reg(unsigned long request, const struct kvm_one_reg *r)
{
	size_t size = (size_t)1 << ((r->id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
	void *user = (void *)(uintptr_t)r->addr;
	bool known = (r->id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_CORE;

	for (uint32_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
		known |= r->id == listed[i];
	if (!known) {
		errno = ENOENT;
		return -1;
	}
	if (request == KVM_GET_ONE_REG) {
		memcpy(user, find(r->id), size);
	} else if (r->id == MIDR && memcmp(find(MIDR), user, 8) != 0) {
		errno = EINVAL; /* read-only */
		return -1;
	} else {
		memcpy(find(r->id), user, size);
	}
	return 0;
}

int kvmp_ioctl(int fd, unsigned long request, const void *argument)
{
	struct kvm_reg_list *l = (void *)(uintptr_t)argument;

	(void)fd;
	switch (request) {
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		return one_reg(request, argument);
	case KVM_GET_REG_LIST:
		if (l->n < sizeof(listed) / sizeof(listed[0])) {
			l->n = sizeof(listed) / sizeof(listed[0]);
			errno = E2BIG;
			return -1;
		}
		memcpy(l->reg, listed, sizeof(listed));
		return 0;
	case KVM_GET_MP_STATE:
	case KVM_SET_MP_STATE:
		return 0;
	default:
		errno = ENOTTY;
		return -1;
	}
}

int32_t kvmp_error(const struct vr_host *host, int32_t code, const char *format, ...)
{
	(void)host;
	(void)format;
	return code;
}

void VR_CALL kvmp_vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	struct kvmp_vcpu *v = kvmp_vcpu_of(vcpu);

	v->pins = level ? v->pins | 1ull << pin : v->pins & ~(1ull << pin);
}

/* ---- tests ------------------------------------------------------------------------------------- */
static unsigned passed, failed;
static void check(bool good, const char *what)
{
	printf("%s %s\n", good ? "ok" : "FAILED", what);
	passed += good;
	failed += !good;
}

static uint64_t sysreg(const struct vr_state_arm64 *s, uint64_t id)
{
	for (uint32_t i = 0; i < s->sysreg_count; i++)
		if (s->sysreg[i].id == (id & 0xffff))
			return s->sysreg[i].value;
	return 0xdead;
}

int main(void)
{
	static struct kvmp_vm vm;
	static struct kvmp_arch_vcpu arch;
	static struct kvmp_vcpu v = {.vm = &vm, .arch = &arch};
	static struct vr_state_arm64 in, out;
	uint64_t number = 1;

	check(kvm_reg_list(&v) == VR_OK, "the list");
	memcpy(find(MIDR), &(uint64_t){0x410fd0c0}, 8);
	in.size = sizeof(in);
	for (uint32_t i = 0; i < 31; i++)
		in.x[i] = number++ * 0x9e3779b97f4a7c15ull;
	for (uint32_t i = 0; i < 64; i++)
		in.v[i / 2][i % 2] = number++ * 0x9e3779b97f4a7c15ull;
	in.pc = 0x40080000;
	in.pstate = 0x3c5; /* EL1h, masked */
	in.fpcr = 0x1000000;
	in.fpsr = 0x10;
	in.sp = 0x1111;
	in.pins = 2;
	const uint64_t sysregs[][2] = {
		{MIDR, 0x410fd0c0},
		{SCTLR, 0x30d0198d},
		{TTBR0, 0x41000000},
		{DBGBVR0, 0x1234},
		{SYS(3, 3, 14, 3, 1), 1},
		{SYS(3, 3, 14, 3, 2), 0x5555},
		{SYS(3, 3, 14, 0, 2), 0x6666},
		{SYS(3, 0, 4, 1, 0), 0x2222},
		{SYS(3, 4, 4, 1, 0), 0x3333},
		{SYS(3, 0, 4, 0, 1), 0x4444},
		{SYS(3, 0, 4, 0, 0), 0x80000005},
		{SYS(3, 0, 15, 7, 7), 0},
	};
	for (uint32_t i = 0; i < sizeof(sysregs) / sizeof(sysregs[0]); i++) {
		in.sysreg[i].id = (uint32_t)(sysregs[i][0] & 0xffff);
		in.sysreg[i].value = sysregs[i][1];
		in.sysreg_count++;
	}
	check(kvmp_arch_set_state(&v, VR_STATE_ARM64_ID, &in, sizeof(in)) == VR_OK, "set");
	check(kvmp_arch_get_state(&v, VR_STATE_ARM64_ID, &out, sizeof(out)) == VR_OK, "get");
	check(!memcmp(in.x, out.x, sizeof(in.x)) && !memcmp(in.v, out.v, sizeof(in.v)),
	      "general and vector registers");
	check(in.pc == out.pc && in.pstate == out.pstate && in.fpcr == out.fpcr && in.fpsr == out.fpsr,
	      "pc, modes");
	check(out.sp == 0x1111 && sysreg(&out, SYS(3, 4, 4, 1, 0)) == 0x1111 &&
		      sysreg(&out, SYS(3, 0, 4, 1, 0)) == 0x2222,
	      "stack pointers, EL1h");
	check(memcmp(find(KVM_REG_ARM_TIMER_CVAL), &(uint64_t){0x5555}, 8) == 0 &&
		      memcmp(find(KVM_REG_ARM_TIMER_CNT), &(uint64_t){0x6666}, 8) == 0,
	      "the timer's names in KVM");
	check(sysreg(&out, SYS(3, 3, 14, 3, 2)) == 0x5555 && sysreg(&out, SYS(3, 3, 14, 0, 2)) == 0x6666,
	      "the timer's names back");
	check(sysreg(&out, SYS(3, 0, 4, 0, 1)) == 0x4444 && sysreg(&out, DBGBVR0) == 0x1234 &&
		      sysreg(&out, SCTLR) == 0x30d0198d && sysreg(&out, ID_PFR0) == 0xdead,
	      "system registers, no identification");
	check(out.pins == 2, "pins");
	in.pstate = 0; /* EL0t */
	check(kvmp_arch_set_state(&v, VR_STATE_ARM64_ID, &in, sizeof(in)) == VR_OK &&
		      kvmp_arch_get_state(&v, VR_STATE_ARM64_ID, &out, sizeof(out)) == VR_OK &&
		      out.sp == 0x1111 && sysreg(&out, SYS(3, 0, 4, 1, 0)) == 0x1111 &&
		      sysreg(&out, SYS(3, 4, 4, 1, 0)) == 0x3333,
	      "stack pointers, EL0");
	in.sysreg[0].value = 1;
	check(kvmp_arch_set_state(&v, VR_STATE_ARM64_ID, &in, sizeof(in)) == VR_E_UNSUPPORTED,
	      "another MIDR is refused");
	in.sysreg_count = 1000;
	check(kvmp_arch_set_state(&v, VR_STATE_ARM64_ID, &in, sizeof(in)) == VR_E_INVAL &&
		      kvmp_arch_get_state(&v, "vmrun.state.x86/1", &out, sizeof(out)) == VR_E_INVAL,
	      "bad arguments");
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
