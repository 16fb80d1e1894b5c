/* SPDX-License-Identifier: MIT */
/* target.h: the plugin that is validated: its manifest and where things are. */
#ifndef VMRUN_VALIDATE_TARGET_H
#define VMRUN_VALIDATE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#define CHECK_ACCEL 1u
#define CHECK_TRANSLATOR 2u
#define CHECK_BOARD 4u
#define CHECK_DEVICE 8u
#define CHECK_PASSTHROUGH 16u
#define CHECK_ALL 31u

struct check_option {
	const char *name, *type, *value; /* value: the default, or NULL */
};

struct check_target {
	char *manifest, *library;  /* paths; library NULL: none for this host */
	char error[1024];          /* what is wrong with the manifest, "" nothing */
	const void *manifest_read; /* a struct vr_manifest; keeps what the rest points to */
	const char *id, *class_name;
	uint32_t class_bit;
	uint32_t abi_major, abi_minor;
	const char *helper; /* the role of its helper process, or NULL */
	const char *wraps;  /* an accelerator's option that names the one it stands before, or NULL */
	char *const *provides, *const *requires_, *const *guest, *const *host; /* NULL-terminated */
	const struct check_option *options;
	uint32_t option_count;
};

/* FILE is a manifest or a library with its manifest beside it. 0, or -1 with the reason in out->error: there
 * is nothing to check. A manifest with faults is no error here. Never freed. */
int check_target_read(const char *file, struct check_target *out);
/* The best installed plugin of a class for a guest architecture (NULL: any) and this host, or the one of that
 * id (NULL: any): 0, or -1. plugin_path: more folders, or NULL. `beside`: a manifest whose folder comes
 * first. */
int check_target_find(uint32_t class_bit, const char *guest, const char *id, const char *plugin_path,
		      const char *beside, struct check_target *out);
/* The canonical name of this host's architecture, and of another name. */
const char *check_arch_host(void);
const char *check_arch_name(const char *name);

#endif
