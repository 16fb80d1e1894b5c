/* SPDX-License-Identifier: MIT */
/*
 * fallback.c: the ops that this processor may lack instructions for, called by generated code. The operations
 * themselves are in xlate/ir/crypto.c.
 */
#include <xlate/ir/crypto.h>

#include "emit.h"

void VR_CALL emit_fallback(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			   const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	(void)x, (void)imm;
	uint32_t aux = what >> 24;
	switch (what & 0xffff) {
	case VR_IR_CRC32:
		*d = (union vr_v128){
			.d = {xlate_crc32(a->s[0], b->d[0], 1u << (aux & 3),
					  aux & 4 ? XLATE_CRC32C_POLYNOMIAL : XLATE_CRC32_POLYNOMIAL),
			      0}};
		break;
	case VR_IR_VAESE:
		xlate_aes_encrypt(d, a, b);
		break;
	case VR_IR_VAESD:
		xlate_aes_decrypt(d, a, b);
		break;
	case VR_IR_VAESMC:
		xlate_aes_mix(d, a);
		break;
	case VR_IR_VAESIMC:
		xlate_aes_unmix(d, a);
		break;
	case VR_IR_VSHA256H:
		xlate_sha256_abcd(d, a, b, c);
		break;
	case VR_IR_VSHA256H2:
		xlate_sha256_efgh(d, b, a, c);
		break;
	case VR_IR_VSHA256SU0:
		xlate_sha256_schedule0(d, a, b);
		break;
	case VR_IR_VSHA256SU1:
		xlate_sha256_schedule1(d, a, b, c);
		break;
	case VR_IR_VPMULL64:
		xlate_polynomial_product(d, a->d[0], b->d[0]);
		break;
	default:
		*d = (union vr_v128){.d = {0, 0}};
	}
}
