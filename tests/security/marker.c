/* SPDX-License-Identifier: MIT */
/*
 * marker.c: a plugin that leaves a mark when its library is opened, before it could have been checked:
 * what an attacker's would do. It writes the user it was run as into the file that it finds named beside it, in
 * `mark`.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "faulty.h"

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)
FAULTY_RIGHT_CREATE

__attribute__((constructor)) static void mark(void)
{
	char path[4096];
	Dl_info me;
	FILE *f;

	if (!dladdr((void *)vmrun_plugin_create, &me) || !me.dli_fname)
		return;
	snprintf(path, sizeof(path), "%s.mark", me.dli_fname);
	f = fopen(path, "w");
	if (!f)
		return;
	fprintf(f, "%u\n", (unsigned)geteuid());
	fclose(f);
}
