/* SPDX-License-Identifier: MIT */
/*
 * mmu.c: Sv39 and Sv48 translation (vol. II, "Sv39", "Sv48", "Virtual Address Translation Process").
 *
 * A leaf without A, or one without D that is to be written, is a page fault ("Svade") or, with menvcfg.ADUE,
 * gets the bit ("Svadu"): by one exchange of the entry as it was checked; if another hart changed it in
 * between, the walk begins again. A load gets no right to write through an entry without D, so the first
 * store comes here as well. Svnapot and Svpbmt are not there: their bits are reserved.
 *
 * The tables' entries and the page itself have to pass physical memory protection (pmp.c): what that refuses
 * is an access fault of the access that was to be made, and is found out before the entry is marked.
 */
#include <xlate/large_page_filter.h>

#include "system.h"

#define PTE_V (1ull << 0)
#define PTE_R (1ull << 1)
#define PTE_W (1ull << 2)
#define PTE_X (1ull << 3)
#define PTE_U (1ull << 4)
#define PTE_G (1ull << 5)
#define PTE_A (1ull << 6)
#define PTE_D (1ull << 7)
#define PTE_RESERVED (0x3ffull << 54)
#define PTE_PPN(pte) ((pte) >> 10 & 0xfffffffffffull)

#define READ (1u << VR_ACCESS_READ)
#define WRITE (1u << VR_ACCESS_WRITE)
#define EXECUTE (1u << VR_ACCESS_EXECUTE)

void rv_flush_range(struct vr_exec *x, uint64_t va, uint64_t bytes, uint64_t *first, uint64_t *length)
{
	const struct large_page_filter *large_pages = &isa_vm_of(x)->large_pages;
	uint64_t begin, end, size;

	xlate_large_page_range(large_pages, va, 12, first, length);
	if (bytes <= 1 || va + (bytes - 1) < va)
		return;
	begin = *first;
	xlate_large_page_range(large_pages, va + (bytes - 1), 12, &end, &size);
	*first = begin;
	*length = end + size - begin;
}

/* What a leaf allows in `mode`; *with_sum: in S-mode, what a user page allows with mstatus.SUM. */
static uint32_t rights_of(const struct rv_state *s, uint64_t pte, uint32_t mode, uint32_t access,
			  uint32_t *with_sum)
{
	uint32_t user = (pte & PTE_U) != 0, rights = 0;

	*with_sum = 0;
	if (!(pte & PTE_A))
		return 0;
	if (pte & PTE_R || (pte & PTE_X && s->mstatus & MSTATUS_MXR))
		rights |= READ;
	if ((pte & PTE_W) && (pte & PTE_D))
		rights |= WRITE;
	if (user && mode == RV_SUPERVISOR)
		*with_sum = rights;
	if (user != (mode == RV_USER))
		rights = 0;
	/* S-mode never executes what U-mode may. */
	if (access == VR_ACCESS_EXECUTE && (pte & PTE_X) && user == (mode == RV_USER))
		rights |= EXECUTE;
	return rights;
}

/* The leaf as this access wants it. */
static uint64_t marked_for(struct vr_exec *x, uint64_t pte, uint32_t access)
{
	if (!(rv_of(x)->menvcfg & MENVCFG_ADUE) || !VR_HAS(x->env, exchange))
		return pte;
	return pte | PTE_A | (access == VR_ACCESS_WRITE && (pte & PTE_W) ? PTE_D : 0);
}

int32_t VR_CALL rv_translate(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
			     struct vr_translation *out)
{
	const struct rv_state *s = rv_of(x);
	uint32_t mode = s->mode, scheme = (uint32_t)(s->satp >> SATP_MODE_SHIFT);

	(void)flags;
	if (access != VR_ACCESS_EXECUTE && (x->mode_flags & RV_MODE_MPRV))
		mode = x->mode_flags >> RV_MODE_MPP_SHIFT & 3;
	out->user_rights = 0;
	if (mode == RV_MACHINE || scheme == SATP_BARE) {
		if (va >> 56)
			return RV_FAULT_ACCESS;
		out->rights = rv_pmp_rights(s, va, mode);
		out->global = 1;
		out->physical = va;
		out->page_size = rv_pmp_open(s, mode) ? 1ull << 30 : 4096;
		return out->rights >> access & 1 ? 0 : RV_FAULT_ACCESS;
	}

	uint32_t levels = scheme == SATP_SV48 ? 4 : 3, low = 12 + 9 * (levels - 1);
	uint32_t unused = 64 - (low + 9);
	uint64_t table = (s->satp & 0xfffffffffffull) << 12;

	if ((uint64_t)((int64_t)(va << unused) >> unused) != va)
		return RV_FAULT_PAGE;
	for (uint32_t global = 0;; low -= 9) {
		uint64_t place = table + (va >> low & 0x1ff) * 8;
		const uint64_t *entry = x->env->ram(x, place, 8);
		uint32_t table_rights = rv_pmp_rights(s, place, RV_SUPERVISOR);
		if (entry == NULL || !(table_rights & READ))
			return RV_FAULT_ACCESS;
		uint64_t pte = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
		if (!(pte & PTE_V) || (pte & PTE_RESERVED) || (pte & (PTE_R | PTE_W)) == PTE_W)
			return RV_FAULT_PAGE;
		global |= (pte & PTE_G) != 0;
		uint64_t base = PTE_PPN(pte) << 12, offset = (1ull << low) - 1;
		if (pte & (PTE_R | PTE_X)) {
			uint64_t marked = marked_for(x, pte, access);
			uint32_t with_sum, rights = rights_of(s, marked, mode, access, &with_sum);
			uint32_t allowed = rights | (s->mstatus & MSTATUS_SUM ? with_sum : 0);
			if ((base & offset) || !(allowed >> access & 1))
				return RV_FAULT_PAGE;
			out->physical = base | (va & offset);
			uint32_t open = rv_pmp_rights(s, out->physical, mode);
			if (!(open >> access & 1))
				return RV_FAULT_ACCESS;
			if (marked != pte) {
				int32_t done = table_rights & WRITE ? x->env->exchange(x, place, pte, marked)
								    : VR_E_PERM;
				if (done < 0)
					return RV_FAULT_ACCESS;
				if (!done)
					return rv_translate(x, va, access, flags, out);
			}
			if (low > 12 && xlate_large_page_note(&isa_vm_of(x)->large_pages, va, low))
				return rv_translate(x, va, access, flags, out);
			out->rights = rights & open;
			out->user_rights = with_sum & open;
			out->global = global;
			out->page_size = rv_pmp_open(s, mode) ? 1ull << low : 4096;
			return 0;
		}
		if (low == 12 || (pte & (PTE_U | PTE_A | PTE_D)))
			return RV_FAULT_PAGE;
		table = base;
	}
}
