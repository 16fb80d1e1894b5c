/* SPDX-License-Identifier: MIT */
/*
 * bls.h: Boot Loader Specification entries (UAPI group, "Boot Loader Specification", type #1: text files in
 * /loader/entries), their order, and which of them is the default.
 */
#ifndef BOOT_BLS_H
#define BOOT_BLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLS_INITRDS 16
#define BLS_FILE_MAX 65536 /* bytes in an entry file */

/* Strings are owned; absent keys are NULL, except options, which is then "". */
struct bls_entry {
	char *id; /* the file's name without ".conf" and without the counter of boots */
	char *title, *version, *machine_id, *sort_key, *architecture;
	char *linux_path;
	char *initrd[BLS_INITRDS];
	uint32_t initrd_count;
	char *options;   /* all `options` lines, joined by blanks */
	bool tries_gone; /* its counter of boots says that it failed too often */
};

/* `file` is its name without folders; `where` is for messages ("disk.img: /loader/entries/a.conf").
 * VR_E_IMAGE with where:line when it breaks the syntax. */
int32_t bls_parse(const char *where, const char *file, const char *text, size_t size, struct bls_entry *out);
void bls_free(struct bls_entry *e);
/* The specification's order of versions ("Version Format Specification"): < 0, 0, > 0; NULL is the empty
 * string. */
int bls_version_compare(const char *a, const char *b);
/* The order in which a menu lists entries: the first one is the default. */
int bls_compare(const struct bls_entry *a, const struct bls_entry *b);

#endif
