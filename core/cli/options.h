/* SPDX-License-Identifier: MIT */
/* options.h: the command line and the machine file, as one request. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"

struct registry;

/* Exit codes of the process; the guest's own status is passed on as it is. */
#define EXIT_CODE_OK 0
#define EXIT_CODE_RUN 1    /* an error while running */
#define EXIT_CODE_USAGE 2  /* the command line */
#define EXIT_CODE_CONFIG 3 /* configuration, plugins or image: the machine can't be built */
#define EXIT_CODE_PLUGIN 4 /* a plugin called exit(), or did not return */
/* 5: MACHINE_LEFT of machine.h */

enum cli_command { CLI_RUN, CLI_PLUGINS, CLI_DOCTOR, CLI_HELP, CLI_VERSION, CLI_LOG_HELP };

/* A plugin that was named. */
struct cli_plugin {
	char *id;
	char **names, **values; /* options; lists of equal length */
	char **places;          /* the same length: where each value stands; NULL: on the command line */
	char *where;            /* "-p kvm" or "machine.yaml:3:5", for messages */
	char *file;             /* the machine file: its options that are paths are beside it; or NULL */
	bool selects;           /* takes the place of its class in the machine, not only options */
};

struct cli {
	enum cli_command command;
	char **arguments; /* of `plugins`: "show", ID */
	struct machine_config machine;
	struct cli_plugin *plugins;
	uint32_t plugin_count;
	char *config;
	char *plugin_path;
	char *directory; /* where `plugins new` makes its folder; NULL: here */
	bool json, quiet;
	uint32_t verbose;
	/* From the command line, so the machine file doesn't touch it. */
	uint64_t given; /* bits of OPT_* */
};

enum option_id {
#define CLI_GROUP(title)
#define CLI_OPTION(name, letter, word, argument, metavar, help) OPT_##name,
#include "cli/options.def"
#undef CLI_GROUP
#undef CLI_OPTION
	OPT_COUNT
};

/* Parse argv and, when it names one, the machine file. VR_E_INVAL: usage; other codes: the machine file. What
 * was filled in is to be freed by cli_free() in any case. */
int32_t cli_parse(int argc, char *const *argv, struct cli *out);
void cli_free(struct cli *c);
/* VM_ACCEL_FALLBACK, VMRUN_PLUGIN_TIMEOUT. */
int32_t cli_environment(struct cli *c);

/* Read a machine file into what the command line left open. */
int32_t machine_file_read(const char *file, struct cli *c);

/* One more named plugin, to be filled by the caller; NULL: no memory. */
struct cli_plugin *cli_add_plugin(struct cli *c, const char *id);
int32_t cli_add_plugin_option(struct cli_plugin *p, const char *name, const char *value);
/* A path of a machine file as a new string: "~/", ${NAME} and $$ are replaced, and it begins in the file's folder where it
 * is not absolute. place: "machine.yaml:3:5", for the text of VR_E_CONFIG. */
int32_t cli_expand_path(const char *file, const char *place, const char *text, char **out);
/* What is said of a disk; not both of the first two. */
struct disk_words {
	bool read_only, ephemeral, raw;
};
int32_t cli_add_disk(struct cli *c, const char *path, struct disk_words words);
/* "512M", "2G", "512" (MiB) into bytes; NULL, or what is wrong with it. */
const char *cli_memory(const char *text, uint64_t *out);
#define CLI_SMP_MAX 512

/* Look the named plugins up: options into the registry, ids into the machine's slots. */
int32_t cli_resolve(struct cli *c, struct registry *r);

#endif
