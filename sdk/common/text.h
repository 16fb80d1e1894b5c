/* SPDX-License-Identifier: MIT */
/* text.h: small strict readers of numbers, sizes and names, and lists of strings. */
#ifndef VR_COMMON_TEXT_H
#define VR_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal or 0x hexadecimal, the whole string. 0, or VR_E_INVAL / VR_E_RANGE (no text is noted). */
int32_t vr_text_u64(const char *s, uint64_t *out);
/* The same with a sign. */
int32_t vr_text_i64(const char *s, int64_t *out);
/* A number of bytes: "4096", "512K", "512M", "2G", "1T" (powers of 1024; an "iB" after the letter is
 * allowed). */
int32_t vr_text_size(const char *s, uint64_t *out);
/* true/false, yes/no, on/off, 1/0. */
int32_t vr_text_bool(const char *s, bool *out);
/* A name: a lower-case letter or digit, then letters, digits and the characters of `more`; at most 64. */
bool vr_text_is_name(const char *s, const char *more);

/* The candidate nearest to `s` when it is near enough for "did you mean", else NULL. */
const char *vr_text_nearest(const char *s, const char *const *candidates, size_t n);

/* NULL-terminated lists of owned strings; an empty list may be NULL. */
int32_t vr_text_list_add(char ***list, const char *s); /* copies s; VR_E_NOMEM with text */
bool vr_text_list_has(char *const *list, const char *s);
size_t vr_text_list_length(char *const *list);
void vr_text_list_free(char **list);

/* Copy; NULL with VR_E_NOMEM noted. */
char *vr_text_copy(const char *s);
char *vr_text_copy_n(const char *s, size_t n);
/* Replace an owned string by a copy of s (NULL: by nothing). */
int32_t vr_text_replace(char **owned, const char *s);
/* printf into a new string; NULL with VR_E_NOMEM noted. */
char *vr_text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A path that `file` names: one that is not absolute begins in the
 * file's folder. A new string; NULL with VR_E_NOMEM noted. */
char *vr_text_beside(const char *file, const char *path);

/* Split "a,b,,c" at commas, a doubled comma standing for one: "a", "b,c". */
int32_t vr_text_split(const char *s, char separator, char ***out);

#endif
