/* SPDX-License-Identifier: MIT */
/*
 * options.c: argv -> struct cli.
 *
 * The command line first: it marks what it sets. Then the machine file fills what is left, so the command
 * line wins wherever -c stands.
 */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "cli/option_table.h"
#include "common/arch.h"
#include "common/error.h"
#include "common/text.h"
#include "gdb/address.h"
#include "plugin/guard.h"

#define START_LIMIT (600 * 1000000000ull) /* ns */

_Static_assert(OPT_COUNT <= 64, "struct cli's `given` has 64 bits");

/* ---- one option each ---- */

static int32_t bad(const char *option, const char *value, const char *what)
{
	return vr_error_set(VR_E_INVAL, "--%s '%s' %s", option, value, what);
}

static int32_t set_string(char **slot, const char *option, const char *value)
{
	if (!value[0])
		return bad(option, value, "is empty; give a value");
	return vr_text_replace(slot, value);
}

static int32_t plugin_options(struct cli_plugin *p, char *const *parts)
{
	for (; *parts; parts++) {
		char *equals = strchr(*parts, '=');
		int32_t rc;

		if (equals == *parts || !**parts)
			return vr_error_set(VR_E_INVAL,
					    "-p %s: an option without a name; write ID,name=value", p->id);
		if (equals)
			*equals = '\0';
		/* A bare name switches something on. */
		rc = cli_add_plugin_option(p, *parts, equals ? equals + 1 : "true");
		if (rc < 0)
			return rc;
	}
	return VR_OK;
}

/* ID[,OPT=VAL...]; a comma in a value is doubled. */
static int32_t set_plugin(struct cli *c, const char *value)
{
	struct cli_plugin *p;
	char **parts;
	int32_t rc;

	if (vr_text_split(value, ',', &parts) < 0)
		return VR_E_NOMEM;
	if (!parts[0][0] || strchr(parts[0], '=')) {
		vr_text_list_free(parts);
		return bad("plugin", value, "begins without the id of a plugin; write -p ID[,name=value...]");
	}
	p = cli_add_plugin(c, parts[0]);
	if (p) {
		p->selects = true;
		p->where = vr_text_format("-p %s", parts[0]);
	}
	rc = p && p->where ? plugin_options(p, parts + 1) : VR_E_NOMEM;
	vr_text_list_free(parts);
	return rc;
}

static int32_t set_disk(struct cli *c, const char *value)
{
	struct disk_words words = {0};
	char **parts;
	int32_t rc;

	if (vr_text_split(value, ',', &parts) < 0)
		return VR_E_NOMEM;
	rc = parts[0][0] ? VR_OK
			 : bad("disk", value, "names no file; write --disk FILE[,ro|,ephemeral][,raw]");
	for (char **p = parts + 1; rc == VR_OK && *p; p++) {
		if (!strcmp(*p, "ro"))
			words.read_only = true;
		else if (!strcmp(*p, "ephemeral"))
			words.ephemeral = true;
		else if (!strcmp(*p, "raw"))
			words.raw = true;
		else
			rc = bad("disk", value,
				 "has an unknown option; ',ro', ',ephemeral' and ',raw' are known, and a "
				 "comma in a "
				 "file's name is doubled");
	}
	if (rc == VR_OK && words.read_only && words.ephemeral)
		rc = bad("disk", value,
			 "can't be both: ',ro' lets the guest write nothing, ',ephemeral' forgets it");
	if (rc == VR_OK)
		rc = cli_add_disk(c, parts[0], words);
	vr_text_list_free(parts);
	return rc;
}

/* What is given later comes later: of two settings of one parameter the kernel takes the last. */
static int32_t add_append(char **append, const char *value)
{
	char *all;
	int32_t rc;

	if (!*append)
		return vr_text_replace(append, value);
	all = vr_text_format("%s %s", *append, value);
	rc = all ? vr_text_replace(append, all) : VR_E_NOMEM;
	free(all);
	return rc;
}

static int32_t set_memory(struct cli *c, const char *value)
{
	const char *wrong = cli_memory(value, &c->machine.ram_size);

	return wrong ? bad("memory", value, wrong) : VR_OK;
}

static int32_t set_smp(struct cli *c, const char *value)
{
	uint64_t n;

	if (vr_text_u64(value, &n) < 0 || n < 1 || n > CLI_SMP_MAX)
		return bad("smp", value, "must be a number from 1 to 512");
	c->machine.vcpu_count = (uint32_t)n;
	return VR_OK;
}

static int32_t set_stats(struct cli *c, const char *value)
{
	if (value && strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
		return bad("stats", value, "must be text or json");
	c->machine.stats = value && !strcmp(value, "json") ? 2 : 1;
	return VR_OK;
}

static int32_t set_on_output_closed(struct cli *c, const char *value)
{
	if (strcmp(value, "end") != 0 && strcmp(value, "continue") != 0)
		return bad("on-output-closed", value, "must be end or continue");
	c->machine.output_optional = !strcmp(value, "continue");
	return VR_OK;
}

static int32_t set_run(struct cli *c, enum option_id id, const char *value)
{
	struct run_request *r = &c->machine.run;

	if (r->command || r->file)
		return vr_error_set(
			VR_E_INVAL,
			(id == OPT_RUN ? r->command : r->file) != NULL
				? "--%s is given twice; give several commands as one (--run 'a && b'), or a "
				  "script (--run-file)"
				: "--%s is given beside the other of --run and --run-file; give one",
			options[id].word);
	return set_string(id == OPT_RUN ? &r->command : &r->file, options[id].word, value);
}

/* NAME=VALUE, or NAME for what it is here; one that is not set here is left out. */
static int32_t add_environment(struct run_request *r, const char *value)
{
	size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
	const char *here;
	char *pair;
	int32_t rc;

	if (!n || (value[0] >= '0' && value[0] <= '9') || (value[n] && value[n] != '='))
		return bad("env", value,
			   "has no name of letters, digits and '_' that the guest's shell takes; write "
			   "NAME=VALUE or NAME");
	if (value[n])
		return vr_text_list_add(&r->environment, value);
	here = getenv(value);
	if (!here)
		return VR_OK;
	pair = vr_text_format("%s=%s", value, here);
	rc = pair ? vr_text_list_add(&r->environment, pair) : VR_E_NOMEM;
	free(pair);
	return rc;
}

#define SECONDS_MOST 1000000000.0

static int32_t set_seconds(uint64_t *ns, const char *option, const char *value, bool zero)
{
	char *end;
	double seconds = strtod(value, &end);

	if (value[strspn(value, "0123456789.")] || end == value || *end || seconds > SECONDS_MOST ||
	    (!zero && seconds <= 0))
		return bad(option, value,
			   zero ? "must be a number of seconds; 0: any"
				: "must be a number of seconds above 0");
	*ns = (uint64_t)(seconds * 1e9);
	return VR_OK;
}

static int32_t set_log(struct cli *c, const char *value)
{
	char *where;
	int32_t rc;

	if (!strcmp(value, "help")) {
		c->command = CLI_LOG_HELP;
		return VR_OK;
	}
	where = vr_text_format("-d '%s'", value);
	rc = where ? log_filter_add(&c->machine.log, where, value) : VR_E_NOMEM;
	free(where);
	return rc;
}

static int32_t set_arch(struct cli *c, const char *value)
{
	if (!vr_text_is_name(value, "_-"))
		return bad("arch", value, "is not the name of an architecture");
	return vr_text_replace(&c->machine.arch, vr_arch_canonical(value));
}

static int32_t apply(struct cli *c, enum option_id id, const char *value)
{
	struct machine_config *m = &c->machine;

	switch (id) {
	case OPT_PLUGIN:
		return set_plugin(c, value);
	case OPT_CONFIG:
		if (c->config)
			return vr_error_set(VR_E_INVAL, "--config is given twice; one machine has one file");
		return set_string(&c->config, "config", value);
	case OPT_ARCH:
		return set_arch(c, value);
	case OPT_MEMORY:
		return set_memory(c, value);
	case OPT_SMP:
		return set_smp(c, value);
	case OPT_KERNEL:
		return set_string(&m->kernel, "kernel", value);
	case OPT_INITRD:
		return value[0] ? vr_text_list_add(&m->initrds, value) : bad("initrd", value, "is empty");
	case OPT_APPEND:
		return add_append(&m->append, value);
	case OPT_DISK:
		return set_disk(c, value);
	case OPT_READ_ONLY:
		m->read_only = true;
		return VR_OK;
	case OPT_EPHEMERAL:
		m->ephemeral = true;
		return VR_OK;
	case OPT_RUN:
	case OPT_RUN_FILE:
		return set_run(c, id, value);
	case OPT_ARGS:
		return VR_OK; /* parse_arguments() takes the words */
	case OPT_ENV:
		return add_environment(&m->run, value);
	case OPT_CWD:
		return set_string(&m->run.folder, "cwd", value);
	case OPT_START_LIMIT:
		return set_seconds(&m->run.start_limit, "start-limit", value, true);
	case OPT_TIMEOUT:
		return set_seconds(&m->timeout, "timeout", value, false);
	case OPT_NO_REBOOT:
		m->no_reboot = true;
		return VR_OK;
	case OPT_ON_OUTPUT_CLOSED:
		return set_on_output_closed(c, value);
	case OPT_CONSOLE_LOG:
		return set_string(&m->console_log, "console-log", value);
	case OPT_GDB:
		return set_string(&m->gdb, "gdb", value);
	case OPT_GDB_WAIT:
		m->gdb_wait = true;
		return VR_OK;
	case OPT_GDB_ANYWHERE:
		m->gdb_anywhere = true;
		return VR_OK;
	case OPT_NO_SANDBOX:
		m->sandbox = false;
		return VR_OK;
	case OPT_STATS:
		return set_stats(c, value);
	case OPT_LOG:
		return set_log(c, value);
	case OPT_LOG_FILE:
		return set_string(&m->log_file, "log-file", value);
	case OPT_PERF_MAP:
		m->perf_map = true;
		return VR_OK;
	case OPT_JITDUMP:
		return set_string(&m->jitdump, "jitdump", value ? value : ".");
	case OPT_PLUGIN_PATH:
		return set_string(&c->plugin_path, "plugin-path", value);
	case OPT_DIRECTORY:
		return set_string(&c->directory, "directory", value);
	case OPT_JSON:
		c->json = true;
		return VR_OK;
	case OPT_VERBOSE:
		c->verbose++;
		return VR_OK;
	case OPT_QUIET:
		c->quiet = true;
		return VR_OK;
	case OPT_VERSION:
		c->command = CLI_VERSION;
		return VR_OK;
	case OPT_HELP:
		c->command = CLI_HELP;
		return VR_OK;
	case OPT_COUNT:
		break;
	}
	return VR_E_INTERNAL;
}

/* ---- the command line ---- */

/* Where we are in argv. */
struct cursor {
	int argc, at;
	char *const *argv;
	const char *cluster; /* the rest of "-vq" */
};

static int32_t unknown_word(const char *word, size_t n)
{
	const char *words[OPT_COUNT], *near;
	char *name = vr_text_copy_n(word, n);

	if (!name)
		return VR_E_NOMEM;
	for (size_t i = 0; i < OPT_COUNT; i++)
		words[i] = options[i].word;
	near = vr_text_nearest(name, words, OPT_COUNT);
	if (near)
		vr_error_set(VR_E_INVAL, "unknown option '--%s'; did you mean '--%s'?", name, near);
	else
		vr_error_set(VR_E_INVAL, "unknown option '--%s'; 'vmrun --help' lists them", name);
	free(name);
	return VR_E_INVAL;
}

/* "--word", "--word=value", "--word value". */
static int32_t long_option(struct cursor *u, const char *word, int *id, const char **value)
{
	size_t n = strcspn(word, "=");

	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option *o = &options[i];

		if (strlen(o->word) != n || strncmp(o->word, word, n) != 0)
			continue;
		*id = i;
		*value = word[n] ? word + n + 1 : NULL;
		if (*value && o->argument == NONE)
			return vr_error_set(VR_E_INVAL, "--%s takes no value", o->word);
		if (!*value && o->argument == NEEDED) {
			if (u->at >= u->argc)
				return vr_error_set(VR_E_INVAL, "--%s needs a value: --%s %s", o->word,
						    o->word, o->metavar);
			*value = u->argv[u->at++];
		}
		return VR_OK;
	}
	return unknown_word(word, n);
}

/* "-v", "-vq", "-m512M", "-m 512M". */
static int32_t short_option(struct cursor *u, int *id, const char **value)
{
	char letter = *u->cluster++;

	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option *o = &options[i];

		if (!o->letter || o->letter != letter)
			continue;
		*id = i;
		*value = NULL;
		if (o->argument == NEEDED) {
			if (*u->cluster)
				*value = u->cluster;
			else if (u->at < u->argc)
				*value = u->argv[u->at++];
			else
				return vr_error_set(VR_E_INVAL, "-%c needs a value: -%c %s", letter, letter,
						    o->metavar);
			u->cluster = "";
		}
		return VR_OK;
	}
	/* The whole argument: "-kernel" is easily meant to be "--kernel". */
	return vr_error_set(VR_E_INVAL,
			    "unknown option '%s'; 'vmrun --help' lists them, long ones begin with '--'",
			    u->argv[u->at - 1]);
}

static int32_t positional(struct cli *c, const char *word)
{
	static const struct {
		const char *word;
		enum cli_command command;
	} commands[] = {
#define CLI_COMMAND(name, word_, arguments, help) {word_, CLI_##name},
#define PLUGINS(word_, arguments, count, function, help)
#include "cli/commands.def"
#undef CLI_COMMAND
#undef PLUGINS
	};

	if (c->command == CLI_PLUGINS || c->command == CLI_DOCTOR)
		return vr_text_list_add(&c->arguments, word);
	if (!c->machine.image && c->command == CLI_RUN) {
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
			if (!strcmp(word, commands[i].word)) {
				c->command = commands[i].command;
				return VR_OK;
			}
		}
	}
	if (c->machine.image)
		return vr_error_set(VR_E_INVAL,
				    "a second image '%s' after '%s'; add further disks with --disk", word,
				    c->machine.image);
	if (!word[0])
		return vr_error_set(VR_E_INVAL, "the image's name is empty; give a file");
	return vr_text_replace(&c->machine.image, word);
}

static int32_t parse_arguments(struct cursor *u, struct cli *c)
{
	bool only_positional = false;

	while (u->at < u->argc || *u->cluster) {
		const char *value = NULL;
		int32_t rc;
		int id = OPT_COUNT;

		if (*u->cluster) {
			rc = short_option(u, &id, &value);
		} else {
			const char *word = u->argv[u->at++];

			if (only_positional || word[0] != '-' || !word[1]) {
				rc = positional(c, word);
			} else if (!strcmp(word, "--")) {
				only_positional = true;
				continue;
			} else if (word[1] == '-') {
				rc = long_option(u, word + 2, &id, &value);
			} else {
				u->cluster = word + 1;
				continue;
			}
		}
		if (rc == VR_OK && id != OPT_COUNT) {
			c->given |= 1ull << id;
			rc = apply(c, (enum option_id)id, value);
		}
		/* What follows is the command's, whatever it looks like. */
		while (id == OPT_ARGS && rc == VR_OK && u->at < u->argc)
			rc = vr_text_list_add(&c->machine.run.arguments, u->argv[u->at++]);
		if (rc < 0)
			return rc;
		/* Help is printed even when later words are wrong. */
		if (c->command == CLI_HELP || c->command == CLI_VERSION || c->command == CLI_LOG_HELP)
			return VR_OK;
	}
	return VR_OK;
}

static int32_t check_gdb(const struct machine_config *m)
{
	struct gdb_address address;

	if (m->gdb)
		return gdb_address_parse(m->gdb, m->gdb_anywhere, &address);
	if (m->gdb_wait || m->gdb_anywhere)
		return vr_error_set(VR_E_INVAL, "%s goes with --gdb; say where a debugger may attach",
				    m->gdb_wait ? "-S" : "--gdb-anywhere");
	return VR_OK;
}

static int32_t check_run(const struct cli *c)
{
	static const enum option_id only[] = {OPT_ARGS, OPT_ENV, OPT_CWD, OPT_START_LIMIT};

	for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++)
		if ((c->given >> only[i] & 1) && !c->machine.run.command && !c->machine.run.file)
			return vr_error_set(VR_E_INVAL, "--%s goes with --run or --run-file",
					    options[only[i]].word);
	return VR_OK;
}

static int32_t check(const struct cli *c)
{
	int32_t rc;

	const struct machine_config *m = &c->machine;

	if (c->quiet && c->verbose)
		return vr_error_set(VR_E_INVAL, "--quiet and --verbose exclude each other; give one");
	if (c->json && c->command == CLI_RUN)
		return vr_error_set(VR_E_INVAL,
				    "--json is for 'plugins' and 'doctor'; for counters use --stats=json");
	if (c->directory && c->command != CLI_PLUGINS)
		return vr_error_set(VR_E_INVAL, "--directory is for 'plugins new'");
	if (c->command == CLI_DOCTOR && c->arguments)
		return vr_error_set(VR_E_INVAL, "doctor takes no argument '%s'", c->arguments[0]);
	if (c->command != CLI_RUN)
		return VR_OK;
	if (!m->image && !m->kernel)
		return vr_error_set(VR_E_INVAL, "nothing to boot; name an image, or a kernel with --kernel");
	if (m->log_file && !m->log.items)
		return vr_error_set(VR_E_INVAL, "--log-file without a log; say with -d what it is to hold");
	if (m->read_only && !m->image)
		return vr_error_set(VR_E_INVAL,
				    "--read-only without an image; for other disks write --disk FILE,ro");
	if (m->ephemeral && !m->image && !m->disk_count)
		return vr_error_set(VR_E_INVAL,
				    "--ephemeral without a disk; it is for an image and for --disk FILE");
	rc = check_run(c);
	return rc == VR_OK ? check_gdb(m) : rc;
}

int32_t cli_environment(struct cli *c)
{
	const char *value = getenv("VM_ACCEL_FALLBACK"), *limit = getenv(GUARD_LIMIT_VARIABLE);

	if (value && value[0] && vr_text_bool(value, &c->machine.fallback) < 0)
		return vr_error_set(VR_E_INVAL, "VM_ACCEL_FALLBACK '%s' must be 1 or 0", value);
	return limit && limit[0] ? guard_limit(limit) : VR_OK;
}

int32_t cli_parse(int argc, char *const *argv, struct cli *c)
{
	struct cursor u = {.argc = argc, .at = 1, .argv = argv, .cluster = ""};
	int32_t rc;

	*c = (struct cli){.machine = {.sandbox = true, .run.start_limit = START_LIMIT}};
	rc = parse_arguments(&u, c);
	c->machine.machine_file = c->config;
	if (rc == VR_OK && c->command == CLI_RUN && c->config)
		rc = machine_file_read(c->config, c);
	if (rc == VR_OK)
		rc = cli_environment(c);
	return rc == VR_OK ? check(c) : rc;
}
