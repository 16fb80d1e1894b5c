/* SPDX-License-Identifier: MIT */
/*
 * yaml.h: the strict subset of YAML that manifests and machine files are written in, as a tree of nodes.
 *
 * One document of maps, lists and scalars; no anchors, aliases, tags, directives, merge or non-scalar keys,
 * duplicate keys or second document; at most 64 KiB, and four maps and lists deep. Scalars are text: a reader
 * asks for the type it wants. Every message begins with file:line:column, both counted from 1.
 */
#ifndef VR_COMMON_YAML_H
#define VR_COMMON_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VR_YAML_SIZE_MAX 65536
#define VR_YAML_DEPTH_MAX 4

enum vr_yaml_kind { VR_YAML_SCALAR, VR_YAML_LIST, VR_YAML_MAP };

struct vr_yaml_node {
	enum vr_yaml_kind kind;
	uint32_t line, column;         /* of the value */
	uint32_t key_line, key_column; /* of the key, in a map */
	char *key;                     /* in a map; owned */
	char *text;                    /* a scalar's; owned */
	bool quoted;                   /* a scalar that was written in quotes or as a block */
	struct vr_yaml_node *first, *next;
};

struct vr_yaml {
	char *file;
	int32_t code; /* of all errors in this document: VR_E_MANIFEST, VR_E_CONFIG */
	struct vr_yaml_node *root;
};

/* `code` is the error code for whatever is wrong with the text; a file that can't be read is VR_E_IO or
 * VR_E_NOENT. */
int32_t vr_yaml_read(const char *file, int32_t code, struct vr_yaml **out);
/* The same of standard input, which messages call "standard input". */
int32_t vr_yaml_read_stdin(int32_t code, struct vr_yaml **out);
int32_t vr_yaml_parse(const char *file, const char *text, size_t length, int32_t code, struct vr_yaml **out);
void vr_yaml_free(struct vr_yaml *y);

/* Note "file:line:column: ..." at a node's value / at its key; returns the document's code. */
int32_t vr_yaml_error(const struct vr_yaml *y, const struct vr_yaml_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int32_t vr_yaml_key_error(const struct vr_yaml *y, const struct vr_yaml_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The member of a map, or NULL. */
const struct vr_yaml_node *vr_yaml_get(const struct vr_yaml_node *map, const char *key);
/* The same; its absence is an error at the map. `what` names the map for the message: "the manifest". */
int32_t vr_yaml_need(const struct vr_yaml *y, const struct vr_yaml_node *map, const char *what,
		     const char *key, const struct vr_yaml_node **out);
/* Every key is one of `known`, or begins with "x-". */
int32_t vr_yaml_check_keys(const struct vr_yaml *y, const struct vr_yaml_node *map, const char *what,
			   const char *const *known, size_t n);
/* A node of that kind, else an error that says what it is. */
int32_t vr_yaml_expect(const struct vr_yaml *y, const struct vr_yaml_node *n, enum vr_yaml_kind kind);
/* A scalar that isn't empty: its text, owned by the tree. */
int32_t vr_yaml_string(const struct vr_yaml *y, const struct vr_yaml_node *n, const char **out);
int32_t vr_yaml_number(const struct vr_yaml *y, const struct vr_yaml_node *n, int64_t low, int64_t high,
		       int64_t *out);
int32_t vr_yaml_bool(const struct vr_yaml *y, const struct vr_yaml_node *n, bool *out);

#endif
