/* SPDX-License-Identifier: MIT */
/* description.c: a target description (gdb's manual, appendix "Target Descriptions") out of the table of
 * registers. The ABI is "none": with that of an operating system gdb would step by breakpoints of its own on
 * some architectures, which other vCPUs run into. */
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "gdb/session.h"

static const struct vr_register_feature *feature_at(const struct vr_registers *r, uint32_t i)
{
	return (const void *)((const uint8_t *)r->features + (size_t)i * r->feature_stride);
}

static const struct vr_register *register_at(const struct vr_registers *r,
					     const struct vr_register_feature *f, uint32_t i)
{
	return (const void *)((const uint8_t *)f->registers + (size_t)i * r->register_stride);
}

const struct vr_register *gdb_register(const struct gdb *g, uint64_t n, bool *general)
{
	const struct vr_registers *r = g->registers;

	for (uint32_t i = 0; i < r->feature_count; i++) {
		const struct vr_register_feature *f = feature_at(r, i);

		if (n < f->count) {
			*general = f->flags & VR_REGISTERS_GENERAL;
			return register_at(r, f, (uint32_t)n);
		}
		n -= f->count;
	}
	return NULL;
}

int32_t gdb_describe(struct gdb *g)
{
	const struct vr_registers *r = g->registers;
	uint32_t number = 0, wrong = 0;
	const struct vr_register *pc;
	bool general;
	size_t length;
	FILE *to = open_memstream(&g->description, &length);

	if (!to)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	fprintf(to,
		"<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
		"<architecture>%s</architecture><osabi>none</osabi>",
		r->architecture);
	for (uint32_t i = 0; i < r->feature_count; i++) {
		const struct vr_register_feature *f = feature_at(r, i);

		fprintf(to, "<feature name=\"%s\">%s", f->name, f->types ? f->types : "");
		for (uint32_t k = 0; k < f->count; k++) {
			const struct vr_register *one = register_at(r, f, k);

			wrong += one->bits % 8 || !one->bits || one->bits > VR_REGISTER_BITS;
			fprintf(to, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"", one->name,
				one->bits, one->type, number++);
			if (one->group)
				fprintf(to, " group=\"%s\"", one->group);
			fprintf(to, "/>");
		}
		fprintf(to, "</feature>");
	}
	fprintf(to, "</target>");
	g->register_count = number;
	if (fclose(to) || !g->description)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	pc = gdb_register(g, r->pc, &general);
	wrong += !pc || pc->bits != 64;
	return wrong ? vr_error_set(VR_E_ABI, "--gdb: %u registers of %s have an impossible width", wrong,
				    r->arch)
		     : VR_OK;
}
