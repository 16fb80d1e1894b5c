/* SPDX-License-Identifier: MIT */
/* tree.h: looking into a device tree, for Criterion tests; what is missing fails the test. */
#ifndef VR_TEST_TREE_H
#define VR_TEST_TREE_H

#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdint.h>

static inline int tree_node(const void *tree, const char *path)
{
	int n = fdt_path_offset(tree, path);

	cr_assert(n >= 0, "%s is missing", path);
	return n;
}

static inline uint32_t tree_cell(const void *tree, const char *path, const char *name, int i)
{
	int length;
	const fdt32_t *p = fdt_getprop(tree, tree_node(tree, path), name, &length);

	cr_assert(p && length >= 4 * (i + 1), "%s/%s", path, name);
	return fdt32_to_cpu(p[i]);
}

static inline const char *tree_text(const void *tree, const char *path, const char *name)
{
	const char *p = fdt_getprop(tree, tree_node(tree, path), name, NULL);

	cr_assert(p, "%s/%s", path, name);
	return p;
}

#endif
