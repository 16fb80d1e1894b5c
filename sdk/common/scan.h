/* SPDX-License-Identifier: MIT */
/* scan.h: all manifests of one folder, and which of two plugins is preferred. */
#ifndef VR_COMMON_SCAN_H
#define VR_COMMON_SCAN_H

#include "common/manifest.h"

/* What the scan's caller does with what is found. An error of either function ends the scan and is its result. */
struct vr_scan {
	/* Takes the manifest over. */
	int32_t (*found)(void *opaque, struct vr_manifest *m, const char *directory);
	/* A manifest can't be read, or the folder, where `file` is NULL; the text is noted (error.h). */
	int32_t (*wrong)(void *opaque, int32_t code, const char *file);
	void *opaque;
};

/* The manifests (*.yaml) of a directory, by name. A process with elevated privileges reads only those that
 * vr_search_trusted() accepts. Missing directory: 0. */
int32_t vr_scan_directory(const char *directory, const struct vr_scan *to);
/* The id of a manifest that is wrong: what its first line `id: ID` says, where that can be an id, else the file's name without .yaml; malloc'ed. NULL:
 * no memory. */
char *vr_scan_claimed_id(const char *file);
/* For qsort(): less than 0 when x is preferred to y. The higher priority, then the id. */
int vr_scan_preference(const struct vr_manifest *x, const struct vr_manifest *y);

#endif
