/* SPDX-License-Identifier: MIT */
/* option_table.h: options.def as rows, for the parser and for tools/completion.c. In the table's order: an
 * option's row is at its enum vr_option_id. */
#ifndef VR_CLI_OPTION_TABLE_H
#define VR_CLI_OPTION_TABLE_H

#include <stddef.h>

#define NONE 0
#define NEEDED 1
#define OPTIONAL 2

static const struct option {
	char letter; /* 0: none */
	const char *word;
	int argument; /* NONE, NEEDED or OPTIONAL */
	const char *metavar, *help;
} options[] = {
#define VR_GROUP(title)
#define VR_OPTION(name, letter_, word_, argument_, metavar_, help_) \
	{letter_, word_, argument_, metavar_, help_},
#include "cli/options.def"
#undef VR_GROUP
#undef VR_OPTION
};

#endif
