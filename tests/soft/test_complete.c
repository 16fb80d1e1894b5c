/* SPDX-License-Identifier: MIT */
/* test_complete.c: tables of translators that end too early. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fake_isa.h"

/* The first `size` bytes of a table in memory of their own, so that ASan finds a read after them. */
static void *cut(const void *table, size_t whole, uint32_t size)
{
	uint8_t *copy = malloc(size);

	memset(copy, 0x5a, size);
	memcpy(copy, table, size < whole ? size : whole);
	memcpy(copy, &size, sizeof(size));
	return copy;
}

static void isa_lacks(size_t size, const char *name)
{
	struct vr_isa *isa = cut(&fake_isa, sizeof(fake_isa), (uint32_t)size);
	const char *got = soft_isa_lacks(isa);

	cr_expect(name ? got && !strcmp(got, name) : !got, "%zu bytes: %s", size, got ? got : "nothing");
	free(isa);
}

Test(complete, isa)
{
	isa_lacks(sizeof(fake_isa), NULL);
	isa_lacks(sizeof(fake_isa) + 64, NULL);
	isa_lacks(offsetof(struct vr_isa, fp_slow), "vr_isa.fp_slow");
	isa_lacks(offsetof(struct vr_isa, fp_slow) + 1, "vr_isa.fp_slow");
	isa_lacks(offsetof(struct vr_isa, lift), "vr_isa.lift");
	isa_lacks(sizeof(uint32_t), "vr_isa.guest_regs");
}

Test(complete, emit)
{
	const struct vr_emit emit = {.size = sizeof(emit)};

	cr_expect_str_eq(soft_emit_lacks(&emit), "vr_emit.probe");
}
