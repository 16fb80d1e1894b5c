/* SPDX-License-Identifier: MIT */
/* test_simd.c: the integer SIMD helpers at their limits: saturation, QC, shifts beyond the lane, halves. */
#include <criterion/criterion.h>

#include "isa/arm64/helpers_fp.h"
#include "isa/arm64/simd_lanes.h"

static struct vr_exec *exec(void)
{
	static union {
		struct vr_exec x;
		uint8_t bytes[VR_EXEC_STATE + sizeof(struct a64_state)];
	} u __attribute__((aligned(64)));

	return &u.x;
}

typedef void(VR_CALL *helper)(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
			      const union vr_v128 *b, const union vr_v128 *c, uint64_t imm);

/* Runs h on the low lanes and checks result, zeros above, and QC. */
static void check(int line, helper h, uint64_t a, uint64_t b, uint64_t c, uint64_t imm, uint64_t want, int qc)
{
	struct vr_exec *x = exec();
	union vr_v128 va = {.d = {a, ~a}}, vb = {.d = {b, ~b}}, vc = {.d = {c, ~c}}, d;

	a64_of(x)->fpsr_qc = 0;
	memset(&d, 0x5a, sizeof(d));
	h(x, &d, &va, &vb, &vc, imm);
	cr_expect(d.d[0] == want && d.d[1] == 0, "line %d: %016llx%016llx, not %016llx", line,
		  (unsigned long long)d.d[1], (unsigned long long)d.d[0], (unsigned long long)want);
	cr_expect(a64_of(x)->fpsr_qc == (qc ? A64_FPSR_QC : 0), "line %d: QC", line);
}
#define CHECK(h, a, b, c, imm, want, qc) check(__LINE__, a64_helper_simd_##h, a, b, c, imm, want, qc)

Test(simd, saturating_sums)
{
	CHECK(qadd, 0x7f80, 0x0180, 0, A64_SIMD_IMM(0, 8, 0, 0), 0x7f80, 1);
	CHECK(qadd, 0xff, 0x01, 0, A64_SIMD_IMM(0, 8, 1, 0), 0xff, 1);
	CHECK(qadd, 0x7ffffffffffffffe, 1, 0, A64_SIMD_IMM(3, 1, 0, 0), INT64_MAX, 0);
	CHECK(qadd, 0x7fffffffffffffff, 1, 0, A64_SIMD_IMM(3, 1, 0, 0), INT64_MAX, 1);
	CHECK(qsub, 0, 1, 0, A64_SIMD_IMM(3, 1, 1, 0), 0, 1);
	CHECK(qsub, 0x8000000000000000, 1, 0, A64_SIMD_IMM(3, 1, 0, 0), 0x8000000000000000, 1);
	/* SUQADD: -1 + 255 (clamped); USQADD: 1 + -2 */
	CHECK(qadd_mixed, 0xff, 0xff, 0, A64_SIMD_IMM(0, 1, 0, 0), 0x7f, 1);
	CHECK(qadd_mixed, 0x01, 0xfe, 0, A64_SIMD_IMM(0, 1, 1, 0), 0, 1);
	/* a scalar's neighbours neither count nor stay */
	CHECK(qadd, 0x7fff0001, 0x7fff0001, 0, A64_SIMD_IMM(1, 1, 0, 0), 2, 0);
}

Test(simd, variable_shifts)
{
	const uint32_t both = A64_SHL_ROUND | A64_SHL_SATURATE;

	CHECK(shl, 0x8000000000000000, 0x80, 0, A64_SIMD_IMM(3, 1, 0, 0), UINT64_MAX, 0); /* SSHL by -128 */
	CHECK(shl, 0x8000000000000000, 0x80, 0, A64_SIMD_IMM(3, 1, 1, 0), 0, 0);          /* USHL by -128 */
	CHECK(shl, 0x8000000000000000, 0xc0, 0, A64_SIMD_IMM(3, 1, 1, A64_SHL_ROUND), 1,
	      0); /* URSHL by -64 */
	CHECK(shl, 0xffffffffffffffff, 0xbf, 0, A64_SIMD_IMM(3, 1, 1, A64_SHL_ROUND), 0, 0); /* by -65 */
	CHECK(shl, 1, 0x7f, 0, A64_SIMD_IMM(3, 1, 0, 0), 0, 0);
	CHECK(shl, 1, 0x7f, 0, A64_SIMD_IMM(3, 1, 0, A64_SHL_SATURATE), INT64_MAX, 1);
	CHECK(shl, 0, 0x7f, 0, A64_SIMD_IMM(3, 1, 0, A64_SHL_SATURATE), 0, 0);
	CHECK(shl, 0x80, 0x01, 0, A64_SIMD_IMM(0, 1, 0, both), 0x80, 1);
	CHECK(shl, 0x81, 0xff, 0, A64_SIMD_IMM(0, 1, 0, both), 0xc1, 0); /* -127 / 2 rounds to -63 */
	CHECK(qshl_imm, 0xff, 0, 0, A64_SIMD_IMM(0, 1, 0, 1 | A64_QSHL_TO_UNSIGNED), 0, 1); /* SQSHLU of -1 */
	CHECK(qshl_imm, 0x7f, 0, 0, A64_SIMD_IMM(0, 1, 0, 1 | A64_QSHL_TO_UNSIGNED), 0xfe, 0);
}

Test(simd, products)
{
	CHECK(qdmulh, 0x8000, 0x8000, 0, A64_SIMD_IMM(1, 1, 0, 0), 0x7fff, 1);
	CHECK(qdmulh, 0x80000000, 0x80000000, 0, A64_SIMD_IMM(2, 1, 0, 1), 0x7fffffff, 1);
	CHECK(qdmulh, 0x4000, 0x0001, 0, A64_SIMD_IMM(1, 1, 0, 1), 1, 0); /* rounds one half up */
	CHECK(qrdmlah, 0x8000, 0x8000, 0x8000, A64_SIMD_IMM(1, 1, 0, 0), 0, 0);
	CHECK(qrdmlah, 0x8000, 0x8000, 0x8000, A64_SIMD_IMM(1, 1, 0, 1), 0x8000, 1);
	CHECK(qdmull, 0x8000, 0x8000, 0, A64_SIMD_IMM(1, 1, 0, 0), 0x7fffffff, 1);
	/* the product saturates first, then the sum does not */
	CHECK(qdmull, 0x8000, 0x8000, 0xffffffff, A64_SIMD_IMM(1, 1, 0, A64_QDMULL_ADD), 0x7ffffffe, 1);
	CHECK(qdmull, 2, 3, 20, A64_SIMD_IMM(1, 1, 0, A64_QDMULL_SUB), 8, 0);
	CHECK(pmul, 0x53, 0xca, 0, A64_SIMD_IMM(0, 1, 0, 0), 0x7e, 0);
}

Test(simd, narrowing)
{
	struct vr_exec *x = exec();
	union vr_v128 a = {.h = {0x7fff, 0x8000, 0xff80, 0x007f, 1, 2, 3, 4}},
		      old = {.d = {0x1122334455667788, 9}}, d;

	a64_of(x)->fpsr_qc = 0;
	a64_helper_simd_qnarrow(x, &d, &a, NULL, NULL, A64_SIMD_IMM(0, 8, 0, 0)); /* SQXTN */
	cr_expect(d.d[0] == 0x040302017f80807f && d.d[1] == 0);
	cr_expect_eq(a64_of(x)->fpsr_qc, A64_FPSR_QC);
	a64_helper_simd_qnarrow(x, &d, &a, NULL, &old,
				A64_SIMD_IMM(0, 8, 0, A64_QNARROW_TO_UNSIGNED | A64_QNARROW_UPPER));
	cr_expect(d.d[0] == 0x1122334455667788 && d.d[1] == 0x040302017f0000ff);
	/* SQRSHRN #8: 0x7fff rounds up past the largest */
	a64_of(x)->fpsr_qc = 0;
	a64_helper_simd_qnarrow(x, &d, &a, NULL, NULL, A64_SIMD_IMM(0, 1, 0, 8 | A64_QNARROW_ROUND));
	cr_expect(d.d[0] == 0x7f && a64_of(x)->fpsr_qc == A64_FPSR_QC);
}

Test(simd, counts)
{
	CHECK(count, 0x00ff, 0, 0, A64_SIMD_IMM(1, 1, 0, A64_COUNT_CLZ), 8, 0);
	CHECK(count, 0, 0, 0, A64_SIMD_IMM(2, 1, 0, A64_COUNT_CLZ), 32, 0);
	CHECK(count, 0, 0, 0, A64_SIMD_IMM(2, 1, 0, A64_COUNT_CLS), 31, 0);
	CHECK(count, 0xff, 0, 0, A64_SIMD_IMM(0, 1, 0, A64_COUNT_CLS), 7, 0);
	CHECK(count, 0x40, 0, 0, A64_SIMD_IMM(0, 1, 0, A64_COUNT_CLS), 0, 0);
	CHECK(count, 0x35, 0, 0, A64_SIMD_IMM(0, 1, 0, A64_COUNT_RBIT), 0xac, 0);
}

/* Three-element structures there and back. */
Test(simd, triples)
{
	for (unsigned es = 0; es < 4; es++) {
		struct vr_exec *x = exec();
		const unsigned lanes = 16u >> es;
		union vr_v128 in[3], reg[3], out[3];

		for (unsigned i = 0; i < 48; i++)
			in[i / 16].b[i % 16] = (uint8_t)(i * 5 + 1);
		for (unsigned k = 0; k < 3; k++)
			a64_helper_simd_ld3(x, &reg[k], &in[0], &in[1], &in[2],
					    A64_SIMD_IMM(es, lanes, 0, k));
		cr_expect_eq(a64_lane(&reg[1], es, 0), a64_lane(&in[(1u << es) / 16], es, 1 % lanes));
		for (unsigned k = 0; k < 3; k++)
			a64_helper_simd_st3(x, &out[k], &reg[0], &reg[1], &reg[2],
					    A64_SIMD_IMM(es, lanes, 0, k));
		cr_expect(memcmp(in, out, sizeof(in)) == 0, "lanes of %u bytes", 1u << es);
	}
}
