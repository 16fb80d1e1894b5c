/* SPDX-License-Identifier: MIT */
/* steps.c: verdicts, and the way from a file to a plugin that runs. */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/elf.h"
#include "common/error.h"

/* ---- verdicts ------------------------------------------------------------------------------------ */

static void verdict(struct vr_check *c, uint32_t state, const char *format, va_list ap)
{
	static char taken; /* two threads may fail at once */

	check_alloc_arm(0);
	if (!__atomic_test_and_set(&taken, __ATOMIC_SEQ_CST)) {
		vsnprintf(c->report->text, sizeof(c->report->text), format, ap);
		__atomic_store_n(&c->report->state, state, __ATOMIC_SEQ_CST);
		__atomic_store_n(&c->report->ended, 1, __ATOMIC_SEQ_CST);
	}
}

void check_fail(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	verdict(c, c->report->given ? CHECK_SKIPPED : CHECK_FAILED, format, ap);
	va_end(ap);
	_exit(0);
}

void check_skip(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	verdict(c, CHECK_SKIPPED, format, ap);
	va_end(ap);
	_exit(0);
}

void check_warn(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->report->warning, sizeof(c->report->warning), format, ap);
	va_end(ap);
}

void check_phase(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->report->phase, sizeof(c->report->phase), format, ap);
	va_end(ap);
}

void check_context(struct vr_check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->report->context, sizeof(c->report->context), format, ap);
	va_end(ap);
}

/* splitmix64: every seed is good. */
uint64_t check_random(struct vr_check *c)
{
	uint64_t z = c->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

const char *check_error_name(int32_t code)
{
	static char number[32];

	switch (code) {
	case VR_OK:
		return "0";
#define VR_ERROR(name, value, text) \
	case value:                 \
		return "VR_E_" #name;
#include <vmrun/errors.def>
#undef VR_ERROR
	default:
		snprintf(number, sizeof(number), "%d", code);
		return number;
	}
}

void check_refusal(struct vr_check *c, struct vr_fake_host *d, int32_t code, const char *what)
{
	CHECK(c, vr_fake_host_known_error(code), "%s returned %d, which errors.def does not have", what,
	      code);
	CHECK(c, d->error_count, "%s refused with %s and gave no text to host->error()", what,
	      check_error_name(code));
	CHECK(c, d->error_text[0], "%s refused with %s and an empty text", what, check_error_name(code));
}

/* ---- the way ------------------------------------------------------------------------------------------ */

void check_given(struct vr_check *c, int on)
{
	c->report->given = (uint32_t)on;
}

static void *library_of(struct vr_check *c, const struct check_target *t)
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
static void symbol(void *library, const char *name, void *function)
{
	void *p = dlsym(library, name);

	memcpy(function, &p, sizeof(p));
}

void check_open(struct vr_check *c)
{
	check_given(c, 1);
	if (c->target->error[0])
		check_skip(c, "the manifest is wrong");
	c->library = library_of(c, c->target);
	symbol(c->library, "vmrun_plugin_magic", &c->magic);
	symbol(c->library, "vmrun_plugin_create", &c->create);
	if (!c->magic || !c->create)
		check_skip(c, "the library does not export the two functions");
	check_given(c, 0);
}

void check_magic(struct vr_check *c)
{
	static const struct vr_magic right = VR_MAGIC_INITIALIZER;
	const struct vr_magic *m;

	check_open(c);
	check_given(c, 1);
	check_phase(c, "vmrun_plugin_magic");
	m = c->magic();
	if (!m || m->size != right.size || memcmp(m->tag, right.tag, 4) != 0 ||
	    m->abi_major != right.abi_major || m->abi_minor > right.abi_minor)
		check_skip(c, "the magic block is wrong");
	check_given(c, 0);
}

struct vr_fake_host *check_fake_host(struct vr_check *c)
{
	struct vr_fake_host *d = vr_fake_host_new(check_arch(c), 1, 64ull << 20);

	if (!d)
		check_skip(c, "no memory for the fake host");
	for (uint32_t i = 0; i < c->target->option_count; i++)
		if (c->target->options[i].value)
			vr_fake_host_option(d, c->target->options[i].name, c->target->options[i].value);
	check_inner_offer(c, d);
	for (uint32_t i = 0; i < c->settings->option_count; i++)
		vr_fake_host_option(d, c->settings->name[i], c->settings->value[i]);
	return d;
}

static const struct vr_plugin *sound(const struct vr_plugin *p)
{
	return p && p->size >= offsetof(struct vr_plugin, query) + sizeof(p->query) && p->query ? p : NULL;
}

void check_created(struct vr_check *c)
{
	int32_t rc;

	check_magic(c);
	check_given(c, 1);
	c->d = check_fake_host(c);
	check_phase(c, "vmrun_plugin_create");
	rc = c->create(c->d->host, c->target->id, &c->plugin);
	if (rc < 0)
		check_skip(c, "vmrun_plugin_create refuses: %s", c->d->error_text);
	if (!sound(c->plugin))
		check_skip(c, "vmrun_plugin_create makes no sound struct vr_plugin");
	check_given(c, 0);
}

void check_probed(struct vr_check *c)
{
	int32_t rc = VR_OK;

	check_created(c);
	check_given(c, 1);
	check_phase(c, "probe");
	if (c->plugin->probe)
		rc = c->plugin->probe(c->plugin->self);
	if (rc < 0)
		check_skip(c, "not usable here: %s", c->d->error_text);
	check_given(c, 0);
}

void check_started(struct vr_check *c)
{
	int32_t rc = VR_OK;

	check_probed(c);
	check_given(c, 1);
	check_phase(c, "start");
	if (c->plugin->start)
		rc = c->plugin->start(c->plugin->self);
	if (rc < 0)
		check_skip(c, "start refuses: %s", c->d->error_text);
	check_given(c, 0);
}

const void *check_query(struct vr_check *c, const char *interface_id)
{
	const void *table;

	check_given(c, 1);
	check_phase(c, "query(\"%s\")", interface_id);
	table = c->plugin->query(c->plugin->self, interface_id);
	if (!table)
		check_skip(c, "it has no %s", interface_id);
	check_given(c, 0);
	return table;
}

const char *check_interface(const struct vr_check *c)
{
	switch (c->target->class_bit) {
	case CHECK_ACCEL:
		return VR_ACCEL_ID;
	case CHECK_TRANSLATOR:
		return VR_TRANSLATOR_ID;
	case CHECK_BOARD:
		return VR_BOARD_ID;
	case CHECK_DEVICE:
		return VR_DEVICE_ID;
	default:
		return NULL;
	}
}

void check_used(struct vr_check *c)
{
	int32_t rc;

	check_started(c);
	check_given(c, 1);
	rc = check_use_begin(c);
	if (rc < 0)
		check_skip(c, "%s: %s", c->report->phase, c->d->error_text);
	check_given(c, 0);
}

void check_unused(struct vr_check *c)
{
	check_given(c, 1);
	check_use_end(c);
	check_phase(c, "stop");
	if (c->plugin->stop)
		c->plugin->stop(c->plugin->self);
	check_phase(c, "destroy");
	if (c->plugin->destroy)
		c->plugin->destroy(c->plugin->self);
	c->plugin = NULL;
	check_given(c, 0);
}

int32_t check_use_begin(struct vr_check *c)
{
	const char *id = check_interface(c);

	memset(&c->use, 0, sizeof(c->use));
	if (!id)
		return VR_OK;
	check_phase(c, "query(\"%s\")", id);
	c->use.table = c->plugin->query(c->plugin->self, id);
	if (!c->use.table)
		return VR_OK;
	switch (c->target->class_bit) {
	case CHECK_ACCEL:
		return check_accel_begin(c);
	case CHECK_BOARD:
		return check_board_begin(c);
	case CHECK_DEVICE:
		return check_device_begin(c);
	default:
		return VR_OK;
	}
}

void check_use_end(struct vr_check *c)
{
	if (!c->use.table)
		return;
	switch (c->target->class_bit) {
	case CHECK_ACCEL:
		check_accel_end(c);
		break;
	case CHECK_BOARD:
		check_board_end(c);
		break;
	case CHECK_DEVICE:
		check_device_end(c);
		break;
	default:
		break;
	}
	memset(&c->use, 0, sizeof(c->use));
}

int32_t check_life(struct vr_check *c, struct vr_fake_host *d, const char **stage)
{
	const struct vr_plugin *p = NULL;
	int32_t rc;

	c->d = d;
	*stage = "vmrun_plugin_create";
	check_phase(c, "%s", *stage);
	rc = c->create(d->host, c->target->id, &p);
	if (rc < 0)
		return rc;
	c->plugin = sound(p);
	if (!c->plugin)
		check_skip(c, "vmrun_plugin_create makes no sound struct vr_plugin");
	*stage = "probe";
	check_phase(c, "%s", *stage);
	rc = p->probe ? p->probe(p->self) : VR_OK;
	if (rc >= 0) {
		*stage = "start";
		check_phase(c, "%s", *stage);
		rc = p->start ? p->start(p->self) : VR_OK;
		if (rc >= 0) {
			*stage = "making its objects";
			rc = check_use_begin(c);
			if (rc >= 0)
				check_use_end(c);
			check_phase(c, "stop");
			if (p->stop)
				p->stop(p->self);
		}
	}
	check_phase(c, "destroy");
	if (p->destroy)
		p->destroy(p->self);
	c->plugin = NULL;
	return rc < 0 ? rc : VR_OK;
}

/* ---- other plugins ----------------------------------------------------------------------------------------
 */

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
	library = library_of(c, t);
	symbol(library, "vmrun_plugin_create", &create);
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
