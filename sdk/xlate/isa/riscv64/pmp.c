/* SPDX-License-Identifier: MIT */
/*
 * pmp.c: physical memory protection (vol. II, 3.7, "Physical Memory Protection").
 *
 * Sixteen entries with a grain of a page: 2^(G + 2) bytes with G = 10. Every page is then allowed or refused
 * as a whole, so what an access may do depends on its page alone, the engine's TLB can keep it, and no access
 * pays for the check but those that walk. (An access that crosses a page's end is two accesses, each of which
 * is matched by itself, as 3.7.1, "Priority and Matching Logic", lets an implementation do.) With that grain
 * NA4 can't be chosen, and the low bits of pmpaddr read as ones or zeros with the mode of their entry while
 * the register keeps what was written: by which software finds out the grain (3.7.1, "Address Matching").
 *
 * The lowest entry that matches decides. It binds S-mode, U-mode, and M-mode when it is locked; where none
 * matches, M-mode may do everything and the others nothing. Page tables are read and marked as S-mode reads
 * and writes. What the registers say is laid out as ranges when they are written: a hart whose first entry
 * grants everything, and M-mode without locked entries, never look them up.
 *
 * A change flushes all translations of this hart. Software has to execute SFENCE.VMA after it before S-mode
 * sees it ("Physical Memory Protection and Paging"), but M-mode's own accesses change at once.
 */
#include <string.h>
#include "system.h"

#define R 1u
#define W 2u
#define X 4u
#define A_SHIFT 3
#define A (3u << A_SHIFT)
#define L 0x80u
#define FIELDS (R | W | X | A | L)

enum mode { OFF, TOR, NA4, NAPOT };

#define GRAIN_BITS ((1ull << RV_PMP_GRAIN) - 1)

static uint32_t config(const struct rv_state *s, uint32_t n)
{
	return (uint32_t)(s->pmpcfg[n / 8] >> (n % 8 * 8)) & 0xff;
}

static enum mode mode_of(uint32_t cfg)
{
	return (enum mode)(cfg >> A_SHIFT & 3);
}

/* The value of a pmpcfg field after a write: W without R is reserved, NA4 is finer than the grain. */
static uint32_t legal(uint32_t old, uint32_t cfg)
{
	cfg &= FIELDS;
	if (mode_of(cfg) == NA4)
		cfg = (cfg & ~A) | (old & A);
	if ((cfg & W) && !(cfg & R))
		cfg &= ~W;
	return cfg;
}

static void set_config(struct rv_state *s, uint32_t n, uint32_t cfg)
{
	uint32_t shift = n % 8 * 8;

	s->pmpcfg[n / 8] = (s->pmpcfg[n / 8] & ~(0xffull << shift)) | (uint64_t)cfg << shift;
}

/* Bit VR_ACCESS_READ, _WRITE, _EXECUTE are R, W and X. */
_Static_assert(1u << VR_ACCESS_READ == R && 1u << VR_ACCESS_WRITE == W && 1u << VR_ACCESS_EXECUTE == X,
	       "rights are taken over as they are");

/* 0: the entry covers nothing. */
static int range_of(const struct rv_state *s, uint32_t n, struct rv_pmp_range *out)
{
	uint32_t cfg = config(s, n);
	uint64_t address = s->pmpaddr[n], below = n ? s->pmpaddr[n - 1] : 0;

	*out = (struct rv_pmp_range){.rights = cfg & (R | W | X), .locked = (cfg & L) != 0};
	switch (mode_of(cfg)) {
	case TOR:
		address &= ~GRAIN_BITS;
		below &= ~GRAIN_BITS;
		if (below >= address)
			return 0;
		out->first = below << 2;
		out->last = (address << 2) - 1;
		return 1;
	case NAPOT:
		/* The number of low ones gives the size; with this grain bit G - 1 is always one. */
		address |= GRAIN_BITS >> 1;
		out->first = (address & (address + 1)) << 2;
		out->last = (address | (address + 1)) << 2 | 3;
		return 1;
	default:
		return 0;
	}
}

uint32_t rv_pmp_update(struct vr_exec *x)
{
	struct rv_state *s = rv_of(x);
	struct rv_pmp pmp;

	memset(&pmp, 0, sizeof(pmp));
	for (uint32_t n = 0; n < RV_PMP_ENTRIES; n++) {
		struct rv_pmp_range *r = &pmp.range[pmp.count];

		/* A state that is set may hold values that software could not write. */
		set_config(s, n, legal(0, config(s, n)));
		if (!range_of(s, n, r)) {
			memset(r, 0, sizeof(*r));
			continue;
		}
		pmp.locked |= r->locked;
		pmp.count++;
	}
	const struct rv_pmp_range *r = &pmp.range[0];

	pmp.open = pmp.count && !r->first && r->last >> 56 && r->rights == RV_PMP_ALL;
	if (!memcmp(&pmp, &s->pmp, sizeof(pmp)))
		return 0;
	s->pmp = pmp;
	return 1;
}

uint32_t rv_pmp_look_up(const struct rv_state *s, uint64_t pa, uint32_t mode)
{
	for (uint32_t i = 0; i < s->pmp.count; i++) {
		const struct rv_pmp_range *r = &s->pmp.range[i];

		if (pa >= r->first && pa <= r->last)
			return mode == RV_MACHINE && !r->locked ? RV_PMP_ALL : r->rights;
	}
	return mode == RV_MACHINE ? RV_PMP_ALL : 0;
}

/* ---- the registers ---------------------------------------------------------------------------- */

/* "Locking and Privilege Mode": locked until reset. A locked TOR entry locks the address before it as well.
 * */
static uint32_t address_locked(const struct rv_state *s, uint32_t n)
{
	uint32_t next = n + 1 < RV_PMP_ENTRIES ? config(s, n + 1) : 0;

	return (config(s, n) & L) || ((next & L) && mode_of(next) == TOR);
}

static void changed(struct vr_exec *x)
{
	if (rv_pmp_update(x))
		x->env->tlb_flush(x, VR_FLUSH_ALL, 0, 0, 0, 0);
}

void rv_pmp_write_config(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	struct rv_state *s = rv_of(x);
	uint32_t first = (uint32_t)(r->offset - RV_STATE_OFFSET(pmpcfg)); /* a byte an entry */

	for (uint32_t i = 0; i < 8; i++) {
		uint32_t old = config(s, first + i);

		if (!(old & L))
			set_config(s, first + i, legal(old, (uint32_t)(value >> i * 8) & 0xff));
	}
	changed(x);
}

static uint32_t entry_of(const struct rv_csr *r)
{
	return (uint32_t)(r->offset - RV_STATE_OFFSET(pmpaddr)) / r->bytes;
}

uint64_t rv_pmp_read_address(struct vr_exec *x, const struct rv_csr *r)
{
	const struct rv_state *s = rv_of(x);
	uint32_t n = entry_of(r);

	return config(s, n) & (2u << A_SHIFT) ? s->pmpaddr[n] | GRAIN_BITS >> 1 : s->pmpaddr[n] & ~GRAIN_BITS;
}

void rv_pmp_write_address(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	if (address_locked(rv_of(x), entry_of(r)))
		return;
	rv_csr_set(x, r, value);
	changed(x);
}
