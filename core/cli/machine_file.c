/* SPDX-License-Identifier: MIT */
/*
 * machine_file.c: `-c machine.yaml`.
 *
 *     arch: arm64                  # guest architecture
 *     accel: soft                  # ids of plugins; left out: chosen as without a file
 *     translator: xlate-arm64-x86
 *     board: board-virt
 *     memory: 2G
 *     cpus: 4
 *     image: guest.img             # paths are relative to this file; ~/ and ${NAME}: cli/paths.c
 *     read-only: false             # of the image
 *     kernel: Image
 *     initrd: initrd.img
 *     append: console=ttyAMA0
 *     disks:
 *       - {path: data.img, read-only: true}
 *     reboot: true                 # false: as --no-reboot
 *     sandbox: true                # false: as --no-sandbox
 *     log: ["insn,host:0x40080000+4K", int]   # as -d, one each
 *     log-file: vmrun.log
 *     console-log: console.log     # as --console-log
 *     perf-map: false              # true: as --perf-map
 *     jitdump: .                   # a folder: as --jitdump
 *     plugins:                     # options; a device or passthrough plugin named here is also used
 *       soft: {cache: 64M}
 *
 * The same strict YAML as a manifest's; a file called "-" is standard input. The command line wins over the file.
 */
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "cli/options.h"
#include "common/arch.h"
#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool given(const struct cli *c, enum option_id id)
{
	return c->given >> id & 1;
}

static char *place_of(const struct vr_yaml *y, uint32_t line, uint32_t column)
{
	return vr_text_format("%s:%u:%u", y->file, line, column);
}

/* A path in the file is meant relative to the file: a machine's folder can be moved as a whole. */
static int32_t read_path(const struct vr_yaml *y, const struct vr_yaml_node *n, char **slot)
{
	char *path = NULL, *place;
	const char *s;
	int32_t rc;

	if (vr_yaml_string(y, n, &s) < 0)
		return y->code;
	place = place_of(y, n->line, n->column);
	rc = place ? cli_expand_path(y->file, place, s, &path) : VR_E_NOMEM;
	free(place);
	if (rc < 0)
		return rc;
	free(*slot);
	*slot = path;
	return VR_OK;
}

static int32_t read_arch(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	const char *s;

	if (vr_yaml_string(y, n, &s) < 0)
		return y->code;
	if (!vr_text_is_name(s, "_-"))
		return vr_yaml_error(y, n, "'%s' is not the name of an architecture", s);
	return given(c, OPT_ARCH) ? VR_OK : vr_text_replace(&c->machine.arch, vr_arch_canonical(s));
}

static int32_t read_id(const struct vr_yaml *y, const struct vr_yaml_node *n, char **slot)
{
	const char *s;

	if (vr_yaml_string(y, n, &s) < 0)
		return y->code;
	return vr_text_replace(slot, s);
}

static int32_t read_accel(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_id(y, n, &c->machine.accel);
}

static int32_t read_translator(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_id(y, n, &c->machine.translator);
}

static int32_t read_board(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_id(y, n, &c->machine.board);
}

static int32_t read_memory(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	const char *s, *wrong;
	uint64_t size;

	if (vr_yaml_string(y, n, &s) < 0)
		return y->code;
	wrong = cli_memory(s, &size);
	if (wrong)
		return vr_yaml_error(y, n, "memory '%s' %s", s, wrong);
	if (!given(c, OPT_MEMORY))
		c->machine.ram_size = size;
	return VR_OK;
}

static int32_t read_cpus(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	int64_t v;

	if (vr_yaml_number(y, n, 1, CLI_SMP_MAX, &v) < 0)
		return y->code;
	if (!given(c, OPT_SMP))
		c->machine.vcpu_count = (uint32_t)v;
	return VR_OK;
}

/* What the command line has taken the place of is read all the same: it may be wrong. */
static int32_t read_path_unless(bool skip, const struct vr_yaml *y, const struct vr_yaml_node *n, char **slot)
{
	char *ignored = NULL;
	int32_t rc = read_path(y, n, skip ? &ignored : slot);

	free(ignored);
	return rc;
}

static int32_t read_image(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_path_unless(c->machine.image != NULL, y, n, &c->machine.image);
}

static int32_t read_kernel(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_path_unless(given(c, OPT_KERNEL), y, n, &c->machine.kernel);
}

/* A kernel from the command line doesn't get the initrd of another kernel. */
static int32_t read_initrd(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	char *path = NULL;
	int32_t rc = read_path(y, n, &path);

	if (rc == VR_OK && !given(c, OPT_INITRD) && !given(c, OPT_KERNEL))
		rc = vr_text_list_add(&c->machine.initrds, path);
	free(path);
	return rc;
}

static int32_t read_append(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	if (vr_yaml_expect(y, n, VR_YAML_SCALAR) < 0)
		return y->code;
	return given(c, OPT_APPEND) ? VR_OK : vr_text_replace(&c->machine.append, n->text);
}

static int32_t read_switch(bool skip, const struct vr_yaml *y, const struct vr_yaml_node *n, bool *slot)
{
	bool v;

	if (vr_yaml_bool(y, n, &v) < 0)
		return y->code;
	if (!skip)
		*slot = v;
	return VR_OK;
}

static int32_t read_read_only(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_switch(given(c, OPT_READ_ONLY), y, n, &c->machine.read_only);
}

static int32_t read_ephemeral(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_switch(given(c, OPT_EPHEMERAL), y, n, &c->machine.ephemeral);
}

static int32_t read_reboot(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	bool reboot = !c->machine.no_reboot;
	int32_t rc = read_switch(given(c, OPT_NO_REBOOT), y, n, &reboot);

	c->machine.no_reboot = !reboot;
	return rc;
}

static int32_t read_sandbox(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_switch(given(c, OPT_NO_SANDBOX), y, n, &c->machine.sandbox);
}

typedef int32_t (*reader)(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c);

static int32_t read_each(const struct vr_yaml *y, const struct vr_yaml_node *all, enum vr_yaml_kind kind,
			 reader read, struct cli *c)
{
	if (vr_yaml_expect(y, all, kind) < 0)
		return y->code;
	for (const struct vr_yaml_node *n = all->first; n; n = n->next) {
		int32_t rc = read(y, n, c);

		if (rc < 0)
			return rc;
	}
	return VR_OK;
}

static int32_t read_disk(const struct vr_yaml *y, const struct vr_yaml_node *map, struct cli *c)
{
	static const char *const keys[] = {"path", "read-only", "ephemeral", "raw"};
	const struct vr_yaml_node *n;
	struct disk_words words = {0};
	bool *const word[] = {NULL, &words.read_only, &words.ephemeral, &words.raw}; /* of keys[] */
	char *path = NULL;
	int32_t rc;

	if (vr_yaml_expect(y, map, VR_YAML_MAP) < 0 ||
	    vr_yaml_check_keys(y, map, "a disk", keys, COUNT(keys)) < 0)
		return y->code;
	for (size_t i = 1; i < COUNT(keys); i++) {
		n = vr_yaml_get(map, keys[i]);
		if (n && vr_yaml_bool(y, n, word[i]) < 0)
			return y->code;
	}
	if (words.read_only && words.ephemeral)
		return vr_yaml_error(y, vr_yaml_get(map, "ephemeral"),
				     "a disk can't be both read-only and ephemeral; leave one out");
	if (vr_yaml_need(y, map, "the disk", "path", &n) < 0)
		return y->code;
	rc = read_path(y, n, &path);
	if (rc == VR_OK)
		rc = cli_add_disk(c, path, words);
	free(path);
	return rc;
}

static int32_t read_disks(const struct vr_yaml *y, const struct vr_yaml_node *list, struct cli *c)
{
	return read_each(y, list, VR_YAML_LIST, read_disk, c);
}

static int32_t read_log_items(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	struct log_filter ignored = {0};
	char *where;
	int32_t rc;

	if (vr_yaml_expect(y, n, VR_YAML_SCALAR) < 0)
		return y->code;
	where = vr_text_format("%s:%u:%u: log '%s'", y->file, n->line, n->column, n->text);
	rc = where ? log_filter_add(given(c, OPT_LOG) ? &ignored : &c->machine.log, where, n->text)
		   : VR_E_NOMEM;
	free(where);
	log_filter_free(&ignored);
	return rc == VR_E_INVAL ? VR_E_CONFIG : rc;
}

static int32_t read_log(const struct vr_yaml *y, const struct vr_yaml_node *list, struct cli *c)
{
	return read_each(y, list, VR_YAML_LIST, read_log_items, c);
}

static int32_t read_log_file(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_path_unless(given(c, OPT_LOG_FILE), y, n, &c->machine.log_file);
}

static int32_t read_console_log(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_path_unless(given(c, OPT_CONSOLE_LOG), y, n, &c->machine.console_log);
}

static int32_t read_perf_map(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_switch(given(c, OPT_PERF_MAP), y, n, &c->machine.perf_map);
}

static int32_t read_jitdump(const struct vr_yaml *y, const struct vr_yaml_node *n, struct cli *c)
{
	return read_path_unless(given(c, OPT_JITDUMP), y, n, &c->machine.jitdump);
}

static int32_t read_plugin(const struct vr_yaml *y, const struct vr_yaml_node *map, struct cli *c)
{
	struct cli_plugin *p;

	if (vr_yaml_expect(y, map, VR_YAML_MAP) < 0)
		return y->code;
	p = cli_add_plugin(c, map->key);
	if (!p)
		return VR_E_NOMEM;
	p->where = place_of(y, map->key_line, map->key_column);
	p->file = vr_text_copy(y->file);
	if (!p->where || !p->file)
		return VR_E_NOMEM;
	for (const struct vr_yaml_node *n = map->first; n; n = n->next) {
		int32_t rc = VR_E_NOMEM;
		char *place;

		if (vr_yaml_expect(y, n, VR_YAML_SCALAR) < 0)
			return y->code;
		place = place_of(y, n->line, n->column);
		if (place && cli_add_plugin_option(p, n->key, n->text) == VR_OK)
			rc = vr_text_list_add(&p->places, place);
		free(place);
		if (rc < 0)
			return rc;
	}
	return VR_OK;
}

static int32_t read_plugins(const struct vr_yaml *y, const struct vr_yaml_node *map, struct cli *c)
{
	return read_each(y, map, VR_YAML_MAP, read_plugin, c);
}

static const struct {
	const char *key;
	reader read;
} readers[] = {
	{"arch", read_arch},
	{"accel", read_accel},
	{"translator", read_translator},
	{"board", read_board},
	{"memory", read_memory},
	{"cpus", read_cpus},
	{"image", read_image},
	{"read-only", read_read_only},
	{"kernel", read_kernel},
	{"initrd", read_initrd},
	{"append", read_append},
	{"disks", read_disks},
	{"reboot", read_reboot},
	{"sandbox", read_sandbox},
	{"plugins", read_plugins},
	{"log", read_log},
	{"log-file", read_log_file},
	{"perf-map", read_perf_map},
	{"jitdump", read_jitdump},
	{"console-log", read_console_log},
	{"ephemeral", read_ephemeral},
};

static int32_t read_all(const struct vr_yaml *y, struct cli *c)
{
	const char *keys[COUNT(readers)];

	if (y->root->kind != VR_YAML_MAP)
		return vr_yaml_error(y, y->root, "a machine file is a map of keys to values");
	for (size_t i = 0; i < COUNT(readers); i++)
		keys[i] = readers[i].key;
	if (vr_yaml_check_keys(y, y->root, "a machine file", keys, COUNT(keys)) < 0)
		return y->code;
	for (size_t i = 0; i < COUNT(readers); i++) {
		const struct vr_yaml_node *n = vr_yaml_get(y->root, readers[i].key);
		int32_t rc = n ? readers[i].read(y, n, c) : VR_OK;

		if (rc < 0)
			return rc;
	}
	return VR_OK;
}

/* The file's disks come first: a --disk added for one run must not rename those the guest knows. */
static void rotate_disks(struct machine_config *m, uint32_t before)
{
	for (uint32_t i = 0; i < before; i++) {
		struct disk_config first = m->disks[0];

		memmove(&m->disks[0], &m->disks[1], (m->disk_count - 1) * sizeof(first));
		m->disks[m->disk_count - 1] = first;
	}
}

int32_t machine_file_read(const char *file, struct cli *c)
{
	uint32_t before = c->machine.disk_count;
	struct vr_yaml *y;
	int32_t rc = strcmp(file, "-") != 0 ? vr_yaml_read(file, VR_E_CONFIG, &y)
					    : vr_yaml_read_stdin(VR_E_CONFIG, &y);

	if (rc < 0)
		return rc;
	rc = read_all(y, c);
	vr_yaml_free(y);
	rotate_disks(&c->machine, before);
	return rc;
}
