/* SPDX-License-Identifier: MIT */
/* json.h: writes JSON to a stream, indented, in the order of the calls. */
#ifndef VR_UTIL_JSON_H
#define VR_UTIL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct vr_json {
	FILE *out;
	uint32_t depth;
	bool some; /* the open object or array has a member already */
};

/* `key` is NULL for members of an array and for the outermost value. */
void vr_json_start(struct vr_json *j, FILE *out);
void vr_json_object(struct vr_json *j, const char *key);
void vr_json_array(struct vr_json *j, const char *key);
void vr_json_end_object(struct vr_json *j);
void vr_json_end_array(struct vr_json *j);
void vr_json_string(struct vr_json *j, const char *key, const char *value); /* NULL value: null */
void vr_json_number(struct vr_json *j, const char *key, uint64_t value);
void vr_json_signed(struct vr_json *j, const char *key, int64_t value);
void vr_json_real(struct vr_json *j, const char *key, double value);
void vr_json_bool(struct vr_json *j, const char *key, bool value);
/* A NULL-terminated list of strings as an array. */
void vr_json_list(struct vr_json *j, const char *key, char *const *list);
/* The last newline. 0, or VR_E_IO when the stream failed. */
int32_t vr_json_finish(struct vr_json *j);

#endif
