/* SPDX-License-Identifier: MIT */
/* Any bytes as a command line (one word a line), and as a machine file. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmrun/abi.h>

#include "cli/options.h"
#include "common/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(int argc, char **argv)
{
	struct cli c;

	vr_error_clear();
	cli_parse(argc, argv, &c);
	cli_free(&c);
}

static void machine_file(const uint8_t *data, size_t size)
{
	char name[] = "vmrun", option[] = "-c", path[64], image[] = "x";
	char *argv[] = {name, option, path, image, NULL};
	int fd = memfd_create("machine", MFD_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, data, size) == (ssize_t)size)
		parse(4, argv);
	close(fd);
}

static void command_line(const uint8_t *data, size_t size)
{
	char name[] = "vmrun", *argv[64] = {name}, *text = malloc(size + 1), *rest = text;
	int argc = 1;

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	while (rest && argc < 63)
		argv[argc++] = strsep(&rest, "\n");
	/* Not to be led to files of the machine that this runs on. */
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && strchr(argv[i], 'c'))
			argv[i][0] = '_';
	}
	parse(argc, argv);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == '-')
		command_line(data, size);
	else
		machine_file(data, size);
	return 0;
}
