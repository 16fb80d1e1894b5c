/* SPDX-License-Identifier: MIT */
/* lift_simd_crypto.c: AES, SHA1 and SHA256 (C4.1.6: Cryptographic AES, three-register SHA, two-register SHA).
 */
#include "lift_simd.h"

int a64_lift_simd_aes(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t d, n;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc < 4 || f->opc > 7)
		return 0;
	n = a64_get_v(l, f->rn, VR_T_V128);
	if (f->opc & 2) {
		d = vr_ir_op1(l->ir, f->opc & 1 ? VR_IR_VAESIMC : VR_IR_VAESMC, VR_T_V128, n);
	} else {
		d = a64_get_v(l, f->rd, VR_T_V128);
		d = vr_ir_op2(l->ir, f->opc & 1 ? VR_IR_VAESD : VR_IR_VAESE, VR_T_V128, d, n);
	}
	a64_put_v(l, f->rd, VR_T_V128, d);
	return 1;
}

int a64_lift_simd_sha3(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t d, n, m, r;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc == 7)
		return 0;
	d = a64_get_v(l, f->rd, VR_T_V128);
	n = a64_get_v(l, f->rn, VR_T_V128);
	m = a64_get_v(l, f->rm, VR_T_V128);
	switch (f->opc) {
	case 0: /* SHA1C, SHA1P, SHA1M: numbered as A64_SHA1_* */
	case 1:
	case 2:
		r = a64_vcall(l, A64_H_simd_sha1, d, n, m, A64_SIMD_IMM(2, 4, 0, f->opc));
		break;
	case 3: /* SHA1SU0 */
		r = vr_ir_add(l->ir, VR_IR_VEXT, VR_T_V128, 0, d, n, 0, 8);
		r = vr_ir_op2(l->ir, VR_IR_VXOR, VR_T_V128, vr_ir_op2(l->ir, VR_IR_VXOR, VR_T_V128, r, d), m);
		break;
	case 4:
		r = vr_ir_op3(l->ir, VR_IR_VSHA256H, VR_T_V128, d, n, m);
		break;
	case 5:
		r = vr_ir_op3(l->ir, VR_IR_VSHA256H2, VR_T_V128, d, n, m);
		break;
	default:
		r = vr_ir_op3(l->ir, VR_IR_VSHA256SU1, VR_T_V128, d, n, m);
		break;
	}
	a64_put_v(l, f->rd, VR_T_V128, r);
	return 1;
}

int a64_lift_simd_sha2(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t d, n, r;

	if (!a64_lift_fp_check(l))
		return 1;
	if (f->opc > 2)
		return 0;
	if (f->opc == 0) { /* SHA1H: rotated left by 30 */
		r = vr_ir_op1(l->ir, VR_IR_FTOBITS, VR_T_I32, a64_get_v(l, f->rn, VR_T_F32));
		r = vr_ir_op2(l->ir, VR_IR_ROR, VR_T_I32, r, vr_ir_const(l->ir, VR_T_I32, 2));
		a64_put_v(l, f->rd, VR_T_F32, vr_ir_op1(l->ir, VR_IR_FFROMI, VR_T_F32, r));
		return 1;
	}
	d = a64_get_v(l, f->rd, VR_T_V128);
	n = a64_get_v(l, f->rn, VR_T_V128);
	if (f->opc == 1)
		r = a64_vcall(l, A64_H_simd_sha1su, d, n, 0, A64_SIMD_IMM(2, 4, 0, 0));
	else
		r = vr_ir_op2(l->ir, VR_IR_VSHA256SU0, VR_T_V128, d, n);
	a64_put_v(l, f->rd, VR_T_V128, r);
	return 1;
}
