/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/commands.h"
#include "machine/machine.h"

#define NONE 0
#define NEEDED 1
#define OPTIONAL 2

static void option(FILE *to, char letter, const char *word, int argument, const char *metavar,
		   const char *help)
{
	char left[64];

	if (letter)
		snprintf(left, sizeof(left), "  -%c, --%s", letter, word);
	else
		snprintf(left, sizeof(left), "      --%s", word);
	if (argument == NEEDED) {
		strncat(left, " ", sizeof(left) - strlen(left) - 1);
		strncat(left, metavar, sizeof(left) - strlen(left) - 1);
	} else if (argument == OPTIONAL) {
		size_t n = strlen(left);

		snprintf(left + n, sizeof(left) - n, "[=%s]", metavar);
	}
	fprintf(to, "%-33s %s\n", left, help);
}

static void command(FILE *to, const char *word, const char *arguments, const char *help)
{
	char left[64];

	snprintf(left, sizeof(left), "  %s%s%s", word, arguments[0] ? " " : "", arguments);
	fprintf(to, "%-33s %s\n", left, help);
}

void cli_help(FILE *to)
{
	char keys[1024];

	fputs("usage: vmrun [OPTIONS] IMAGE            boot a disk image or a kernel\n"
	      "       vmrun [OPTIONS] --kernel FILE    boot a kernel, with --initrd and --append\n"
	      "       vmrun COMMAND\n",
	      to);
#define CLI_COMMAND(name, word, arguments, help) command(to, word, arguments, help);
#define PLUGINS(word, arguments, count, function, help) command(to, "plugins " word, arguments, help);
	fputs("\nCommands:\n", to);
#include "cli/commands.def"
#undef CLI_COMMAND
#undef PLUGINS
#define CLI_GROUP(title) fprintf(to, "\n%s:\n", title);
#define CLI_OPTION(name, letter, word, argument, metavar, help) \
	option(to, letter, word, argument, metavar, help);
#include "cli/options.def"
#undef CLI_GROUP
#undef CLI_OPTION
	console_list_keys(keys, sizeof(keys), "\n");
	fprintf(to, "\nKeys on the terminal:\n%s", keys);
	fputs("\nEnvironment:\n"
	      "  VM_ACCEL_FALLBACK=1   run in software when the accelerator asked for can't be used\n"
	      "  VMRUN_PLUGIN_PATH     folders to look for plugins in, after --plugin-path\n"
	      "  VMRUN_PLUGIN_TIMEOUT  seconds that a plugin may take to be loaded, asked, started (default "
	      "10; 0: any)\n"
	      "\nExit codes:\n"
	      "  0   the guest powered off cleanly\n"
	      "  1   an error while running\n"
	      "  2   a wrong command line\n"
	      "  3   configuration, plugins or image: the machine can't be built\n"
	      "  4   a plugin called exit(), or did not return in time\n"
	      "  5   the user has ended the machine by Ctrl-A x\n"
	      "  124 ended by --timeout\n"
	      "  125 with --run: the guest told no status; a message says why\n"
	      "  128+n   ended by signal n\n"
	      "  N   the guest's own status, when it gives one (with --run: the command's)\n"
	      "\nA file named like a command is booted as ./plugins. More: man vmrun.\n",
	      to);
}
