/* SPDX-License-Identifier: MIT */
/*
 * process.c: a helper process: it opens the plugin's library, enters the sandbox of its role and serves.
 *
 * The order matters. The library and what init() opens come from the user and from the plugin, which are
 * trusted, so they come before the sandbox. The state may come from a helper that was taken over, so it comes
 * after. The main function of the plugin gets the channel as three functions: requests for the state are
 * answered by receive(), on the plugin's own thread and between two messages, so a plugin needs no lock for
 * them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/error.h"
#include "common/roles.h"
#include "helper/internal.h"
#include "machine/sandbox.h"
#include "plugin/guard.h"
#include "util/log.h"

struct helper {
	struct vr_helper_channel channel; /* first: the plugin's pointer to it is a struct helper * */
	struct loaded_plugin *plugin;
	const struct vr_helper_main *table;
	struct vr_plugin_self *self;
	int socket, window;
	struct helper_state state; /* what was handed over */
	struct helper_packet_buffer config, in;
};

static struct helper *helper_of(const struct vr_helper_channel *c)
{
	return (struct helper *)(uintptr_t)c;
}

/* ---- the channel, for the plugin ------------------------------------------------------------------ */

static int32_t VR_CALL channel_send(const struct vr_helper_channel *c, const void *bytes, uint32_t length,
				    int64_t descriptor)
{
	struct helper_packet p = {.kind = PACKET_MESSAGE, .length = length};
	int32_t rc;

	if (length > VR_HELPER_MESSAGE_MAX)
		return vr_error_set(VR_E_RANGE, "a message of %u bytes: at most %u can be sent", length,
				    VR_HELPER_MESSAGE_MAX);
	rc = wire_send(helper_of(c)->socket, &p, bytes, (int)descriptor, -1);
	return rc == VR_E_INVAL ? vr_error_set(rc, "a descriptor that is not open can't be sent") : rc;
}

static void no_state(const struct helper *h, int32_t code)
{
	struct helper_packet p = {.kind = PACKET_NO_STATE, .code = code};

	wire_send(h->socket, &p, NULL, -1, HELPER_STATE_MS);
}

static void give_state(struct helper *h)
{
	uint8_t *bytes;
	int32_t n, m;

	if (!VR_HAS(h->table, get_state)) {
		no_state(h, VR_E_UNSUPPORTED);
		return;
	}
	n = h->table->get_state(h->self, NULL, 0);
	if (n < 0 || (uint32_t)n > VR_HELPER_STATE_MAX) {
		no_state(h, n < 0 ? n : VR_E_RANGE);
		return;
	}
	bytes = malloc((size_t)n + 1);
	m = bytes ? h->table->get_state(h->self, bytes, (uint32_t)n) : VR_E_NOMEM;
	if (m >= 0 && m <= n)
		wire_send_state(h->socket, bytes, (uint32_t)m, HELPER_STATE_MS);
	else
		no_state(h, m < 0 ? m : VR_E_RANGE);
	free(bytes);
}

static int32_t VR_CALL channel_receive(const struct vr_helper_channel *c, struct vr_helper_message *out,
				       int32_t milliseconds)
{
	struct helper *h = helper_of(c);

	for (;;) {
		int descriptor;
		int32_t rc = wire_receive(h->socket, &h->in, &descriptor);

		if (rc == 0) {
			if (!wire_wait(h->socket, milliseconds))
				return 0;
			continue;
		}
		if (rc < 0)
			return VR_E_STATE;
		if (h->in.packet.kind == PACKET_MESSAGE) {
			out->length = h->in.packet.length;
			out->bytes = h->in.bytes;
			out->descriptor = descriptor < 0 ? VR_HELPER_NO_DESCRIPTOR : descriptor;
			return 1;
		}
		if (descriptor >= 0)
			close(descriptor);
		if (h->in.packet.kind != PACKET_GET_STATE)
			return VR_E_STATE;
		give_state(h);
	}
}

/* ---- from the first packet to run() --------------------------------------------------------------- */

/* Where the machine process ended, or sends what is no packet, there is nothing left to do. */
static void next_packet(const struct helper *h, struct helper_packet_buffer *b, uint32_t kind)
{
	int descriptor = -1;
	int32_t rc = 0;

	while (rc == 0) {
		if (!wire_wait(h->socket, guard_patience()))
			_exit(1);
		rc = wire_receive(h->socket, b, &descriptor);
	}
	if (rc < 0 || descriptor >= 0 || b->packet.kind != kind)
		_exit(1);
}

static int32_t open_plugin(struct helper *h, struct registry *r)
{
	int32_t rc = registry_load(r, h->plugin);

	if (rc < 0)
		return rc;
	h->table = registry_interface(h->plugin, VR_HELPER_ID);
	h->self = h->plugin->plugin->self;
	if (!VR_HAS(h->table, run))
		return vr_error_set(VR_E_ABI,
				    "its manifest has the key 'helper', but the plugin has no " VR_HELPER_ID
				    " with a run(); they are not of one build");
	return VR_OK;
}

static int32_t map_window(struct helper *h, uint64_t length)
{
	if (h->window < 0)
		return VR_OK;
	h->channel.window = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, h->window, 0);
	if (h->channel.window == MAP_FAILED)
		return vr_error_set(VR_E_NOMEM, "can't map its window: %s", strerror(errno));
	h->channel.window_length = length;
	close(h->window);
	return VR_OK;
}

/* What the user gave, and nothing that stands in a manifest. */
static int32_t enter_sandbox(const struct loaded_plugin *p)
{
	static const enum sandbox_profile profiles[] = {
#define ROLE(id, word, rights) [ROLE_##id] = SANDBOX_##id,
#include "common/roles.def"
#undef ROLE
	};
	const struct vr_manifest *m = p->manifest;
	struct sandbox_grant *grant = calloc(m->option_count + 1, sizeof(*grant));
	struct sandbox_grants grants = {.grant = grant};
	int32_t rc;

	if (!grant)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	for (uint32_t i = 0; i < m->option_count; i++) {
		const char *path = registry_option_given(p, i);

		if (path && !strcmp(m->options[i].type, "path"))
			grant[grants.count++] =
				(struct sandbox_grant){.path = path, .write = m->options[i].write};
	}
	rc = sandbox_enter_profile(profiles[m->helper], &grants);
	free(grant);
	return rc;
}

/* The state that was handed over, in as many packets as it takes. */
static void take_state(struct helper *h)
{
	int32_t rc = h->config.packet.total ? 0 : 1;

	while (rc == 0) {
		next_packet(h, &h->in, PACKET_STATE);
		rc = wire_take_state(&h->state, &h->in);
	}
	if (rc < 0)
		_exit(1);
}

static int32_t set_state(const struct helper *h)
{
	if (!h->state.bytes)
		return VR_OK;
	if (!VR_HAS(h->table, set_state))
		return vr_error_set(VR_E_UNSUPPORTED, "it takes no state");
	return h->table->set_state(h->self, h->state.bytes, h->state.total);
}

static int32_t prepare(struct helper *h, struct registry *r, uint64_t window_length, bool sandbox)
{
	int32_t rc = open_plugin(h, r);

	if (rc == VR_OK)
		rc = map_window(h, window_length);
	if (rc == VR_OK && VR_HAS(h->table, init))
		rc = h->table->init(h->self, h->config.bytes, h->config.packet.length);
	if (rc >= 0 && sandbox)
		rc = enter_sandbox(h->plugin);
	if (rc >= 0)
		rc = set_state(h);
	return rc;
}

static _Noreturn void refuse(const struct helper *h, int32_t code)
{
	const char *text = vr_error_text(code);
	struct helper_packet p = {.kind = PACKET_REFUSED, .code = code, .length = (uint32_t)strlen(text)};

	wire_send(h->socket, &p, text, -1, guard_patience());
	_exit(1);
}

_Noreturn void helper_main(struct registry *r, struct loaded_plugin *p, int channel, int window,
			   uint64_t window_length, bool sandbox)
{
	static struct helper h;
	struct helper_packet ready = {.kind = PACKET_READY};
	int32_t rc;

	h.channel = (struct vr_helper_channel){.size = sizeof(h.channel),
					       .descriptor = channel,
					       .send = channel_send,
					       .receive = channel_receive};
	h.plugin = p;
	h.socket = channel;
	h.window = window;
	/* The terminal may be raw: a carriage return too many does no harm. */
	log_set_raw(isatty(STDERR_FILENO));
	next_packet(&h, &h.config, PACKET_BEGIN);
	take_state(&h);
	/* No other process of the user may look into it. */
	prctl(PR_SET_DUMPABLE, 0ul, 0ul, 0ul, 0ul);
	vr_error_clear();
	rc = prepare(&h, r, window_length, sandbox);
	if (rc < 0)
		refuse(&h, rc);
	free(h.state.bytes);
	if (wire_send(channel, &ready, NULL, -1, guard_patience()) < 0)
		_exit(1);
	vr_error_clear();
	rc = h.table->run(h.self, &h.channel);
	if (rc < 0 && rc != VR_E_STATE)
		log_print(VR_LOG_ERROR, "%s: helper: %s", p->manifest->id, vr_error_text(rc));
	/* No exit handlers: those that are registered are the machine process's. */
	_exit(rc < 0 && rc != VR_E_STATE ? 1 : 0);
}
