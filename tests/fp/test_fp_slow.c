/* SPDX-License-Identifier: MIT */
/* test_fp_slow.c: every FP operation against known answers (known.def), and what the table cannot hold. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "isa/arm64/fp.h"
#include "isa/arm64/helpers_fp.h"

/* The helpers need no engine: only the state after a vr_exec. */
static struct vr_exec *exec(void)
{
	static union {
		struct vr_exec x;
		uint8_t bytes[VR_EXEC_STATE + sizeof(struct a64_state)];
	} u __attribute__((aligned(64)));

	return &u.x;
}

struct call {
	int extra;
	uint64_t imm;
};
#define SLOW(op, type, aux, imm)                       \
	{                                              \
		0, A64_FP_SLOW_IMM(op, type, aux, imm) \
	}
#define EXTRA(kind, es, parameter)                     \
	{                                              \
		1, A64_FPX_IMM(kind, es, 1, parameter) \
	}

enum op {
#define FPOP(name, assembly, format, call) OP_##name,
#include "ops.def"
#undef FPOP
	OPS
};
static const struct call calls[] = {
#define FPOP(name, assembly, format, call) call,
#include "ops.def"
#undef FPOP
};
static const char *const names[] = {
#define FPOP(name, assembly, format, call) #name,
#include "ops.def"
#undef FPOP
};

static const struct known {
	uint32_t op, fpcr;
	uint64_t a, b, c, result;
	uint32_t fpsr;
} table[] = {
#define KNOWN(op, fpcr, a, b, c, result, fpsr) {OP_##op, fpcr, a, b, c, result, fpsr},
#include "known.def"
#undef KNOWN
};

static void set_modes(struct vr_exec *x, uint32_t fpcr)
{
	x->fp_flags = 0;
	x->fp_round = fpcr >> 22 & 3;
	a64_of(x)->fpcr = fpcr;
	a64_of(x)->fpsr_qc = 0;
}

Test(fp, known_answers)
{
	struct vr_exec *x = exec();
	uint8_t seen[OPS] = {0};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct known *k = &table[i];
		const struct call *call = &calls[k->op];
		/* What lies above a scalar operand must not matter. */
		union vr_v128 a = {.d = {k->a, 0x7ff0000000000001}}, b = {.d = {k->b, 0x7f8000017f800001}},
			      c = {.d = {k->c, 0xfff0000000000001}}, d;

		set_modes(x, k->fpcr);
		memset(&d, 0xa5, sizeof(d));
		if (call->extra)
			a64_helper_fp_extra(x, &d, &a, &b, &c, call->imm);
		else
			a64_helper_fp_slow(x, &d, &a, &b, &c, call->imm);
		cr_expect(d.d[0] == k->result && d.d[1] == 0,
			  "%s fpcr %x (%llx, %llx, %llx) = %llx:%llx, not %llx", names[k->op], k->fpcr,
			  (unsigned long long)k->a, (unsigned long long)k->b, (unsigned long long)k->c,
			  (unsigned long long)d.d[1], (unsigned long long)d.d[0],
			  (unsigned long long)k->result);
		cr_expect(a64_fpsr_read(x) == k->fpsr, "%s fpcr %x (%llx, %llx, %llx): FPSR %x, not %x",
			  names[k->op], k->fpcr, (unsigned long long)k->a, (unsigned long long)k->b,
			  (unsigned long long)k->c, a64_fpsr_read(x), k->fpsr);
		seen[k->op] = 1;
	}
	for (unsigned i = 0; i < OPS; i++)
		cr_expect(seen[i], "%s has no known answer", names[i]);
}

/* fp_slow gives flags as a FLAGS register holds them. */
Test(fp, compare_packs_flags)
{
	static const struct {
		double a, b;
		uint64_t flags;
	} t[] = {
		{1, 2, VR_FLAG_N | VR_FLAG_NOT_C},
		{2, 2, VR_FLAG_Z},
		{3, 2, 0},
		{__builtin_nan(""), 2, VR_FLAG_V},
	};
	struct vr_exec *x = exec();

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		union vr_v128 a = {.f64 = {t[i].a, 0}}, b = {.f64 = {t[i].b, 0}}, d;

		set_modes(x, 0);
		a64_fp_slow(x, VR_IR_FCMP | VR_T_F64 << 16, 0, &d, &a, &b, NULL);
		cr_expect_eq(d.d[0], t[i].flags);
		cr_expect_eq(x->fp_flags, 0);
	}
}

/* The upper lanes of a V128 count, those of a V64 do not. */
Test(fp, lanes_by_type)
{
	struct vr_exec *x = exec();
	union vr_v128 a = {.f32 = {1, 2, 3, 4}}, b = {.f32 = {0, 0, 0, 0}}, d;

	set_modes(x, 0);
	a64_fp_slow(x, VR_IR_VFDIV | VR_T_V128 << 16 | 2u << 24, 0, &d, &a, &b, NULL);
	cr_expect(d.s[0] == 0x7f800000 && d.s[3] == 0x7f800000);
	a64_fp_slow(x, VR_IR_VFADD | VR_T_V64 << 16 | 2u << 24, 0, &d, &a, &a, NULL);
	cr_expect(d.f32[0] == 2 && d.f32[1] == 4 && d.d[1] == 0);
	cr_expect_eq(x->fp_flags, VR_FP_DIVZERO);
	b.f64[0] = 5;
	a.f64[0] = 3;
	a64_fp_slow(x, VR_IR_VFMADD | VR_T_V64 << 16 | 7u << 24, 0, &d, &a, &a, &b); /* 5 - 3 * 3 */
	cr_expect(d.f64[0] == -4 && d.d[1] == 0);
}
