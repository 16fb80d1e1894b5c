/* SPDX-License-Identifier: MIT */
/* helpers_fp.h: prototypes of helpers_fp.def. */
#ifndef VR_XLATE_A64_HELPERS_FP_H
#define VR_XLATE_A64_HELPERS_FP_H

#include <vmrun/isa.h>

uint64_t VR_CALL a64_helper_fpcr_write(struct vr_exec *x, uint64_t value, uint64_t b, uint64_t c);

/* The rest are vector helpers. */
#define A64_VHELPER(name)                                                                           \
	void VR_CALL a64_helper_##name(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a, \
				       const union vr_v128 *b, const union vr_v128 *c, uint64_t imm);
A64_VHELPER(fp_slow)
A64_VHELPER(fp_extra)
A64_VHELPER(simd_qadd)
A64_VHELPER(simd_qsub)
A64_VHELPER(simd_qadd_mixed)
A64_VHELPER(simd_shl)
A64_VHELPER(simd_qshl_imm)
A64_VHELPER(simd_qnarrow)
A64_VHELPER(simd_qdmulh)
A64_VHELPER(simd_qrdmlah)
A64_VHELPER(simd_qdmull)
A64_VHELPER(simd_qabs)
A64_VHELPER(simd_count)
A64_VHELPER(simd_pmul)
A64_VHELPER(simd_pmull8)
A64_VHELPER(simd_estimate)
A64_VHELPER(simd_ld3)
A64_VHELPER(simd_st3)
A64_VHELPER(simd_sha1)
A64_VHELPER(simd_sha1su)
#undef A64_VHELPER

#endif
