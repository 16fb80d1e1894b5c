/* SPDX-License-Identifier: MIT */
/* file.c: vmrun.file/1 over open(2): files that are there can be read. */
#include <fcntl.h>
#include <stdio.h>

#include "double.h"

static int32_t VR_CALL file_open(const struct vr_host *host, const char *what, const char *path, uint32_t how,
				 int64_t *handle)
{
	char text[256];

	*handle = how == VR_FILE_READ ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (*handle >= 0)
		return VR_OK;
	snprintf(text, sizeof(text), "%s '%s': can't be opened", what, path);
	host->error(host, VR_E_IO, text);
	return VR_E_IO;
}

const struct vr_host_file dbl_file = {.size = sizeof(dbl_file), .open = file_open};
