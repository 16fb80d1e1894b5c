/* SPDX-License-Identifier: MIT */
/* manifest.h: one plugin manifest, read strictly (vmrun-manifest.5). */
#ifndef VR_COMMON_MANIFEST_H
#define VR_COMMON_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/roles.h"

enum vr_plugin_class {
	VR_CLASS_ACCEL,
	VR_CLASS_TRANSLATOR,
	VR_CLASS_BOARD,
	VR_CLASS_DEVICE,
	VR_CLASS_PASSTHROUGH
};

struct vr_manifest_option {
	char *name;
	char *type;          /* string | path | int | bool | size */
	char *default_value; /* NULL: none */
	char *help;
	bool write; /* a path that the plugin's helper process may write to (`access: write`) */
};

/* How a kernel image of this board's guest is recognised: bytes at an offset. */
struct vr_manifest_image {
	uint64_t offset;
	uint8_t bytes[16];
	uint32_t length;
};

struct vr_manifest {
	char *file; /* where it was read from */
	char *id;
	char *version;
	char *summary;
	enum vr_plugin_class class_id;
	char *library; /* plain file name for this host; NULL: none for this host */
	uint32_t abi_major, abi_minor;
	char **provides; /* NULL-terminated lists */
	char **requires_;
	char **guest; /* accel: "host" or architectures; translator/board: the guest architecture */
	char **host;  /* translator: the host architecture; empty: any */
	/* device: the types that it makes; board: those that it takes without being asked. NULL: not said. An
	 * empty list is a list: it begins with NULL. */
	char **devices;
	char *wraps; /* accel: the option that names the accelerator this one stands before; NULL: none */
	int32_t priority;
	struct vr_manifest_option *options;
	uint32_t option_count;
	struct vr_manifest_image *images; /* boards: key `images: [{offset: 0x38, bytes: "41524d64"}]` */
	uint32_t image_count;
	enum role helper; /* of its helper process (`helper: share`) */
};

/* May this be a plugin's id? The rule in words: VR_MANIFEST_ID_RULE. */
bool vr_manifest_is_id(const char *s);
#define VR_MANIFEST_ID_RULE \
	"use at most 64 lower-case letters, digits, '-', '.' and '_', beginning with a letter or digit"

/* Errors have file:line:column. */
int32_t vr_manifest_read(const char *file, struct vr_manifest **out);
int32_t vr_manifest_parse(const char *file, const char *text, size_t length, struct vr_manifest **out);
void vr_manifest_free(struct vr_manifest *m);

#endif
