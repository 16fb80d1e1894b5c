/* SPDX-License-Identifier: MIT */
/* psci.c: the firmware calls. */
#include <criterion/criterion.h>
#include <string.h>

#include "../../plugins/board-virt/cpu.h"
#include "../../plugins/board-virt/gic.h"
#include "../../plugins/board-virt/psci.h"
#include "../fake_host/fake.h"

static struct vr_fake_host *d;
static struct vr_tables t;
static struct gic *g;
static struct psci p;

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, 1 << 20, 20);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(gic_new(&t, 20, &g), VR_OK);
	cr_assert_eq(psci_init(&p, &t, g, 20), VR_OK);
}

static void stop(void)
{
	psci_fini(&p);
	gic_free(g);
	fake_free(d);
}

static int64_t call(uint64_t id, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t regs[18] = {id, a, b, c};

	cr_assert_eq(d->hypercall(d->hypercall_opaque, 0, 0, regs), VR_OK);
	cr_expect_eq(regs[1], a);
	return (int64_t)regs[0];
}

static uint64_t sysreg(const struct vr_state_arm64 *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->sysreg_count; i++)
		if (s->sysreg[i].id == id)
			return s->sysreg[i].value;
	return UINT64_MAX;
}

TestSuite(psci, .init = start, .fini = stop);

Test(psci, answers)
{
	uint64_t regs[18] = {PSCI_VERSION};

	cr_expect_eq(call(PSCI_VERSION, 0, 0, 0), 0x10001);
	cr_expect_eq(call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
	cr_expect_eq(call(PSCI_FEATURES, PSCI_CPU_ON | PSCI_64BIT, 0, 0), 0);
	cr_expect_eq(call(PSCI_FEATURES, PSCI_SYSTEM_RESET2, 0, 0), 0);
	cr_expect_eq(call(PSCI_FEATURES, 0x80000000, 0, 0), PSCI_NOT_SUPPORTED);
	cr_expect_eq(call(PSCI_VERSION | PSCI_64BIT, 0, 0, 0), PSCI_NOT_SUPPORTED);
	cr_expect_eq(call(0x80000000, 0, 0, 0), PSCI_NOT_SUPPORTED);
	cr_expect_eq(call(0xdeadbeef, 0, 0, 0), PSCI_NOT_SUPPORTED);
	/* An SMC has no answer. */
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 1, regs), VR_E_NOENT);
	cr_expect_eq(regs[0], PSCI_VERSION);
}

Test(psci, cpu_suspend)
{
	uint64_t id = PSCI_CPU_SUSPEND | PSCI_64BIT, down = 1u << 16, entry = FAKE_RAM_BASE + 0x1000;
	uint64_t standby[18] = {id, 0x1234}, off[18] = {id, down, entry, 99};

	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 0, standby), VR_HYPERCALL_WAIT);
	cr_expect_eq(standby[0], id, "as they were, for the second call");
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, VR_HYPERCALL_AWAKE, standby), VR_OK);
	cr_expect_eq(standby[0], PSCI_SUCCESS);
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 0, off), VR_HYPERCALL_WAIT);
	cr_expect_eq(call(PSCI_AFFINITY_INFO, 0, 0, 0), 0);
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, VR_HYPERCALL_AWAKE, off), VR_HYPERCALL_ENTER);
	cr_expect_eq(off[0], 99);
	cr_expect_eq(off[1], entry);
	cr_expect_eq(call(PSCI_FEATURES, id, 0, 0), 0);
	cr_expect_eq(call(id, 1u << 17, 0, 0), PSCI_INVALID_PARAMETERS);
	cr_expect_eq(call(id, 1u << 24, 0, 0), PSCI_INVALID_PARAMETERS, "no states of clusters");
	cr_expect_eq(call(id, down, entry + 2, 0), PSCI_INVALID_ADDRESS);
	cr_expect_eq(call(id, down, 0x1000, 0), PSCI_INVALID_ADDRESS);
}

Test(psci, cpu_on)
{
	uint64_t on = PSCI_CPU_ON | PSCI_64BIT;
	const struct vr_state_arm64 *s = fake_arm64(d, 17);

	cr_expect_eq(call(on, 0x101, FAKE_RAM_BASE + 0x1000, 0x123456789abc), PSCI_SUCCESS);
	cr_expect_eq(d->vcpu[17].on, 1);
	cr_expect_eq(s->pc, FAKE_RAM_BASE + 0x1000);
	cr_expect_eq(s->x[0], 0x123456789abc);
	cr_expect_eq(s->x[1], 0);
	cr_expect_eq(s->pstate, 0x3c5);
	cr_expect_eq(s->exclusive_address, UINT64_MAX);
	cr_expect_eq(sysreg(s, VR_A64_SYSREG(3, 0, 0, 0, 5)), 0x80000101);
	cr_expect_eq(sysreg(s, VR_A64_SYSREG(3, 0, 1, 0, 0)) & 1, 0, "MMU off");
	cr_expect_eq(call(on, 0x101, FAKE_RAM_BASE, 0), PSCI_ALREADY_ON);
	cr_expect_eq(call(on, 0, FAKE_RAM_BASE, 0), PSCI_ALREADY_ON);
	cr_expect_eq(call(on, 0x104, FAKE_RAM_BASE, 0), PSCI_INVALID_PARAMETERS);
	cr_expect_eq(call(on, 0x10, FAKE_RAM_BASE, 0), PSCI_INVALID_PARAMETERS);
	cr_expect_eq(call(on, 0x100000001ull, FAKE_RAM_BASE, 0), PSCI_INVALID_PARAMETERS);
	cr_expect_eq(call(on, 2, 0x1000, 0), PSCI_INVALID_ADDRESS);
	cr_expect_eq(call(on, 2, FAKE_RAM_BASE + 2, 0), PSCI_INVALID_ADDRESS);
	cr_expect_eq(call(on, 2, UINT64_MAX - 3, 0), PSCI_INVALID_ADDRESS);
	cr_expect_eq(d->vcpu[2].on, 0);
	/* The 32-bit call takes 32 bits of its arguments. */
	cr_expect_eq(call(PSCI_CPU_ON, 0xffff00000002ull, 0x900000000ull + FAKE_RAM_BASE, 7ull << 32 | 9),
		     PSCI_SUCCESS);
	cr_expect_eq(fake_arm64(d, 2)->x[0], 9);
}

Test(psci, affinity_info)
{
	uint64_t info = PSCI_AFFINITY_INFO | PSCI_64BIT;

	cr_expect_eq(call(info, 0, 0, 0), 0);
	cr_expect_eq(call(info, 1, 0, 0), 1);
	cr_expect_eq(call(info, 0x55, 0, 0), PSCI_INVALID_PARAMETERS);
	cr_expect_eq(call(info, 0, 4, 0), PSCI_INVALID_PARAMETERS);
	cr_expect_eq(call(info, 0x100, 1, 0), 1);
	d->vcpu[19].on = 1;
	cr_expect_eq(call(info, 0x100, 1, 0), 0);
	cr_expect_eq(call(info, 0, 2, 0), 0);
	cr_expect_eq(call(PSCI_CPU_OFF, 0, 0, 0), PSCI_SUCCESS);
	cr_expect_eq(d->vcpu[0].on, 0);
}

Test(psci, system)
{
	cr_expect_eq(call(PSCI_SYSTEM_RESET2, 0x80000000, 0, 0), PSCI_INVALID_PARAMETERS);
	cr_expect_eq(d->power_calls, 0);
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
	cr_expect_eq(d->power_what, VR_POWER_OFF);
	call(PSCI_SYSTEM_RESET, 0, 0, 0);
	cr_expect_eq(d->power_what, VR_POWER_RESET);
	call(PSCI_SYSTEM_RESET2 | PSCI_64BIT, 0, 0, 0);
	cr_expect_eq(d->power_calls, 3);
}

Test(psci, uniprocessor)
{
	cr_expect_eq(cpu_mpidr(0, 1), 0xc0000000);
	cr_expect_eq(cpu_mpidr(0, 2), 0x80000000);
}
