/* SPDX-License-Identifier: MIT */
/* options.h: the command line and the machine file, as one request. */
#ifndef VR_CLI_OPTIONS_H
#define VR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/machine.h"

struct vr_registry;

/* Exit codes of the process; the guest's own status is passed on as it is. */
#define VR_EXIT_CODE_OK 0
#define VR_EXIT_CODE_RUN 1    /* an error while running */
#define VR_EXIT_CODE_USAGE 2  /* the command line */
#define VR_EXIT_CODE_CONFIG 3 /* configuration, plugins or image: the machine can't be built */
#define VR_EXIT_CODE_PLUGIN 4 /* a plugin called exit(), or did not return */

enum vr_cli_command {
	VR_CLI_RUN,
	VR_CLI_PLUGINS,
	VR_CLI_DOCTOR,
	VR_CLI_HELP,
	VR_CLI_VERSION,
	VR_CLI_LOG_HELP
};

/* A plugin that was named. */
struct vr_cli_plugin {
	char *id;
	char **names, **values; /* options; lists of equal length */
	char *where;            /* "-p kvm" or "machine.yaml:3:5", for messages */
	char *file;             /* the machine file: its options that are paths are beside it; or NULL */
	bool selects;           /* takes the place of its class in the machine, not only options */
};

struct vr_cli {
	enum vr_cli_command command;
	char **arguments; /* of `plugins`: "show", ID */
	struct vr_machine_config machine;
	struct vr_cli_plugin *plugins;
	uint32_t plugin_count;
	char *config;
	char *plugin_path;
	char *directory; /* where `plugins new` makes its folder; NULL: here */
	bool json, quiet;
	uint32_t verbose;
	/* From the command line, so the machine file doesn't touch it. */
	uint64_t given; /* bits of VR_OPT_* */
};

enum vr_option_id {
#define VR_GROUP(title)
#define VR_OPTION(name, letter, word, argument, metavar, help) VR_OPT_##name,
#include "cli/options.def"
#undef VR_GROUP
#undef VR_OPTION
	VR_OPT_COUNT
};

/* Parse argv and, when it names one, the machine file. VR_E_INVAL: usage; other codes: the machine file. What
 * was filled in is to be freed by vr_cli_free() in any case. */
int32_t vr_cli_parse(int argc, char *const *argv, struct vr_cli *out);
void vr_cli_free(struct vr_cli *c);
/* VM_ACCEL_FALLBACK, VMRUN_PLUGIN_TIMEOUT. */
int32_t vr_cli_environment(struct vr_cli *c);

/* Read a machine file into what the command line left open. */
int32_t vr_machine_file_read(const char *file, struct vr_cli *c);

/* One more named plugin, to be filled by the caller; NULL: no memory. */
struct vr_cli_plugin *vr_cli_add_plugin(struct vr_cli *c, const char *id);
int32_t vr_cli_add_plugin_option(struct vr_cli_plugin *p, const char *name, const char *value);
int32_t vr_cli_add_disk(struct vr_cli *c, const char *path, bool read_only);
/* "512M", "2G", "512" (MiB) into bytes; NULL, or what is wrong with it. */
const char *vr_cli_memory(const char *text, uint64_t *out);
#define VR_CLI_SMP_MAX 512

/* Look the named plugins up: options into the registry, ids into the machine's slots. */
int32_t vr_cli_resolve(struct vr_cli *c, struct vr_registry *r);

#endif
