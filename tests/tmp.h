/* SPDX-License-Identifier: MIT */
/* Where the tests in C make files: the folder that tests/env.sh names in TMPDIR, and /tmp without it. */
#ifndef VR_TESTS_TMP_H
#define VR_TESTS_TMP_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static inline const char *tmp_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

/* A template for mkstemp() and mkdtemp(): `name` in that folder. */
static inline char *tmp_template(char to[PATH_MAX], const char *name)
{
	if (snprintf(to, PATH_MAX, "%s/%s-XXXXXX", tmp_folder(), name) >= PATH_MAX)
		abort();
	return to;
}

#endif
