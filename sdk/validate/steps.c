/* SPDX-License-Identifier: MIT */
/* steps.c: the way from a file to a plugin that runs, and back. Each step takes those before it. */
#include <stddef.h>
#include <string.h>

#include "check.h"
#include "common/text.h"

void check_open(struct vr_check *c)
{
	check_given(c, 1);
	if (c->target->error[0])
		check_skip(c, "the manifest is wrong");
	c->library = check_opened(c, c->target);
	check_symbol(c->library, "vmrun_plugin_magic", &c->magic);
	check_symbol(c->library, "vmrun_plugin_create", &c->create);
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

/* Streams as --run has them: one that the guest writes, and one that it reads, which has ended. */
static void give_streams(struct vr_fake_host *d)
{
	d->stream[0].name = "vmrun.check.out";
	d->stream[1].name = "vmrun.check.in";
	d->stream_count = 2;
	vr_fake_host_stream(d, 0, sizeof(d->stream[0].out), NULL, 0);
	vr_fake_host_stream(d, 1, 0, "text\n", 1);
}

struct vr_fake_host *check_fake_host(struct vr_check *c)
{
	struct vr_fake_host *d = vr_fake_host_new(check_arch(c), 1, 64ull << 20);

	if (!d)
		check_skip(c, "no memory for the fake host");
	give_streams(d);
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

const void *check_provided(struct vr_check *c, const char *interface_id)
{
	if (!vr_text_list_has(c->target->provides, interface_id))
		check_skip(c, "it has no %s", interface_id);
	return check_query(c, interface_id);
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
