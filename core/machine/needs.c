/* SPDX-License-Identifier: MIT */
/* needs.c: the members without which an interface can't be used. A plugin's struct may end before others. */
#include <string.h>
#include <vmrun/translator.h>

#include "machine/parts.h"
#include "util/error.h"

#define NEED(id, type, member)                              \
	{                                                   \
		id, #member, offsetof(struct type, member), \
	}
static const struct {
	const char *id, *member;
	size_t offset;
} needs[] = {
	NEED(VR_ACCEL_ID, vr_accel, vm_create),    NEED(VR_ACCEL_ID, vr_accel, vm_destroy),
	NEED(VR_ACCEL_ID, vr_accel, memory_map),   NEED(VR_ACCEL_ID, vr_accel, vcpu_create),
	NEED(VR_ACCEL_ID, vr_accel, vcpu_destroy), NEED(VR_ACCEL_ID, vr_accel, vcpu_run),
	NEED(VR_ACCEL_ID, vr_accel, vcpu_kick),    NEED(VR_ACCEL_ID, vr_accel, vcpu_set_pin),
	NEED(VR_ACCEL_ID, vr_accel, vm_reset),     NEED(VR_BOARD_ID, vr_board, create),
	NEED(VR_BOARD_ID, vr_board, load),         NEED(VR_BOARD_ID, vr_board, reset),
	NEED(VR_BOARD_ID, vr_board, destroy),      NEED(VR_TRANSLATOR_ID, vr_translator, isa),
};

int32_t vr_machine_interface(struct vr_loaded *p, const char *id, const void **out)
{
	const uint8_t *table = vr_registry_interface(p, id);
	uint32_t size;

	if (!table)
		return vr_error_set(VR_E_ABI, "plugin '%s' offers no %s", p->manifest->id, id);
	memcpy(&size, table, sizeof(size));
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const void *value = NULL;

		if (strcmp(needs[i].id, id) != 0)
			continue;
		if (size >= needs[i].offset + sizeof(value))
			memcpy(&value, table + needs[i].offset, sizeof(value));
		if (!value)
			return vr_error_set(
				VR_E_ABI,
				"plugin '%s': its %s (%u bytes) has no '%s'; rebuild or update the plugin",
				p->manifest->id, id, size, needs[i].member);
	}
	*out = table;
	return VR_OK;
}
