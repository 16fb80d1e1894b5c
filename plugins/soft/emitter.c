/* SPDX-License-Identifier: MIT */
/*
 * emitter.c: the emitter that compiles for a virtual machine.
 *
 * An emitter works on the engine's own structures, so it has to be of the engine's revision (VR_ENGINE_REVISION). It
 * knows nothing of a guest, so any one serves any guest. The translator's own is the first choice: its author tried the
 * two together. When it can't be used (another revision, an incomplete table, a processor that can't run its code, a
 * memory order of the guest that it can't give), or the translator has none, those of the other installed plugins are looked
 * at, best first, and the first that can be used is taken. Without one the guest is interpreted. What a user did not expect is one line of the log.
 */
#include <stdio.h>
#include <string.h>

#include "soft.h"

#define WHY 200

struct search {
	struct soft_vm *vm;
	const struct vr_host_registry *registry;
	const struct vr_emit *own;
	char others[400]; /* "; xlate-b: ...": those that can't be used either */
};

_Static_assert(offsetof(struct vr_emit, size) == 0 && offsetof(struct vr_emit, revision) == 4 &&
		       offsetof(struct vr_emit, arch) == 8,
	       "what is read of an emitter of any revision");

static uint32_t memory_orders(const struct vr_emit *e)
{
	return VR_VALUE(e, memory_orders, 0);
}

/* The reason why it can't be used; NULL: it can. */
static const char *unusable(const struct soft_vm *vm, const struct vr_emit *e, char *why, uint32_t n)
{
	const char *missing;

	/* Another revision's table may be of any shape, but for its first three members. */
	if (e->size < offsetof(struct vr_emit, arch) + sizeof(e->arch)) {
		snprintf(why, n, "its vr_emit of %u bytes is too short", e->size);
		return why;
	}
	if (e->revision != VR_ENGINE_REVISION) {
		snprintf(why, n, "made for revision %u of the engine, which is of revision %u", e->revision,
			 VR_ENGINE_REVISION);
		return why;
	}
	missing = soft_emit_lacks(e);
	if (missing) {
		snprintf(why, n, "it has no %s", missing);
		return why;
	}
	why[0] = 0;
	if (e->probe(why, n) < 0) {
		if (!why[0])
			snprintf(why, n, "this processor can't run its code");
		return why;
	}
	if (!(memory_orders(e) >> vm->memory_order & 1)) {
		snprintf(why, n, "its code does not keep this guest's memory order (%s)",
			 vm->memory_order == VR_ORDER_TSO ? "TSO" : "weak");
		return why;
	}
	return NULL;
}

static const struct vr_emit *another(struct search *s, const char **id)
{
	struct vr_found f = {.size = sizeof(f)};
	char why[WHY];

	if (!VR_HAS(s->registry, find_installed))
		return NULL;
	for (uint32_t i = 0; s->registry->find_installed(s->vm->host, VR_EMITTER_ID, NULL, i, &f) == VR_OK;
	     i++) {
		const struct vr_emit *e = f.table;
		size_t at = strlen(s->others);

		*id = f.id;
		if (e == s->own)
			continue;
		if (!unusable(s->vm, e, why, sizeof(why)))
			return e;
		snprintf(s->others + at, sizeof(s->others) - at, "; of %s: %s", f.id, why);
	}
	return NULL;
}

static void say(struct soft_vm *vm, uint32_t level, const char *text)
{
	const struct vr_host_log *log = vm->host->query(vm->host, VR_LOG_ID);

	if (VR_HAS(log, write))
		log->write(vm->host, level, text);
}

const struct vr_emit *soft_emitter(struct soft_vm *vm, const struct vr_vm_config *c)
{
	struct search s = {.vm = vm,
			   .registry = vm->host->query(vm->host, VR_REGISTRY_ID),
			   .own = VR_HAS(c, emitter) ? c->emitter : NULL};
	const char *of = c->translator_id ? c->translator_id : "the translator";
	const char *from = "", *wrong = s.own ? NULL : "it has none";
	const struct vr_emit *e = s.own;
	char why[WHY], text[WHY + sizeof(s.others) + 200];

	if (e)
		wrong = unusable(vm, e, why, sizeof(why));
	if (!wrong)
		return e;
	e = another(&s, &from);
	if (e)
		snprintf(text, sizeof(text), "emitter of %s: %s; compiling with that of %s", of, wrong, from);
	else
		snprintf(text, sizeof(text),
			 "emitter of %s: %s%s; no other emitter that is installed can be used: interpreting, "
			 "which is slow",
			 of, wrong, s.others);
	/* That a translator comes without one, and another serves it, is as it should be. */
	say(vm, s.own ? VR_LOG_WARN : VR_LOG_INFO, text);
	return e;
}
