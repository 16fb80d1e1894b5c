/* SPDX-License-Identifier: MIT */
/* option_table.h: options.def as rows, for the parser and for tools/completion.c. In the table's order: an
 * option's row is at its enum option_id. */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

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
#define CLI_GROUP(title)
#define CLI_OPTION(name, letter_, word_, argument_, metavar_, help_) \
	{letter_, word_, argument_, metavar_, help_},
#include "cli/options.def"
#undef CLI_GROUP
#undef CLI_OPTION
};

#endif
