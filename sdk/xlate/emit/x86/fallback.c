/* SPDX-License-Identifier: MIT */
/* fallback.c: in C, what this processor may lack instructions for. Slow, and only called then. */
#include "em.h"

static uint32_t crc32(uint32_t crc, uint64_t data, uint32_t bytes, uint32_t polynomial)
{
	for (uint32_t n = 0; n < bytes * 8; n++) {
		uint32_t bit = (crc ^ (uint32_t)(data >> n)) & 1;
		crc = crc >> 1 ^ (bit ? polynomial : 0);
	}
	return crc;
}

/* FIPS 197: GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
static uint8_t gf_mul(uint8_t a, uint8_t b)
{
	uint8_t r = 0;
	for (; b; b >>= 1) {
		if (b & 1)
			r ^= a;
		a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
	}
	return r;
}

static uint8_t gf_inverse(uint8_t a)
{
	uint8_t r = 1;
	for (uint32_t n = 0; n < 254; n++)
		r = gf_mul(r, a);
	return r;
}

static uint8_t rotl8(uint8_t a, uint32_t n)
{
	return (uint8_t)(a << n | a >> (8 - n));
}

static uint8_t sub_byte(uint8_t a)
{
	uint8_t b = gf_inverse(a);
	return (uint8_t)(b ^ rotl8(b, 1) ^ rotl8(b, 2) ^ rotl8(b, 3) ^ rotl8(b, 4) ^ 0x63);
}

static uint8_t inv_sub_byte(uint8_t a)
{
	return gf_inverse((uint8_t)(rotl8(a, 1) ^ rotl8(a, 3) ^ rotl8(a, 6) ^ 0x05));
}

static union vr_v128 aes_sub_shift(const union vr_v128 *a, const union vr_v128 *b, bool inverse)
{
	union vr_v128 r;
	for (uint32_t col = 0; col < 4; col++)
		for (uint32_t row = 0; row < 4; row++) {
			uint32_t from = 4 * ((inverse ? col - row : col + row) & 3) + row;
			uint8_t x = (uint8_t)(a->b[from] ^ b->b[from]);
			r.b[4 * col + row] = inverse ? inv_sub_byte(x) : sub_byte(x);
		}
	return r;
}

static union vr_v128 aes_mix(const union vr_v128 *a, bool inverse)
{
	static const uint8_t k[2][4] = {{2, 3, 1, 1}, {14, 11, 13, 9}};
	union vr_v128 r;
	for (uint32_t col = 0; col < 4; col++)
		for (uint32_t row = 0; row < 4; row++) {
			uint8_t x = 0;
			for (uint32_t n = 0; n < 4; n++)
				x ^= gf_mul(a->b[4 * col + ((row + n) & 3)], k[inverse][n]);
			r.b[4 * col + row] = x;
		}
	return r;
}

static uint32_t ror(uint32_t a, uint32_t n)
{
	return a >> n | a << (32 - n);
}

/* FIPS 180-4, four rounds; x = abcd, y = efgh. */
static void sha256(uint32_t x[4], uint32_t y[4], const uint32_t w[4])
{
	for (uint32_t n = 0; n < 4; n++) {
		uint32_t ch = (y[0] & y[1]) ^ (~y[0] & y[2]),
			 maj = (x[0] & x[1]) ^ (x[0] & x[2]) ^ (x[1] & x[2]);
		uint32_t t = y[3] + (ror(y[0], 6) ^ ror(y[0], 11) ^ ror(y[0], 25)) + ch + w[n];
		uint32_t u = (ror(x[0], 2) ^ ror(x[0], 13) ^ ror(x[0], 22)) + maj;
		uint32_t e = x[3] + t;
		y[3] = y[2];
		y[2] = y[1];
		y[1] = y[0];
		y[0] = e;
		x[3] = x[2];
		x[2] = x[1];
		x[1] = x[0];
		x[0] = t + u;
	}
}

static uint32_t sigma0(uint32_t a)
{
	return ror(a, 7) ^ ror(a, 18) ^ a >> 3;
}

static uint32_t sigma1(uint32_t a)
{
	return ror(a, 17) ^ ror(a, 19) ^ a >> 10;
}

void VR_CALL x86_fallback(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			  const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	(void)x, (void)imm;
	uint32_t aux = what >> 24;
	union vr_v128 r = {.d = {0, 0}}, s = {.d = {0, 0}};
	switch (what & 0xffff) {
	case VR_IR_CRC32:
		r.d[0] = crc32(a->s[0], b->d[0], 1u << (aux & 3), aux & 4 ? 0x82f63b78 : 0xedb88320);
		break;
	case VR_IR_VAESE:
		r = aes_sub_shift(a, b, false);
		break;
	case VR_IR_VAESD:
		r = aes_sub_shift(a, b, true);
		break;
	case VR_IR_VAESMC:
		r = aes_mix(a, false);
		break;
	case VR_IR_VAESIMC:
		r = aes_mix(a, true);
		break;
	case VR_IR_VSHA256H:
		r = *a;
		s = *b;
		sha256(r.s, s.s, c->s);
		break;
	case VR_IR_VSHA256H2:
		s = *b;
		r = *a;
		sha256(s.s, r.s, c->s);
		break;
	case VR_IR_VSHA256SU0:
		for (uint32_t n = 0; n < 4; n++)
			r.s[n] = a->s[n] + sigma0(n < 3 ? a->s[n + 1] : b->s[0]);
		break;
	case VR_IR_VSHA256SU1:
		for (uint32_t n = 0; n < 4; n++)
			r.s[n] = a->s[n] + (n < 3 ? b->s[n + 1] : c->s[0]) +
				 sigma1(n < 2 ? c->s[n + 2] : r.s[n - 2]);
		break;
	case VR_IR_VPMULL64:
		for (uint32_t n = 0; n < 64; n++)
			if (b->d[0] >> n & 1) {
				r.d[0] ^= a->d[0] << n;
				r.d[1] ^= n ? a->d[0] >> (64 - n) : 0;
			}
		break;
	default:
		break;
	}
	*d = r;
}
