/* SPDX-License-Identifier: MIT */
/* sbi.c: the built-in firmware. */
#include "../../plugins/board-virt-riscv64/sbi.h"

#include <criterion/criterion.h>
#include <string.h>

#include "../../plugins/board-virt-riscv64/clint.h"
#include "../../plugins/board-virt-riscv64/plic.h"
#include "../fake_host/fake.h"

#define RAM 0x80000000u
#define HARTS 5u

static struct vr_fake_host *d;
static struct vr_tables t;
static struct plic *plic;
static struct clint *clint;
static struct sbi s;
static uint64_t value;

static void start(void)
{
	d = fake_new(RAM, 1 << 20, HARTS);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(plic_new(&t, HARTS, &plic), VR_OK);
	cr_assert_eq(clint_new(&t, HARTS, &clint), VR_OK);
	cr_assert_eq(sbi_init(&s, &t, plic, clint, HARTS), VR_OK);
}

static void stop(void)
{
	sbi_fini(&s);
	clint_free(clint);
	plic_free(plic);
	fake_free(d);
}

static int64_t call(uint64_t extension, uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t regs[8] = {a0, a1, a2, a3, 0, 0, function, extension};

	cr_assert_eq(d->hypercall(d->hypercall_opaque, 0, 0, regs), VR_OK);
	cr_expect_eq(regs[2], a2);
	cr_expect_eq(regs[6], function);
	cr_expect_eq(regs[7], extension);
	value = regs[1];
	return (int64_t)regs[0];
}

static uint64_t csr(const struct vr_state_riscv64 *x, uint32_t id)
{
	for (uint32_t i = 0; i < x->csr_count; i++)
		if (x->csr[i].id == id)
			return x->csr[i].value;
	return 0;
}

TestSuite(sbi, .init = start, .fini = stop);

Test(sbi, base)
{
	static const uint32_t have[] = {SBI_BASE, SBI_TIME, SBI_IPI,  SBI_RFENCE,
					SBI_HSM,  SBI_SRST, SBI_DBCN, SBI_LEGACY_PUTCHAR};
	uint64_t regs[8] = {0, 0, 0, 0, 0, 0, 0, SBI_BASE};

	cr_expect_eq(call(SBI_BASE, 0, 0, 0, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 0x02000000);
	for (size_t i = 0; i < sizeof(have) / sizeof(have[0]); i++) {
		cr_expect_eq(call(SBI_BASE, 3, have[i], 9, 0, 0), SBI_SUCCESS);
		cr_expect_eq(value, 1, "extension 0x%x", have[i]);
	}
	call(SBI_BASE, 3, 0x4442434e00000000ull + SBI_BASE, 0, 0, 0);
	cr_expect_eq(value, 0);
	call(SBI_BASE, 3, 0x504d55, 0, 0, 0);
	cr_expect_eq(value, 0);
	for (uint64_t f = 4; f < 7; f++)
		cr_expect_eq(call(SBI_BASE, f, 0, 1, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 0);
	cr_expect_eq(call(SBI_BASE, 7, 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	cr_expect_eq(call(0x12345678, 0, 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	/* With firmware in M-mode the board does not answer. */
	s.off = 1;
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 0, regs), VR_E_NOENT);
	cr_expect_eq(regs[7], SBI_BASE);
	s.off = 0;
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 1, regs), VR_E_NOENT);
}

Test(sbi, time)
{
	cr_expect_eq(call(SBI_TIME, 0, 1000, 0, 0, 0), SBI_SUCCESS);
	cr_expect_eq(d->vcpu[0].pin[5], 0);
	vr_fake_host_advance(d, 99999);
	cr_expect_eq(d->vcpu[0].pin[5], 0);
	vr_fake_host_advance(d, 1);
	cr_expect_eq(d->vcpu[0].pin[5], 1);
	call(SBI_TIME, 0, 2000, 0, 0, 0);
	cr_expect_eq(d->vcpu[0].pin[5], 0);
	cr_expect_eq(call(SBI_LEGACY_SET_TIMER, 0, 5, 0, 0, 0), 0);
	cr_expect_eq(d->vcpu[0].pin[5], 1, "past: at once");
	call(SBI_TIME, 0, UINT64_MAX, 0, 0, 0);
	cr_expect_eq(d->vcpu[0].pin[5], 0);
	vr_fake_host_advance(d, 1ull << 62);
	cr_expect_eq(d->vcpu[0].pin[5], 0);
	call(SBI_TIME, 0, 0, 0, 0, 0);
	cr_expect_eq(d->vcpu[0].pin[5], 1);
	sbi_reset(&s);
	cr_expect_eq(d->vcpu[0].pin[5], 0);
}

Test(sbi, ipi)
{
	cr_expect_eq(call(SBI_IPI, 0, 5, 1, 0, 0), SBI_SUCCESS);
	cr_expect_eq(d->vcpu[0].pin[1], 0);
	cr_expect_eq(d->vcpu[1].pin[1], 1);
	cr_expect_eq(d->vcpu[2].pin[1], 0);
	cr_expect_eq(d->vcpu[3].pin[1], 1);
	cr_expect_eq(call(SBI_IPI, 0, 0, UINT64_MAX, 0, 0), SBI_SUCCESS);
	cr_expect_eq(d->vcpu[4].pin[1], 1);
	cr_expect_eq(call(SBI_IPI, 0, 1, 5, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_IPI, 0, UINT64_MAX, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_IPI, 0, UINT64_MAX, 1, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_IPI, 0, 1, 64, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_IPI, 0, 0, 0, 0, 0), SBI_SUCCESS);
}

Test(sbi, fences)
{
	cr_expect_eq(call(SBI_RFENCE, 0, 0x1f, 0, 0, 0), SBI_SUCCESS);
	cr_expect_eq(call(SBI_RFENCE, 1, 0, UINT64_MAX, 0, UINT64_MAX), SBI_SUCCESS);
	cr_expect_eq(call(SBI_RFENCE, 2, 2, 0, 0xffffffc000000000ull, 4096), SBI_SUCCESS);
	cr_expect_eq(call(SBI_RFENCE, 1, 2, 0, UINT64_MAX - 1, 4096), SBI_ERR_INVALID_ADDRESS);
	cr_expect_eq(call(SBI_RFENCE, 0, 0x20, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_RFENCE, 3, 1, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
}

Test(sbi, hart_start)
{
	const struct vr_state_riscv64 *x = fake_riscv64(d, 3);

	cr_expect_eq(call(SBI_HSM, 2, 3, 0, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 1);
	d->controller->set(d->controller_opaque, VR_IRQ_SHARED, 1, 1);
	fake_w32(d, 0x0c000004, 1);
	fake_w32(d, 0x0c002000 + 0x80 * 7, 2);
	d->vcpu[3].pin[9] = 0;
	cr_expect_eq(call(SBI_HSM, 0, 3, RAM + 0x1002, 0x123456789a, 0), SBI_SUCCESS);
	cr_expect_eq(d->vcpu[3].on, 1);
	cr_expect_eq(d->vcpu[3].pin[9], 1, "pins are told again");
	cr_expect_eq(x->pc, RAM + 0x1002);
	cr_expect_eq(x->privilege, 1);
	cr_expect_eq(x->x[10], 3);
	cr_expect_eq(x->x[11], 0x123456789a);
	cr_expect_eq(x->powered_on, 1);
	cr_expect_eq(csr(x, 0x302), 0xb1ff);
	cr_expect_eq(csr(x, 0x303), 0x222);
	cr_expect_eq(csr(x, 0x306), 7);
	cr_expect_eq(csr(x, 0x106), 7);
	cr_expect_eq(csr(x, 0x30a), 1ull << 63 | 1ull << 61);
	cr_expect_eq(csr(x, 0x3a0), 0x1f);
	cr_expect_eq(csr(x, 0x180), 0);
	cr_expect_eq(call(SBI_HSM, 2, 3, 0, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 0);
	cr_expect_eq(call(SBI_HSM, 0, 3, RAM, 0, 0), SBI_ERR_ALREADY_AVAILABLE);
	cr_expect_eq(call(SBI_HSM, 0, HARTS, RAM, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_HSM, 0, 1ull << 32, RAM, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_HSM, 2, HARTS, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_HSM, 0, 2, RAM + 1, 0, 0), SBI_ERR_INVALID_ADDRESS);
	cr_expect_eq(call(SBI_HSM, 0, 2, 0x1000, 0, 0), SBI_ERR_INVALID_ADDRESS);
	cr_expect_eq(call(SBI_HSM, 0, 2, UINT64_MAX - 1, 0, 0), SBI_ERR_INVALID_ADDRESS);
	cr_expect_eq(d->vcpu[2].on, 0);
}

Test(sbi, hart_stop_and_suspend)
{
	uint64_t regs[8] = {0, 5, 6, 7, 8, 9, 3, SBI_HSM};

	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 0, regs), VR_HYPERCALL_WAIT);
	call(SBI_HSM, 2, 0, 0, 0, 0);
	cr_expect_eq(value, 4, "suspended");
	regs[0] = 0;
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, VR_HYPERCALL_AWAKE, regs), VR_OK);
	cr_expect_eq(regs[0], SBI_SUCCESS);
	call(SBI_HSM, 2, 0, 0, 0, 0);
	cr_expect_eq(value, 0, "started");
	d->hypercall(d->hypercall_opaque, 0, 0, (uint64_t[8]){0, 0, 0, 0, 0, 0, 3, SBI_HSM});
	sbi_reset(&s);
	call(SBI_HSM, 2, 0, 0, 0, 0);
	cr_expect_eq(value, 0, "started, after a reset");
	cr_expect_eq(call(SBI_HSM, 3, 0x80000000, RAM, 0, 0), SBI_ERR_NOT_SUPPORTED);
	cr_expect_eq(call(SBI_HSM, 3, 0x10000000, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	cr_expect_eq(call(SBI_HSM, 3, 1, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(d->vcpu[0].on, 1);
	call(SBI_HSM, 1, 0, 0, 0, 0);
	cr_expect_eq(d->vcpu[0].on, 0);
}

Test(sbi, system_reset)
{
	cr_expect_eq(call(SBI_SRST, 0, 3, 0, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_SRST, 0, 0, 2, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_SRST, 0, 0xf0000000, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	cr_expect_eq(d->power_calls, 0);
	call(SBI_SRST, 0, 0, 0, 0, 0);
	cr_expect_eq(d->power_what, VR_POWER_OFF);
	call(SBI_SRST, 0, 1, 0, 0, 0);
	cr_expect_eq(d->power_what, VR_POWER_RESET);
	call(SBI_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0);
	cr_expect_eq(d->power_what, VR_POWER_OFF);
	cr_expect_eq(d->power_calls, 3);
}

Test(sbi, console)
{
	memcpy(fake_ram(d, RAM + 100), "hello", 5);
	cr_expect_eq(call(SBI_DBCN, 0, 5, RAM + 100, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 5);
	call(SBI_DBCN, 2, '!', 0, 0, 0);
	call(SBI_LEGACY_PUTCHAR, 0, '\n', 0, 0, 0);
	cr_expect_eq(d->port[0].out_length, 7);
	cr_expect_arr_eq(d->port[0].out, "hello!\n", 7);
	cr_expect_eq(call(SBI_DBCN, 0, 5, RAM + (1 << 20) - 4, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_DBCN, 0, 5, RAM, 1, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_DBCN, 0, UINT64_MAX, RAM, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_DBCN, 1, 5, 0x1000, 0, 0), SBI_ERR_INVALID_PARAM);
	cr_expect_eq(call(SBI_DBCN, 0, 1 << 20, RAM, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 4096, "the rest is for another call");
	cr_expect_eq(call(SBI_LEGACY_GETCHAR, 0, 0, 0, 0, 0), -1);
	cr_expect_eq(call(SBI_DBCN, 1, 10, RAM + 200, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 0);
	vr_fake_host_type(d, 0, "xyz");
	cr_expect_eq(call(SBI_LEGACY_GETCHAR, 0, 0, 0, 0, 0), 'x');
	d->written = 0;
	cr_expect_eq(call(SBI_DBCN, 1, 10, RAM + 200, 0, 0), SBI_SUCCESS);
	cr_expect_eq(value, 2);
	cr_expect_eq(d->written, 2);
	cr_expect_arr_eq((char *)fake_ram(d, RAM + 200), "yz", 2);
}
