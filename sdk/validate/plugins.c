/* SPDX-License-Identifier: MIT */
/* plugins.c: libraries, and the other plugins that the one under test needs. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "common/elf.h"
#include "common/error.h"

void *check_opened(struct vr_check *c, const struct check_target *t)
{
	void *library;

	if (!t->library)
		check_skip(c, "the manifest names no library for this host");
	if (elf_check(t->library) < 0)
		check_skip(c, "%s", vr_error_text(VR_E_IO));
	check_phase(c, "dlopen");
	library = dlopen(t->library, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		check_skip(c, "%s", dlerror());
	return library;
}

/* dlsym() gives a data pointer; C has no cast from one to a function's. */
void check_symbol(void *library, const char *name, void *function)
{
	void *p = dlsym(library, name);

	memcpy(function, &p, sizeof(p));
}

const char *check_arch(struct vr_check *c)
{
	const char *guest = c->target->guest ? *c->target->guest : NULL;

	if (!guest || strcmp(guest, "host") == 0)
		return check_arch_host();
	if (strcmp(guest, "any") == 0)
		return c->helper.target && c->helper.target->guest ? check_arch_name(*c->helper.target->guest)
								   : check_arch_host();
	return check_arch_name(guest);
}

/* The best one, or one that --with names. */
static int find(struct vr_check *c, uint32_t class_bit, const char *guest, struct check_target *t)
{
	for (uint32_t i = 0; i < c->settings->with_count; i++)
		if (check_target_find(class_bit, guest, c->settings->with[i], c->settings->plugin_path,
				      c->target->manifest, t) == 0)
			return 0;
	return check_target_find(class_bit, guest, NULL, c->settings->plugin_path, c->target->manifest, t);
}

const struct vr_plugin *check_load(struct vr_check *c, const struct check_target *t, struct vr_fake_host *d)
{
	const struct vr_plugin *p = NULL;
	uint32_t given = c->report->given;
	vr_plugin_create_fn create;
	void *library;
	int32_t rc;

	check_given(c, 1);
	library = check_opened(c, t);
	check_symbol(library, "vmrun_plugin_create", &create);
	if (!d || !create)
		check_skip(c, "%s: not usable", t->manifest);
	for (uint32_t i = 0; i < t->option_count; i++)
		if (t->options[i].value)
			vr_fake_host_option(d, t->options[i].name, t->options[i].value);
	check_phase(c, "plugin '%s', which this one needs", t->id);
	rc = create(d->host, t->id, &p);
	if (rc == VR_OK && p->probe)
		rc = p->probe(p->self);
	if (rc < 0)
		check_skip(c, "plugin '%s', which this one needs, is not usable: %s", t->id, d->error_text);
	check_given(c, (int)given);
	return p;
}

/* Loads *t, which is kept, on a host of its own. */
static void use_helper(struct vr_check *c, const struct check_target *t)
{
	c->helper.target = t;
	c->helper.d =
		vr_fake_host_new(check_arch_name(t->guest && *t->guest ? *t->guest : ""), 1, 64ull << 20);
	c->helper.plugin = check_load(c, t, c->helper.d);
}

void check_helper(struct vr_check *c, uint32_t class_bit, const char *guest)
{
	static const char *const names[] = {"accelerator", "translator", "board", "device"};
	static struct check_target t;

	if (c->helper.target)
		return;
	if (find(c, class_bit, guest, &t) < 0)
		check_skip(c, "no %s for guests of %s is installed (--plugin-path, --with)",
			   names[__builtin_ctz(class_bit)], guest ? guest : "any architecture");
	use_helper(c, &t);
}

bool check_translator(struct vr_check *c, const char *guest)
{
	struct check_target *t = calloc(1, sizeof(*t));

	if (!t || find(c, CHECK_TRANSLATOR, guest, t) < 0) {
		free(t);
		return false;
	}
	use_helper(c, t);
	return true;
}

void check_translator_config(const struct vr_plugin *p, const struct check_target *t,
			     struct vr_vm_config *config)
{
	config->isa = p->query(p->self, VR_ISA_ID);
	config->emitter = p->query(p->self, VR_EMITTER_ID);
	config->translator_self = p->self;
	config->translator_id = t->id;
}
