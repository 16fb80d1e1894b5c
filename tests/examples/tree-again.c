/* SPDX-License-Identifier: MIT */
/* A guest that looks for sdk/examples/sp805 in the device tree, wipes the tree and resets: the board has written it again. */
#include "guest.h"

#define MARK UINT64_C(0x7472656561676e21)
#define MAGIC UINT32_C(0xd00dfeed) /* Devicetree Specification 0.4, 5.2 */
#define PAGE UINT64_C(0x1000)
#define FAR UINT64_C(0x2000000)

static uint32_t big_endian(const volatile uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* It begins on a page after this program. */
static volatile uint8_t *find_tree(void)
{
	uint64_t from = (uint64_t)(uintptr_t)guest_main & ~(PAGE - 1);

	for (uint64_t a = from; a < from + FAR; a += PAGE)
		if (big_endian((volatile uint8_t *)(uintptr_t)a) == MAGIC)
			return (volatile uint8_t *)(uintptr_t)a;
	return 0;
}

static unsigned count(const volatile uint8_t *tree, uint32_t size, const char *word)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t k = 0;

		while (word[k] && i + k < size && tree[i + k] == (uint8_t)word[k])
			k++;
		n += !word[k];
	}
	return n;
}

int guest_main(void)
{
	uint64_t boots = arch_kept[0] == MARK ? arch_kept[1] : 0;
	volatile uint8_t *tree = find_tree();
	uint32_t size = tree ? big_endian(tree + 4) : 0;

	CHECK(tree, "there is a device tree");
	SAME("the device's node", count(tree, size, "watchdog@"), 1);
	SAME("its compatible", count(tree, size, "arm,sp805"), 1);
	SAME("its clocks' names", count(tree, size, "wdog_clk"), 1);
	if (boots < 2) {
		for (uint32_t i = 0; i < size; i++)
			tree[i] = 0;
		CHECK(!find_tree(), "it is gone");
		arch_kept[0] = MARK;
		arch_kept[1] = boots + 1;
		arch_reset(0);
	}
	arch_kept[0] = 0;
	put("boots ");
	put_hex(boots + 1);
	put("\n");
	return 0;
}
