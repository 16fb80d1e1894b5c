/* SPDX-License-Identifier: MIT */
/*
 * hosttables.c: struct vr_host itself, and the host tables that need no machine: vmrun.log/1, vmrun.config/1,
 * vmrun.registry/1 and vmrun.file/1.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/arch.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "plugin/internal.h"
#include "util/log.h"

static struct registry_entry *entry_of(const struct vr_host *host)
{
	return registry_entry_of(plugin_host_of(host)->plugin);
}

/* ---- struct vr_host ---- */

static const void *VR_CALL host_query(const struct vr_host *host, const char *id)
{
	return registry_offered(plugin_host_of(host)->registry, id);
}

static void VR_CALL host_error(const struct vr_host *host, int32_t code, const char *text)
{
	(void)host;
	if (text)
		vr_error_set(code, "%s", text);
}

void hosttables_host(struct registry *r, struct registry_entry *e)
{
	e->host.host = (struct vr_host){
		.size = sizeof(struct vr_host),
		.abi_major = VR_ABI_MAJOR,
		.abi_minor = VR_ABI_MINOR,
		.query = host_query,
		.error = host_error,
	};
	e->host.registry = r;
	e->host.plugin = &e->loaded;
	e->host.machine = r->machine;
}

/* ---- vmrun.log/1 ---- */

static void VR_CALL log_write(const struct vr_host *host, uint32_t level, const char *text)
{
	if (text)
		log_print(level, "%s: %s", plugin_host_of(host)->plugin->manifest->id, text);
}

/* Its `level` is the only thing here that changes, before the first plugin is loaded. */
static struct vr_host_log log_table = {.size = sizeof(log_table), .level = VR_LOG_WARN, .write = log_write};

/* ---- vmrun.config/1 ---- */

static const char *VR_CALL config_string(const struct vr_host *host, const char *name)
{
	const struct plugin_host *h = plugin_host_of(host);

	return registry_option_value(h->registry, h->plugin, name);
}

/* "Not given" is an answer and no error, so no text is noted: it would hide a real one. */
static int32_t VR_CALL config_number(const struct vr_host *host, const char *name, uint64_t *out)
{
	const char *text = config_string(host, name);
	bool flag;

	if (!text)
		return VR_E_NOENT;
	if (vr_text_size(text, out) == VR_OK)
		return VR_OK;
	if (vr_text_bool(text, &flag) == VR_OK) {
		*out = flag;
		return VR_OK;
	}
	return vr_error_set(VR_E_INVAL, "plugin '%s', option '%s': '%s' is not a number",
			    entry_of(host)->loaded.manifest->id, name, text);
}

static const struct vr_host_config config_table = {
	.size = sizeof(config_table),
	.string = config_string,
	.number = config_number,
};

/* ---- vmrun.registry/1 ---- */

/* Is it to be looked at, as far as manifests tell? */
static bool may_offer(const struct vr_manifest *m, const char *interface_id)
{
	return vr_text_list_has(m->provides, interface_id) &&
	       (!m->host || !m->host[0] || vr_text_list_has(m->host, "any") ||
		vr_text_list_has(m->host, vr_arch_host()));
}

/* start: those that are not loaded as well. */
static int32_t find(const struct vr_host *host, const char *interface_id, const char *plugin_id, uint32_t i,
		    struct vr_found *out, bool start)
{
	struct registry *r = plugin_host_of(host)->registry;

	/* What ABI 1.0 had of it is the least: older plugins know no more. */
	if (!interface_id || !out || out->size < offsetof(struct vr_found, flags))
		return vr_error_set(
			VR_E_INVAL,
			"vmrun.registry/1 find: found.size is too small, or no interface is named");
	for (uint32_t k = 0; k < r->count; k++) {
		struct loaded_plugin *p = &r->entries[k]->loaded;
		const void *table;

		if (plugin_id && strcmp(plugin_id, p->manifest->id) != 0)
			continue;
		if (start && (!may_offer(p->manifest, interface_id) || r->start(r, p) < 0)) {
			vr_error_clear();
			continue;
		}
		table = p->host ? registry_interface(p, interface_id) : NULL;
		if (!table || i-- > 0)
			continue;
		out->table = table;
		out->self = p->plugin->self;
		out->id = p->manifest->id;
		if (out->size >= offsetof(struct vr_found, flags) + sizeof(out->flags))
			out->flags = p->requested ? VR_FOUND_REQUESTED : 0;
		return VR_OK;
	}
	return VR_E_NOENT; /* the end of the list: no text */
}

static int32_t VR_CALL registry_find(const struct vr_host *host, const char *interface_id,
				     const char *plugin_id, uint32_t i, struct vr_found *out)
{
	return find(host, interface_id, plugin_id, i, out, false);
}

static int32_t VR_CALL registry_find_installed(const struct vr_host *host, const char *interface_id,
					       const char *plugin_id, uint32_t i, struct vr_found *out)
{
	return find(host, interface_id, plugin_id, i, out, true);
}

static const struct vr_host_registry registry_table = {
	.size = sizeof(registry_table), .find = registry_find, .find_installed = registry_find_installed};

/* ---- vmrun.file/1 ---- */

static int32_t VR_CALL file_table_open(const struct vr_host *host, const char *what, const char *path,
				       uint32_t how, int64_t *handle)
{
	const unsigned sinks = FILE_REGULAR | FILE_PIPE | FILE_FIFO | FILE_CHARACTER;
	const struct {
		int flags;
		unsigned kinds;
	} ways[] = {
		[VR_FILE_READ] = {O_RDONLY, FILE_REGULAR | FILE_PIPE},
		[VR_FILE_WRITE] = {O_WRONLY | O_CREAT | O_TRUNC, sinks},
		[VR_FILE_APPEND] = {O_WRONLY | O_CREAT | O_APPEND, sinks},
	};
	struct file_request r = {.path = path};
	struct file_opened f;
	char *label;
	int32_t rc;

	if (!what || !path || !handle || how >= sizeof(ways) / sizeof(ways[0]))
		return vr_error_set(VR_E_INVAL,
				    "plugin '%s': vmrun.file/1 open: no name, or no such way to open it",
				    entry_of(host)->loaded.manifest->id);
	label = vr_text_format("%s '%s'", what, path);
	if (!label)
		return VR_E_NOMEM;
	r.label = label;
	r.flags = ways[how].flags;
	r.kinds = ways[how].kinds;
	rc = file_open(&r, &f);
	free(label);
	*handle = f.fd;
	return rc;
}

static const struct vr_host_file file_table = {.size = sizeof(file_table), .open = file_table_open};

void hosttables_offer(struct registry *r)
{
	log_table.level = log_get_level();
	registry_offer(r, VR_LOG_ID, &log_table);
	registry_offer(r, VR_CONFIG_ID, &config_table);
	registry_offer(r, VR_REGISTRY_ID, &registry_table);
	registry_offer(r, VR_FILE_ID, &file_table);
}
