/* SPDX-License-Identifier: MIT */
/* scan.h: all manifests of one folder, and which of two plugins is preferred. */
#ifndef VR_COMMON_SCAN_H
#define VR_COMMON_SCAN_H

#include "common/manifest.h"

/* What the scan's caller does with what is found. An error of either function ends the scan and is its result. */
struct vr_scan {
	/* Takes the manifest over. */
	int32_t (*found)(void *opaque, struct vr_manifest *m, const char *directory);
	/* A manifest, or the folder, can't be read; the text is noted (error.h). */
	int32_t (*wrong)(void *opaque, int32_t code);
	void *opaque;
};

/* The manifests (*.yaml) of a directory, by name. A process with elevated privileges reads only those that
 * vr_search_trusted() accepts. Missing directory: 0. */
int32_t vr_scan_directory(const char *directory, const struct vr_scan *to);
/* For qsort(): less than 0 when x is preferred to y. The higher priority, then the id. */
int vr_scan_preference(const struct vr_manifest *x, const struct vr_manifest *y);

#endif
