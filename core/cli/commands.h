/* SPDX-License-Identifier: MIT */
/* commands.h: what `vmrun` can be asked to do; each returns the exit code of the process. */
#ifndef VR_CLI_COMMANDS_H
#define VR_CLI_COMMANDS_H

#include <stdint.h>
#include <stdio.h>

struct vr_cli;
struct vr_registry;

/* The whole program, for main() and for tests. */
int vr_cli_main(int argc, char *const *argv);
/* Before anything is opened: all descriptors but 0 to 2 and those that an argument names. */
void vr_cli_close_inherited(int argc, char *const *argv);

int vr_cli_run(struct vr_cli *c);
int vr_cli_plugins(struct vr_cli *c);
int vr_cli_doctor(struct vr_cli *c);
void vr_cli_help(FILE *to);

/* After `plugins`, by the rows of commands.def; arguments are as many as the row says. */
#define VR_COMMAND(name, word, arguments, help)
#define VR_PLUGINS(word, arguments, count, function, help) \
	int function(const struct vr_cli *c, char *const *arguments_);
#include "cli/commands.def"
#undef VR_COMMAND
#undef VR_PLUGINS

/* `plugins check` with words of its own, the validator's; does not return unless it failed. */
int vr_cli_check(char *const *words, size_t count);

/* Print the noted error as "vmrun: error: ..."; returns `exit_code`. */
int vr_cli_fail(int32_t code, int exit_code);
/* A registry that has been scanned; NULL with an error noted. */
struct vr_registry *vr_cli_registry(const struct vr_cli *c);

#endif
