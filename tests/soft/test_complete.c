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

static void lacks(size_t size, const char *name)
{
	struct vr_isa *isa = cut(&fake_isa, sizeof(fake_isa), (uint32_t)size);
	const struct vr_translator t = {.size = sizeof(t), .isa = isa};
	const char *got = soft_translator_lacks(&t);

	cr_expect(name ? got && !strcmp(got, name) : !got, "%zu bytes: %s", size, got ? got : "nothing");
	free(isa);
}

Test(complete, isa)
{
	lacks(sizeof(fake_isa), NULL);
	lacks(sizeof(fake_isa) + 64, NULL);
	lacks(offsetof(struct vr_isa, fp_slow), "vr_isa.fp_slow");
	lacks(offsetof(struct vr_isa, fp_slow) + 1, "vr_isa.fp_slow");
	lacks(offsetof(struct vr_isa, lift), "vr_isa.lift");
	lacks(sizeof(uint32_t), "vr_isa.guest_regs");
}

Test(complete, translator)
{
	const struct vr_translator none = {.size = sizeof(none)};
	struct vr_translator *shorter;
	const struct vr_translator whole = {.size = sizeof(whole), .isa = &fake_isa};

	cr_expect_str_eq(soft_translator_lacks(&none), "vr_translator.isa");
	/* A table without the member `emit` is interpreted. */
	shorter = cut(&whole, sizeof(whole), offsetof(struct vr_translator, emit));
	cr_expect_null(soft_translator_lacks(shorter));
	free(shorter);
}

Test(complete, emit)
{
	struct vr_emit emit = {.size = sizeof(emit)};
	const struct vr_translator t = {.size = sizeof(t), .isa = &fake_isa, .emit = &emit};

	cr_expect_str_eq(soft_translator_lacks(&t), "vr_emit.probe");
}
