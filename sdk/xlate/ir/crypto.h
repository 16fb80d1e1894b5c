/* SPDX-License-Identifier: MIT */
/*
 * crypto.h: what the IR's cryptographic ops compute, in C: for the interpreter, and for emitters whose host
 * may lack the instructions. Each function may be called with d equal to one of its operands.
 */
#ifndef VR_XLATE_IR_CRYPTO_H
#define VR_XLATE_IR_CRYPTO_H

#include <stdint.h>
#include <vmrun/isa.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CRC32: `bytes` bytes of data, the lowest first; the polynomial is bit-reversed. */
uint32_t xlate_crc32(uint32_t crc, uint64_t data, uint32_t bytes, uint32_t polynomial);
#define XLATE_CRC32_POLYNOMIAL 0xedb88320u
#define XLATE_CRC32C_POLYNOMIAL 0x82f63b78u

/* VAESE, VAESD: AddRoundKey, then ShiftRows and SubBytes, or their inverses. */
void xlate_aes_encrypt(union vr_v128 *d, const union vr_v128 *a, const union vr_v128 *key);
void xlate_aes_decrypt(union vr_v128 *d, const union vr_v128 *a, const union vr_v128 *key);
/* VAESMC, VAESIMC: MixColumns, or its inverse. */
void xlate_aes_mix(union vr_v128 *d, const union vr_v128 *a);
void xlate_aes_unmix(union vr_v128 *d, const union vr_v128 *a);

/* VSHA256H, VSHA256H2: four rounds on abcd and efgh; d gets the new abcd, or the new efgh. */
void xlate_sha256_abcd(union vr_v128 *d, const union vr_v128 *abcd, const union vr_v128 *efgh,
		       const union vr_v128 *words);
void xlate_sha256_efgh(union vr_v128 *d, const union vr_v128 *abcd, const union vr_v128 *efgh,
		       const union vr_v128 *words);
/* VSHA256SU0, VSHA256SU1: the message schedule. */
void xlate_sha256_schedule0(union vr_v128 *d, const union vr_v128 *a, const union vr_v128 *b);
void xlate_sha256_schedule1(union vr_v128 *d, const union vr_v128 *a, const union vr_v128 *b,
			    const union vr_v128 *c);

/* VPMULL64: the 128-bit product of polynomials over GF(2). */
void xlate_polynomial_product(union vr_v128 *d, uint64_t a, uint64_t b);

#ifdef __cplusplus
}
#endif

#endif
