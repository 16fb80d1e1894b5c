/* SPDX-License-Identifier: MIT */
/*
 * load.c: a plugin's library, from the file to the object that create() makes.
 *
 * Nothing of the library is called before its magic block was found right: a library of another ABI would be
 * called with arguments it doesn't understand. The library's own initialisers do run in dlopen(), which is
 * why plugins may have none, and why a plugin is trusted code.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arch.h"
#include "common/elf.h"
#include "common/error.h"
#include "common/search.h"
#include "common/text.h"
#include "plugin/internal.h"
#include "util/log.h"

_Static_assert(sizeof(struct vr_magic) == 32, "the magic block is frozen");

#define CREATE_LIMIT_MS 100

/* The fork's name in abi_extra, as far as it can be shown. */
static void printable(const uint8_t *bytes, size_t n, char *out)
{
	size_t i = 0;

	for (; i < n; i++)
		out[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : bytes[i] ? '?' : ' ';
	while (i > 0 && out[i - 1] == ' ')
		i--;
	out[i] = '\0';
}

static int32_t check_magic(const struct vr_magic *magic, const struct vr_manifest *m, const char *file)
{
	static const uint8_t tag[4] = {'V', 'M', 'R', 'N'};
	char shown[sizeof(magic->abi_extra) + 1];

	if (!magic)
		return vr_error_set(
			VR_E_ABI, "%s: magic: vmrun_plugin_magic() returned NULL; rebuild the plugin", file);
	if (magic->size != sizeof(*magic))
		return vr_error_set(VR_E_ABI, "%s: magic.size is %u, not 32; rebuild the plugin", file,
				    magic->size);
	if (memcmp(magic->tag, tag, sizeof(tag)) != 0) {
		printable(magic->tag, sizeof(magic->tag), shown);
		return vr_error_set(VR_E_ABI, "%s: magic.tag is '%s', not 'VMRN'; this is no plugin of vmrun",
				    file, shown);
	}
	if (magic->abi_major != VR_ABI_MAJOR)
		return vr_error_set(
			VR_E_ABI,
			"%s: magic.abi_major is %u, this vmrun has %u; rebuild the plugin for ABI %u", file,
			magic->abi_major, VR_ABI_MAJOR, VR_ABI_MAJOR);
	if (magic->abi_minor > VR_ABI_MINOR)
		return vr_error_set(
			VR_E_ABI,
			"%s: magic.abi_minor is %u, this vmrun has %u; update vmrun, or use an older plugin",
			file, magic->abi_minor, VR_ABI_MINOR);
	if (magic->flags != 0)
		return vr_error_set(VR_E_ABI, "%s: magic.flags is 0x%x, this vmrun knows none; update vmrun",
				    file, magic->flags);
	for (size_t i = 0; i < sizeof(magic->abi_extra); i++) {
		if (!magic->abi_extra[i])
			continue;
		printable(magic->abi_extra, sizeof(magic->abi_extra), shown);
		return vr_error_set(
			VR_E_ABI, "%s: magic.abi_extra is '%s', not zeros; it was built for another program",
			file, shown);
	}
	if (magic->abi_major != m->abi_major || magic->abi_minor != m->abi_minor)
		return vr_error_set(VR_E_ABI,
				    "%s: magic.abi_major.abi_minor is %u.%u, its manifest says %u.%u; they "
				    "are not of one "
				    "build",
				    file, magic->abi_major, magic->abi_minor, m->abi_major, m->abi_minor);
	return VR_OK;
}

static int32_t check_plugin(const struct vr_plugin *p, const struct vr_manifest *m, const char *file)
{
	if (!p)
		return vr_error_set(VR_E_ABI,
				    "%s: vmrun_plugin_create() returned no plugin; rebuild the plugin", file);
	if (p->size < offsetof(struct vr_plugin, query) + sizeof(p->query))
		return vr_error_set(VR_E_ABI,
				    "%s: plugin.size is %u, which ends before 'query'; rebuild the plugin",
				    file, p->size);
	if (!p->query)
		return vr_error_set(VR_E_ABI, "%s: plugin.query is NULL; rebuild the plugin", file);
	for (char **id = m->provides; *id; id++) {
		if (!p->query(p->self, *id))
			return vr_error_set(VR_E_ABI,
					    "%s: the manifest promises %s, but the plugin has no such "
					    "interface; they are "
					    "not of one build",
					    file, *id);
	}
	return VR_OK;
}

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* dlsym() gives a data pointer; POSIX promises that it holds a function's address, C has no cast for it. */
static int32_t find_symbol(void *library, const char *name, const char *file, void *function_pointer)
{
	void *symbol = dlsym(library, name);

	if (!symbol)
		return vr_error_set(
			VR_E_ABI,
			"%s: has no symbol %s; this is no plugin of vmrun, or its name is another: see "
			"'vmrun plugins check'",
			file, name);
	memcpy(function_pointer, &symbol, sizeof(symbol));
	return VR_OK;
}

static int32_t create(struct registry *r, struct registry_entry *e, vr_plugin_create_fn fn, const char *file)
{
	const struct vr_manifest *m = e->loaded.manifest;
	const struct vr_plugin *p = NULL;
	double begin = milliseconds(), took;
	int32_t code;

	hosttables_host(r, e);
	vr_error_clear();
	registry_entry_step(&e->loaded, GUARD_CREATE);
	code = fn(&e->host.host, m->id, &p);
	guard_leave();
	took = milliseconds() - begin;
	if (code == VR_E_NOENT && !vr_error_is_noted())
		return vr_error_set(
			VR_E_ABI,
			"%s: this library has no plugin '%s', which is the id in %s; write the id that "
			"vmrun_plugin_create() knows",
			file, m->id, m->file);
	if (code < 0)
		return vr_error_context(code, "%s: vmrun_plugin_create", file);
	if (took > CREATE_LIMIT_MS)
		log_print(VR_LOG_INFO, "%s: vmrun_plugin_create took %.0f ms; at most %d are allowed", file,
			  took, CREATE_LIMIT_MS);
	code = check_plugin(p, m, file);
	if (code < 0)
		return code; /* not destroyed: a plugin whose table is wrong is not called again */
	e->loaded.plugin = p;
	e->loaded.host = &e->host;
	return VR_OK;
}

static int32_t open_library(struct registry *r, struct registry_entry *e, const char *file)
{
	vr_plugin_magic_fn magic = NULL;
	vr_plugin_create_fn make = NULL;
	const struct vr_magic *magic_block;
	void *library;
	int32_t code = vr_search_elevated() ? vr_search_trusted(file) : VR_OK;

	if (code == VR_OK)
		code = elf_check(file);
	if (code < 0)
		return code;
	registry_entry_step(&e->loaded, GUARD_OPEN);
	library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	guard_leave();
	if (!library) {
		const char *why = dlerror();
		size_t n = strlen(file);

		/* Most of dlerror's texts begin with the file's name; ours do already. */
		if (why && !strncmp(why, file, n) && !strncmp(why + n, ": ", 2))
			why += n + 2;
		return vr_error_set(VR_E_IO, "%s: can't be loaded: %s", file, why ? why : "unknown reason");
	}
	code = find_symbol(library, "vmrun_plugin_magic", file, &magic);
	if (code == VR_OK)
		code = find_symbol(library, "vmrun_plugin_create", file, &make);
	if (code == VR_OK) {
		registry_entry_step(&e->loaded, GUARD_MAGIC);
		magic_block = magic();
		guard_leave();
		code = check_magic(magic_block, e->loaded.manifest, file);
	}
	/* It stays open: a destructor of its own could end the process before the error is told. */
	if (code < 0)
		return code;
	guard_library(e->loaded.manifest->id, dlsym(library, "vmrun_plugin_magic"));
	return create(r, e, make, file);
}

/* The library's path, kept with the entry; NULL: no memory. */
static const char *library_file(struct registry_entry *e)
{
	if (!e->file)
		e->file = vr_text_format("%s/%s", e->loaded.directory, e->loaded.manifest->library);
	return e->file;
}

const char *registry_library(struct loaded_plugin *p)
{
	return p->manifest->library ? library_file(registry_entry_of(p)) : NULL;
}

int32_t registry_check_library(struct loaded_plugin *p)
{
	const char *file;

	if (!p->manifest->library)
		return VR_OK;
	file = registry_library(p);
	return file ? elf_check(file) : VR_E_NOMEM;
}

int32_t library_load(struct registry *r, struct registry_entry *e)
{
	const struct vr_manifest *m = e->loaded.manifest;

	/* The manifest's claim first: it costs nothing, and a library of another system would not even open.
	 */
	if (m->abi_major != VR_ABI_MAJOR || m->abi_minor > VR_ABI_MINOR)
		return vr_error_set(VR_E_ABI, "%s: abi %u.%u, this vmrun has %u.%u; %s", m->file,
				    m->abi_major, m->abi_minor, VR_ABI_MAJOR, VR_ABI_MINOR,
				    m->abi_major < VR_ABI_MAJOR ? "update the plugin" : "update vmrun");
	if (!m->library)
		return vr_error_set(VR_E_UNSUPPORTED,
				    "%s: plugin '%s' has no library for %s; use it on another system",
				    m->file, m->id, vr_arch_platform());
	return library_file(e) ? open_library(r, e, e->file) : VR_E_NOMEM;
}
