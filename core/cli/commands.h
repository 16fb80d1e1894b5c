/* SPDX-License-Identifier: MIT */
/* commands.h: what `vmrun` can be asked to do; each returns the exit code of the process. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stdint.h>
#include <stdio.h>

struct cli;
struct registry;

/* The whole program, for main() and for tests. */
int cli_main(int argc, char *const *argv);
/* Before anything is opened: all descriptors but 0 to 2 and those that an argument names. */
void cli_close_inherited(int argc, char *const *argv);

int cli_run(struct cli *c);
int cli_plugins(struct cli *c);
int cli_doctor(struct cli *c);
void cli_help(FILE *to);

/* After `plugins`, by the rows of commands.def; arguments are as many as the row says. */
#define CLI_COMMAND(name, word, arguments, help)
#define PLUGINS(word, arguments, count, function, help) \
	int function(const struct cli *c, char *const *arguments_);
#include "cli/commands.def"
#undef CLI_COMMAND
#undef PLUGINS

/* `plugins check` with words of its own, the validator's; does not return unless it failed. */
int cli_check(char *const *words, size_t count);

/* Print the noted error as "vmrun: error: ..."; returns `exit_code`. */
int cli_fail(int32_t code, int exit_code);
/* A registry that has been scanned; NULL with an error noted. */
struct registry *cli_registry(const struct cli *c);

#endif
