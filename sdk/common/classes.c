/* SPDX-License-Identifier: MIT */
#include "common/classes.h"

#include <string.h>

#include "common/text.h"

/* interfaces: what their ids begin with, separated by blanks. */
static const struct {
	const char *name, *noun, *interfaces;
} classes[] = {
	[VR_CLASS_ACCEL] = {"accel", "accelerator", "vmrun.accel/"},
	[VR_CLASS_TRANSLATOR] = {"translator", "translator", "vmrun.isa/"},
	[VR_CLASS_BOARD] = {"board", "board", "vmrun.board/"},
	[VR_CLASS_DEVICE] = {"device", "device", "vmrun.device/ vmrun.virtio/ vmrun.block/ vmrun.net/"},
	[VR_CLASS_PASSTHROUGH] = {"passthrough", "passthrough", NULL},
};
_Static_assert(sizeof(classes) / sizeof(classes[0]) == VR_CLASS_COUNT, "one row for each class");

const char *vr_class_name(enum vr_plugin_class c)
{
	return classes[c].name;
}

const char *vr_class_noun(enum vr_plugin_class c)
{
	return classes[c].noun;
}

const char *vr_class_interfaces(enum vr_plugin_class c)
{
	return classes[c].interfaces;
}

bool vr_class_has_interface(enum vr_plugin_class c, const char *id)
{
	const char *list = classes[c].interfaces;

	while (list && *list) {
		size_t n = strcspn(list, " ");

		if (!strncmp(id, list, n))
			return true;
		list += n + (list[n] == ' ');
	}
	return false;
}

bool vr_option_type_known(const char *type)
{
	static const char *const types[] = {"string", "path", "int", "bool", "size"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcmp(type, types[i]))
			return true;
	}
	return false;
}

const char *vr_option_value_wrong(const char *type, const char *value)
{
	uint64_t number;
	bool flag;

	if (!strcmp(type, "int"))
		return vr_text_u64(value, &number) < 0 ? "must be a number" : NULL;
	if (!strcmp(type, "size"))
		return vr_text_size(value, &number) < 0 ? "must be a size, such as 4096, 64K or 512M" : NULL;
	if (!strcmp(type, "bool"))
		return vr_text_bool(value, &flag) < 0 ? "must be true or false" : NULL;
	if (!strcmp(type, "path"))
		return value[0] ? NULL : "must be the path of a file";
	return NULL;
}
