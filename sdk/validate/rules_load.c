/* SPDX-License-Identifier: MIT */
/* rules_load.c: the manifest, the library, the magic block, create's ids, query's ids. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/block.h>
#include <vmrun/net.h>
#include <vmrun/virtio.h>

#include "check.h"
#include "common/elf.h"
#include "common/error.h"

void check_manifest(struct vr_check *c)
{
	CHECK(c, !c->target->error[0], "%s", c->target->error);
}

void check_library(struct vr_check *c)
{
	void *library;

	if (c->target->error[0])
		check_skip(c, "the manifest is wrong");
	if (!c->target->library)
		check_skip(c, "the manifest names no library for this host");
	CHECK(c, elf_check(c->target->library) == VR_OK, "%s", vr_error_text(VR_E_IO));
	check_phase(c, "dlopen");
	library = dlopen(c->target->library, RTLD_NOW | RTLD_LOCAL);
	CHECK(c, library, "%s", dlerror());
}

void check_magic_block(struct vr_check *c)
{
	const struct vr_magic *m;

	check_open(c);
	check_phase(c, "vmrun_plugin_magic");
	m = c->magic();
	CHECK(c, m, "vmrun_plugin_magic returns NULL");
	CHECK(c, m->size == 32, "magic.size is %u, not 32", m->size);
	CHECK(c, memcmp(m->tag, "VMRN", 4) == 0, "magic.tag is not 'VMRN'");
	CHECK(c, m->abi_major == VR_ABI_MAJOR, "magic.abi_major is %u; this validator is for %u",
	      m->abi_major, VR_ABI_MAJOR);
	CHECK(c, m->abi_minor <= VR_ABI_MINOR, "magic.abi_minor is %u; this validator knows up to %u",
	      m->abi_minor, VR_ABI_MINOR);
	CHECK(c, m->flags == 0, "magic.flags is 0x%x, not 0", m->flags);
	for (size_t i = 0; i < sizeof(m->abi_extra); i++)
		CHECK(c, !m->abi_extra[i], "magic.abi_extra is not zeros");
	CHECK(c, c->magic() == m, "vmrun_plugin_magic returns another block at the second call");
}

void check_magic_manifest(struct vr_check *c)
{
	const struct vr_magic *m;

	check_magic(c);
	m = c->magic();
	CHECK(c, m->abi_major == c->target->abi_major && m->abi_minor == c->target->abi_minor,
	      "the magic block says ABI %u.%u, the manifest %u.%u", m->abi_major, m->abi_minor,
	      c->target->abi_major, c->target->abi_minor);
}

void check_provides(struct vr_check *c)
{
	check_created(c);
	for (char *const *id = c->target->provides; *id; id++) {
		check_phase(c, "query(\"%s\")", *id);
		CHECK(c, c->plugin->query(c->plugin->self, *id),
		      "the manifest provides %s, but query() has no such table", *id);
	}
}

/* Those of which a device plugin has at least one, besides vmrun.device/1. */
#define OF_DEVICES(X) X(VR_VIRTIO_ID) X(VR_BLOCK_ID) X(VR_NET_ID)

static bool is_of_class(const struct vr_check *c, const char *id)
{
#define IS(of_device) || !strcmp(id, of_device)
	return !strcmp(id, check_interface(c)) ||
	       (c->target->class_bit == CHECK_DEVICE && (0 OF_DEVICES(IS)));
#undef IS
}

void check_class(struct vr_check *c)
{
	const char *id = check_interface(c);

	check_given(c, 1);
	if (c->target->error[0])
		check_skip(c, "the manifest is wrong");
	check_given(c, 0);
	if (!id)
		check_skip(c, "its class has no interface of its own");
	for (char *const *p = c->target->provides; *p; p++)
		if (is_of_class(c, *p))
			return;
#define OR(of_device) " or " of_device
	check_fail(c, "it is of class %s, but does not provide %s%s", c->target->class_name, id,
		   c->target->class_bit == CHECK_DEVICE ? OF_DEVICES(OR) : "");
#undef OR
}

void check_options(struct vr_check *c)
{
	const char *stage;

	check_magic(c);
	c->d = check_fake_host(c);
	check_given(c, 1);
	if (check_life(c, c->d, &stage) < 0 && !c->d->asked_count)
		check_skip(c, "%s refuses: %s", stage, c->d->error_text);
	check_given(c, 0);
	for (uint32_t i = 0; i < c->d->asked_count; i++) {
		uint32_t k = 0;

		while (k < c->target->option_count && strcmp(c->target->options[k].name, c->d->asked[i]) != 0)
			k++;
		CHECK(c, k < c->target->option_count,
		      "it asks for option '%s', which its manifest does not name", c->d->asked[i]);
	}
}

/* ---- create's ids -------------------------------------------------------------------------------- */

static void refused_id(struct vr_check *c, const char *id, const char *what)
{
	static const struct vr_plugin none;
	const struct vr_plugin *untouched = &none, *out = untouched;
	int32_t rc;

	vr_fake_host_error_clear(c->d);
	check_phase(c, "vmrun_plugin_create with %s", what);
	rc = c->create(c->d->host, id, &out);
	CHECK(c, rc < 0, "vmrun_plugin_create accepts %s", what);
	CHECK(c, rc == VR_E_NOENT || !id, "vmrun_plugin_create refuses %s with %s, not VR_E_NOENT", what,
	      check_error_name(rc));
	CHECK(c, vr_fake_host_known_error(rc),
	      "vmrun_plugin_create refuses %s with %d, which errors.def does not have", what, rc);
	CHECK(c, out == untouched || out == NULL, "vmrun_plugin_create refuses %s, but hands out a plugin",
	      what);
}

void check_id_unknown(struct vr_check *c)
{
	check_magic(c);
	c->d = check_fake_host(c);
	refused_id(c, "no-such-plugin", "an unknown id");
}

void check_id_garbage(struct vr_check *c)
{
	char id[128];

	check_magic(c);
	c->d = check_fake_host(c);
	snprintf(id, sizeof(id), "%sx", c->target->id);
	refused_id(c, id, "its id and one letter more");
	snprintf(id, sizeof(id), "%s\n", c->target->id);
	refused_id(c, id, "its id and a newline");
	snprintf(id, sizeof(id), "%.*s", (int)strlen(c->target->id) - 1, c->target->id);
	refused_id(c, id, "its id without the last letter");
}

void check_id_empty(struct vr_check *c)
{
	check_magic(c);
	c->d = check_fake_host(c);
	refused_id(c, "", "an empty id");
	refused_id(c, NULL, "no id (NULL)");
}

/* ---- query's ids -----------------------------------------------------------------------------------------
 */

static void no_interface(struct vr_check *c, const char *id)
{
	check_phase(c, "query(\"%s\")", id);
	CHECK(c, !c->plugin->query(c->plugin->self, id), "query(\"%s\") gives a table", id);
}

void check_interface_unknown(struct vr_check *c)
{
	check_created(c);
	no_interface(c, "com.example.nothing/1");
	no_interface(c, "vmrun.nothing/1");
	no_interface(c, "");
}

void check_interface_garbage(struct vr_check *c)
{
	check_created(c);
	for (char *const *p = c->target->provides; *p; p++) {
		const char *slash = strchr(*p, '/');
		char id[128];

		snprintf(id, sizeof(id), "%sx", *p);
		no_interface(c, id);
		snprintf(id, sizeof(id), "%s0", *p);
		no_interface(c, id);
		snprintf(id, sizeof(id), "%s/1", *p);
		no_interface(c, id);
		if (!slash)
			continue;
		snprintf(id, sizeof(id), "%.*s", (int)(slash - *p), *p);
		no_interface(c, id);
		snprintf(id, sizeof(id), "%.*s/", (int)(slash - *p), *p);
		no_interface(c, id);
		snprintf(id, sizeof(id), "%.*s/99", (int)(slash - *p), *p);
		no_interface(c, id);
	}
}

void check_interface_same(struct vr_check *c)
{
	check_created(c);
	for (char *const *p = c->target->provides; *p; p++) {
		const void *first;

		check_phase(c, "query(\"%s\")", *p);
		first = c->plugin->query(c->plugin->self, *p);
		for (int i = 0; i < 3; i++)
			CHECK(c, c->plugin->query(c->plugin->self, *p) == first,
			      "query(\"%s\") gives another table each time", *p);
	}
}

/* ---- tables ---------------------------------------------------------------------------------------------
 */

/* What a table must reach to be of any use, and the functions in it that may not be NULL (by offset). */
#define F(type, member)                                \
	{                                              \
#member, offsetof(struct type, member) \
	}
struct member {
	const char *name;
	size_t offset;
};
static const struct member accel[] = {
	F(vr_accel, native_arch),    F(vr_accel, vm_create),    F(vr_accel, vm_destroy),
	F(vr_accel, memory_map),     F(vr_accel, memory_unmap), F(vr_accel, memory_written),
	F(vr_accel, vcpu_create),    F(vr_accel, vcpu_destroy), F(vr_accel, vcpu_run),
	F(vr_accel, vcpu_kick),      F(vr_accel, vcpu_set_pin), F(vr_accel, vcpu_get_state),
	F(vr_accel, vcpu_set_state), F(vr_accel, vm_reset),     F(vr_accel, stats),
};
static const struct member translator[] = {F(vr_isa, arch), F(vr_isa, guest_regs), F(vr_isa, lift)};
static const struct member board[] = {F(vr_board_maker, arch), F(vr_board_maker, create),
				      F(vr_board_maker, load), F(vr_board_maker, reset),
				      F(vr_board_maker, destroy)};
static const struct member device[] = {F(vr_device_maker, types), F(vr_device_maker, create),
				       F(vr_device_maker, reset), F(vr_device_maker, destroy)};
#undef F
static const struct {
	uint32_t class_bit;
	uint32_t count;
	const struct member *members;
} tables[] = {
	{CHECK_ACCEL, sizeof(accel) / sizeof(accel[0]), accel},
	{CHECK_TRANSLATOR, sizeof(translator) / sizeof(translator[0]), translator},
	{CHECK_BOARD, sizeof(board) / sizeof(board[0]), board},
	{CHECK_DEVICE, sizeof(device) / sizeof(device[0]), device},
};

void check_table_sizes(struct vr_check *c)
{
	check_created(c);
	for (char *const *p = c->target->provides; *p; p++) {
		const uint32_t *table;

		check_phase(c, "query(\"%s\")", *p);
		table = c->plugin->query(c->plugin->self, *p);
		if (!table || strncmp(*p, "vmrun.", 6) != 0)
			continue; /* another rule's, or a table that no rule is about */
		CHECK(c, ((uintptr_t)table & 7) == 0, "the table of %s is not aligned to 8 bytes", *p);
		CHECK(c, *table >= 16 && *table <= 4096, "the table of %s says that its size is %u", *p,
		      *table);
	}
}

void check_table_members(struct vr_check *c)
{
	const uint32_t *table;

	check_created(c);
	if (!check_interface(c))
		check_skip(c, "its class has no interface of its own");
	table = check_query(c, check_interface(c));
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i].class_bit != c->target->class_bit)
			continue;
		if (*table < 16 || *table > 4096)
			check_skip(c, "the table's size is wrong");
		for (uint32_t k = 0; k < tables[i].count; k++) {
			const struct member *m = &tables[i].members[k];
			const void *value;

			CHECK(c, *table >= m->offset + sizeof(value), "the table ends before %s", m->name);
			memcpy(&value, (const uint8_t *)table + m->offset, sizeof(value));
			CHECK(c, value, "%s is NULL", m->name);
		}
	}
}

void check_plugin_struct(struct vr_check *c)
{
	const struct vr_plugin *p = NULL;
	int32_t rc;

	check_magic(c);
	c->d = check_fake_host(c);
	check_phase(c, "vmrun_plugin_create");
	check_given(c, 1); /* that it does not crash is another rule */
	rc = c->create(c->d->host, c->target->id, &p);
	if (rc < 0)
		check_skip(c, "vmrun_plugin_create refuses: %s", c->d->error_text);
	check_given(c, 0);
	CHECK(c, p, "vmrun_plugin_create returned %d and no plugin", rc);
	CHECK(c, p->size >= offsetof(struct vr_plugin, query) + sizeof(p->query),
	      "plugin.size is %u, at least %zu", p->size,
	      offsetof(struct vr_plugin, query) + sizeof(p->query));
	CHECK(c, p->size <= 4096, "plugin.size is %u", p->size);
	CHECK(c, p->query, "plugin.query is NULL");
}
