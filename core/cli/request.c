/* SPDX-License-Identifier: MIT */
/* request.c: the pieces of a request, which the command line and the machine file both fill in. */
#include <stdlib.h>
#include <vmrun/abi.h>

#include "cli/options.h"
#include "common/error.h"
#include "common/text.h"
#include "util/log_filter.h"

struct cli_plugin *cli_add_plugin(struct cli *c, const char *id)
{
	struct cli_plugin *bigger = realloc(c->plugins, (c->plugin_count + 1) * sizeof(*bigger));
	struct cli_plugin *p;

	if (!bigger) {
		vr_error_set(VR_E_NOMEM, "out of memory");
		return NULL;
	}
	c->plugins = bigger;
	p = &bigger[c->plugin_count];
	*p = (struct cli_plugin){.id = vr_text_copy(id)};
	if (!p->id)
		return NULL;
	c->plugin_count++;
	return p;
}

int32_t cli_add_plugin_option(struct cli_plugin *p, const char *name, const char *value)
{
	if (vr_text_list_add(&p->names, name) < 0 || vr_text_list_add(&p->values, value) < 0)
		return VR_E_NOMEM;
	return VR_OK;
}

int32_t cli_add_disk(struct cli *c, const char *path, struct disk_words words)
{
	struct machine_config *m = &c->machine;
	struct disk_config *bigger = realloc(m->disks, (m->disk_count + 1) * sizeof(*bigger));

	if (!bigger)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	m->disks = bigger;
	bigger[m->disk_count] = (struct disk_config){
		.path = vr_text_copy(path),
		.mode = words.read_only   ? DISK_READ_ONLY
			: words.ephemeral ? DISK_EPHEMERAL
					  : DISK_WRITABLE,
		.raw = words.raw,
	};
	if (!bigger[m->disk_count].path)
		return VR_E_NOMEM;
	m->disk_count++;
	return VR_OK;
}

const char *cli_memory(const char *text, uint64_t *out)
{
	const uint64_t mib = 1024 * 1024;
	uint64_t v;

	if (vr_text_u64(text, &v) == VR_OK && v <= UINT64_MAX / mib)
		v *= mib; /* as in other virtual machine programs */
	else if (vr_text_size(text, &v) < 0)
		return "is not a size; write it like 512M or 2G";
	if (v < mib || v % mib)
		return "must be a whole number of MiB, at least 1M";
	if (v > 1ull << 44)
		return "is too much; at most 16T";
	*out = v;
	return NULL;
}

void cli_free(struct cli *c)
{
	struct machine_config *m = &c->machine;
	char *const strings[] = {m->arch,   m->accel,       m->translator, m->board,
				 m->kernel, m->append,      m->image,      m->run.command,
				 c->config, c->plugin_path, m->log_file,   m->jitdump,
				 m->gdb,    m->run.file,    m->run.folder, m->console_log};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		free(strings[i]);
	for (uint32_t i = 0; i < m->disk_count; i++)
		free(m->disks[i].path);
	free(m->disks);
	vr_text_list_free(m->initrds);
	vr_text_list_free(m->run.arguments);
	vr_text_list_free(m->run.environment);
	log_filter_free(&m->log);
	for (uint32_t i = 0; i < c->plugin_count; i++) {
		free(c->plugins[i].id);
		free(c->plugins[i].where);
		free(c->plugins[i].file);
		vr_text_list_free(c->plugins[i].names);
		vr_text_list_free(c->plugins[i].values);
		vr_text_list_free(c->plugins[i].places);
	}
	free(c->plugins);
	vr_text_list_free(c->arguments);
	*c = (struct cli){0};
}
