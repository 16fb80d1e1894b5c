/* SPDX-License-Identifier: MIT */
#include "pe.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"

#define MZ_PE_OFFSET 0x3cu
#define COFF_SECTIONS 6u /* NumberOfSections, from the signature */
#define COFF_OPTIONAL 20u
#define COFF_END 24u
#define SECTION 40u
#define SECTION_RAW_SIZE 16u
#define SECTION_RAW_AT 20u

/* How long the file must be; 0: it is no PE program, and nothing tells. Headers that lie outside of the file
 * count as bytes that are missing. */
static uint64_t end_of(const uint8_t *b, uint64_t size)
{
	uint64_t pe, table, end;

	if (size < MZ_PE_OFFSET + 4 || memcmp(b, "MZ", 2) != 0 || !vr_le32(b + MZ_PE_OFFSET))
		return 0;
	pe = vr_le32(b + MZ_PE_OFFSET);
	if (pe + COFF_END > size)
		return pe + COFF_END;
	if (memcmp(b + pe, "PE\0\0", 4) != 0)
		return 0;
	table = pe + COFF_END + vr_le16(b + pe + COFF_OPTIONAL);
	end = table + (uint64_t)vr_le16(b + pe + COFF_SECTIONS) * SECTION;
	if (end > size)
		return end;
	for (const uint8_t *s = b + table, *last = b + end; s < last; s += SECTION) {
		uint64_t raw = vr_le32(s + SECTION_RAW_SIZE);

		if (raw && vr_le32(s + SECTION_RAW_AT) + raw > end)
			end = vr_le32(s + SECTION_RAW_AT) + raw;
	}
	return end;
}

int32_t vr_board_pe_check(const struct vr_tables *t, const struct vr_boot_payload *p)
{
	uint64_t end = end_of(p->kernel, p->kernel_size);

	if (end <= p->kernel_size)
		return VR_OK;
	return vr_tables_fail(t, VR_E_IMAGE,
			      "%s: is cut short: the kernel has %" PRIu64 " bytes or more, and %" PRIu64
			      " are there; copy the file again",
			      p->kernel_name, end, p->kernel_size);
}
