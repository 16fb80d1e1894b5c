/* SPDX-License-Identifier: MIT */
/* RAM in all sizes, aligned or not, and device registers in every width this machine has. */
#include "guest.h"

static volatile union {
	uint8_t b[32];
	uint16_t h[16];
	uint32_t w[8];
	uint64_t d[4];
} memory;

static void ram(void)
{
	memory.d[0] = 0x8877665544332211;
	memory.d[1] = 0;
	SAME("ram-read-8", memory.b[3], 0x44);
	SAME("ram-read-16", memory.h[1], 0x4433);
	SAME("ram-read-32", memory.w[1], 0x88776655);
	memory.b[1] = 0xaa;
	memory.h[1] = 0xbbcc;
	memory.w[1] = 0xdeadbeef;
	SAME("ram-write", memory.d[0], 0xdeadbeefbbccaa11);
	SAME("ram-read-signed", (int64_t) * (volatile int8_t *)&memory.b[1], (int64_t)-0x56);
	mmio_write((uintptr_t)memory.b + 5, 8, 0x0102030405060708);
	SAME("ram-unaligned-write", memory.d[0], 0x060708efbbccaa11);
	SAME("ram-unaligned-read", mmio_read((uintptr_t)memory.b + 3, 8), 0x030405060708efbb);
}

int guest_main(void)
{
	ram();
	for (const struct reg *r = arch_regs; r->address; r++) {
		if (r->keep) {
			uint64_t a = 0x5aa5965a3cc3f00f & r->mask, b, c;

			arch_reg_write(r, a);
			b = arch_reg_read(r) & r->mask;
			arch_reg_write(r, ~a);
			c = ~arch_reg_read(r) & r->mask;
			SAME(r->name, b, a);
			SAME(r->name, c, a);
		} else {
			SAME(r->name, arch_reg_read(r) & r->mask, r->value);
			arch_reg_write(r, 0);
			SAME(r->name, arch_reg_read(r) & r->mask, r->value);
		}
	}
	return 0;
}
