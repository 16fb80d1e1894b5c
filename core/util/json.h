/* SPDX-License-Identifier: MIT */
/* json.h: writes JSON to a stream, indented, in the order of the calls. */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	uint32_t depth;
	bool some; /* the open object or array has a member already */
};

/* `key` is NULL for members of an array and for the outermost value. */
void json_start(struct json *j, FILE *out);
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end_object(struct json *j);
void json_end_array(struct json *j);
void json_string(struct json *j, const char *key, const char *value); /* NULL value: null */
void json_number(struct json *j, const char *key, uint64_t value);
void json_signed(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
/* A NULL-terminated list of strings as an array. */
void json_list(struct json *j, const char *key, char *const *list);
/* The last newline. 0, or VR_E_IO when the stream failed. */
int32_t json_finish(struct json *j);

#endif
