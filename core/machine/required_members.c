/* SPDX-License-Identifier: MIT */
/* required_members.c: the members without which an interface can't be used. A plugin's struct may end before others. */
#include <string.h>
#include <vmrun/block.h>
#include <vmrun/isa.h>

#include "common/error.h"
#include "machine/parts.h"

#define REQUIRED(id, type, member)                          \
	{                                                   \
		id, #member, offsetof(struct type, member), \
	}
static const struct {
	const char *id, *member;
	size_t offset;
} required[] = {
	REQUIRED(VR_ACCEL_ID, vr_accel, vm_create),     REQUIRED(VR_ACCEL_ID, vr_accel, vm_destroy),
	REQUIRED(VR_ACCEL_ID, vr_accel, memory_map),    REQUIRED(VR_ACCEL_ID, vr_accel, vcpu_create),
	REQUIRED(VR_ACCEL_ID, vr_accel, vcpu_destroy),  REQUIRED(VR_ACCEL_ID, vr_accel, vcpu_run),
	REQUIRED(VR_ACCEL_ID, vr_accel, vcpu_kick),     REQUIRED(VR_ACCEL_ID, vr_accel, vcpu_set_pin),
	REQUIRED(VR_ACCEL_ID, vr_accel, vm_reset),      REQUIRED(VR_BOARD_ID, vr_board_maker, create),
	REQUIRED(VR_BOARD_ID, vr_board_maker, load),    REQUIRED(VR_BOARD_ID, vr_board_maker, reset),
	REQUIRED(VR_BOARD_ID, vr_board_maker, destroy), REQUIRED(VR_ISA_ID, vr_isa, lift),
	REQUIRED(VR_BLOCK_ID, vr_block_maker, open),    REQUIRED(VR_BLOCK_ID, vr_block_maker, close),
};

int32_t machine_interface(struct loaded_plugin *p, const char *id, const void **out)
{
	const uint8_t *table = registry_interface(p, id);
	uint32_t size;

	if (!table)
		return vr_error_set(VR_E_ABI, "plugin '%s' offers no %s", p->manifest->id, id);
	memcpy(&size, table, sizeof(size));
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		const void *value = NULL;

		if (strcmp(required[i].id, id) != 0)
			continue;
		if (size >= required[i].offset + sizeof(value))
			memcpy(&value, table + required[i].offset, sizeof(value));
		if (!value)
			return vr_error_set(
				VR_E_ABI,
				"plugin '%s': its %s (%u bytes) has no '%s'; rebuild or update the plugin",
				p->manifest->id, id, size, required[i].member);
	}
	*out = table;
	return VR_OK;
}
