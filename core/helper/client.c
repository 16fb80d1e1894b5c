/* SPDX-License-Identifier: MIT */
/*
 * client.c: helper processes seen from the machine process: vmrun.helper-host/1.
 *
 * One thread, started with the first helper, reads the control socket and the channels of all helpers and
 * calls the plugins' events. It alone adds and retires descriptors of its poll set, when notices of the
 * spawner arrive, so nothing has to wake it. All other threads send, and wait on `changed` for what that
 * thread finds.
 *
 *     ASKED --STARTED--> OPEN --READY--> SERVING --ENDED--> ENDED
 *       |                 |------------REFUSED/ENDED--------^
 *       '----REFUSED------------------------------------------'
 *
 * A channel's end of file is not yet a helper's end: how it ended is in the spawner's notice. A helper that
 * sends what is no message, or shuts its channel and lives on, is killed. When the spawner is gone so are the
 * helpers, by the kernel's doing (spawner.c), and each has then ended as VR_HELPER_LOST.
 *
 * Locks: `lock` guards the list and all of struct vr_helper_process but what is set before the helper is in
 * the list. No lock is held in a call into a plugin. A channel is closed by stop() alone, so a thread that
 * sends at that moment can't hit another file with the same number.
 *
 * All that is done here once the guest runs: sendmsg, recvmsg, poll, shutdown, close, mmap of a window,
 * futexes. Channels and windows are made by the spawner and arrive as descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"
#include "common/roles.h"
#include "helper/helper.h"
#include "helper/internal.h"
#include "machine/parts.h"
#include "plugin/guard.h"
#include "util/log.h"

enum phase { ASKED, OPEN, SERVING, ENDED };

struct vr_helper_process {
	struct vr_helper_process *next;
	struct helpers *owner;
	const struct vr_manifest *manifest;
	const struct vr_helper_events *events;
	void *opaque;
	uint32_t serial, flags;
	int channel;
	void *window;
	uint64_t window_length;
	/* Under the lock: */
	enum phase phase;
	bool ready;    /* it came to SERVING: start() answers VR_OK, and its end is an event */
	bool stopping; /* start() gave it up, or it is stopped: no events any more */
	bool silent;   /* nothing is read from its channel any more */
	uint32_t how;
	int32_t status;
	int32_t refused; /* a code, with its text */
	char text[512];
	bool state_wanted;    /* asked for, and not yet taken by get_state() */
	bool state_asking;    /* a call of get_state() waits */
	int32_t state_result; /* 0: not yet; 1: whole */
	struct helper_state state;
};

struct helpers {
	int control;
	int life; /* a pipe's end, closed by this process's end alone (spawner.c) */
	pid_t spawner;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool running; /* the thread does */
	bool lost;    /* the spawner ended */
	bool ended;   /* so did all this, or it is about to */
	uint32_t serial;
	struct vr_helper_process *first;
	struct vr_helper_process *calling; /* whose event runs */
	struct helper_packet_buffer in;    /* the thread's */
};

/* ---- waiting -------------------------------------------------------------------------------------- */

static struct timespec deadline(int milliseconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += milliseconds / 1000;
	t.tv_nsec += milliseconds % 1000 * 1000000l;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* With the lock held. false: the time is over. */
static bool wait_changed(struct helpers *c, const struct timespec *until)
{
	return pthread_cond_timedwait(&c->changed, &c->lock, until) != ETIMEDOUT;
}

static void order(const struct helpers *c, uint32_t kind, const struct vr_helper_process *h)
{
	struct helper_order o = {
		.magic = HELPER_MAGIC, .kind = kind, .serial = h->serial, .window = h->window_length};

	strncpy(o.id, h->manifest->id, sizeof(o.id) - 1);
	/* Where it fails the spawner is gone, and the thread finds that. */
	wire_send_control(c->control, &o, sizeof(o), NULL, 0);
}

/* ---- the thread ----------------------------------------------------------------------------------- */

static void tell_end(const struct vr_helper_process *h)
{
	const char *id = h->manifest->id, *role = role_name(h->manifest->helper);

	if (h->how == VR_HELPER_LOST)
		log_print(VR_LOG_ERROR, "plugin '%s': its helper (role %s) is lost: the spawner ended", id,
			  role);
	else if (h->how == VR_HELPER_SIGNALED)
		log_print(VR_LOG_ERROR, "plugin '%s': its helper (role %s) was ended by signal %d (%s)", id,
			  role, h->status, strsignal(h->status));
	else
		log_print(VR_LOG_ERROR, "plugin '%s': its helper (role %s) ended with exit status %d", id,
			  role, h->status);
}

static bool quiet(const struct vr_helper_process *h)
{
	return !h->ready || h->stopping;
}

/* With the lock held, which is given up for the call. */
static void call_message(struct helpers *c, struct vr_helper_process *h, const struct vr_helper_message *m)
{
	c->calling = h;
	pthread_mutex_unlock(&c->lock);
	h->events->message(h->opaque, m);
	pthread_mutex_lock(&c->lock);
	c->calling = NULL;
	pthread_cond_broadcast(&c->changed);
}

static void call_ended(struct helpers *c, struct vr_helper_process *h)
{
	c->calling = h;
	pthread_mutex_unlock(&c->lock);
	tell_end(h);
	h->events->ended(h->opaque, h->how, h->status);
	pthread_mutex_lock(&c->lock);
	c->calling = NULL;
	pthread_cond_broadcast(&c->changed);
}

static void violation(struct helpers *c, struct vr_helper_process *h)
{
	log_print(VR_LOG_ERROR, "plugin '%s': its helper (role %s) sent what is no message and is ended",
		  h->manifest->id, role_name(h->manifest->helper));
	h->silent = true;
	order(c, ORDER_KILL, h);
}

/* c->in holds a packet of h. false: a helper does not send such a thing now. The lock is held. */
static bool take_packet(struct helpers *c, struct vr_helper_process *h, int descriptor)
{
	const struct helper_packet *p = &c->in.packet;
	struct vr_helper_message m = {.size = sizeof(m),
				      .length = p->length,
				      .bytes = c->in.bytes,
				      .descriptor = descriptor < 0 ? VR_HELPER_NO_DESCRIPTOR : descriptor};
	int32_t rc;

	if (p->kind == PACKET_MESSAGE && h->phase == SERVING) {
		if (descriptor >= 0 && (quiet(h) || !(h->flags & VR_HELPER_DESCRIPTORS))) {
			close(descriptor);
			return quiet(h);
		}
		if (!quiet(h))
			call_message(c, h, &m);
		return true;
	}
	if (descriptor >= 0) {
		close(descriptor);
		return false;
	}
	switch (p->kind) {
	case PACKET_READY:
		if (h->phase != OPEN)
			return false;
		h->phase = SERVING;
		h->ready = true;
		return true;
	case PACKET_REFUSED:
		if (h->phase != OPEN || p->code >= 0)
			return false;
		h->refused = p->code;
		snprintf(h->text, sizeof(h->text), "%.*s", (int)p->length, (const char *)c->in.bytes);
		return true;
	case PACKET_STATE:
		if (!h->state_wanted || h->state_result)
			return false;
		rc = wire_take_state(&h->state, &c->in);
		h->state_result = rc;
		return rc != VR_E_INVAL;
	case PACKET_NO_STATE:
		if (!h->state_wanted || h->state_result || p->code >= 0)
			return false;
		h->state_result = p->code;
		return true;
	default:
		return false;
	}
}

/* At most `most` packets of one helper, so that others have their turn; -1: all. The lock is held. */
static void read_channel(struct helpers *c, struct vr_helper_process *h, int most)
{
	while (!h->silent && most--) {
		int descriptor;
		int32_t rc = wire_receive(h->channel, &c->in, &descriptor);

		if (rc == 0)
			return;
		if (rc == VR_E_STATE) {
			/* Its end is the spawner's to tell; this makes sure that there is one. */
			h->silent = true;
			order(c, ORDER_KILL, h);
		} else if (rc < 0 || !take_packet(c, h, descriptor)) {
			violation(c, h);
		}
		pthread_cond_broadcast(&c->changed);
	}
}

static void end_helper(struct helpers *c, struct vr_helper_process *h, uint32_t how, int32_t status)
{
	if (h->phase == ENDED)
		return;
	/* What it had sent comes first. */
	if (h->channel >= 0)
		read_channel(c, h, -1);
	h->silent = true;
	h->how = how;
	h->status = status;
	h->phase = ENDED;
	if (!quiet(h))
		call_ended(c, h);
	pthread_cond_broadcast(&c->changed);
}

static struct vr_helper_process *by_serial(const struct helpers *c, uint32_t serial)
{
	struct vr_helper_process *h = c->first;

	while (h && h->serial != serial)
		h = h->next;
	return h;
}

static void opened(struct helpers *c, struct vr_helper_process *h, int fd[2])
{
	if (h->window_length && fd[1] >= 0) {
		void *w = mmap(NULL, h->window_length, PROT_READ | PROT_WRITE, MAP_SHARED, fd[1], 0);

		h->window = w == MAP_FAILED ? NULL : w;
	}
	if (fd[0] < 0 || (h->window_length && !h->window)) {
		h->refused = VR_E_BUSY;
		snprintf(h->text, sizeof(h->text), "vmrun can't take its channel and window: %s",
			 fd[0] < 0 || fd[1] < 0 ? "too many open files" : "there is no memory");
		order(c, ORDER_KILL, h);
		return;
	}
	h->channel = fd[0];
	fd[0] = -1;
	h->phase = OPEN;
}

/* false: the spawner is gone. */
static bool read_control(struct helpers *c)
{
	struct vr_helper_process *h;
	struct helper_notice n;
	int fd[2];
	int32_t rc = wire_receive_control(c->control, &n, sizeof(n), fd);

	if (rc <= 0)
		return rc == 0;
	h = by_serial(c, n.serial);
	if (h && n.kind == NOTICE_STARTED && h->phase == ASKED) {
		opened(c, h, fd);
	} else if (h && n.kind == NOTICE_REFUSED && h->phase == ASKED) {
		h->refused = n.status < 0 ? n.status : VR_E_INTERNAL;
		snprintf(h->text, sizeof(h->text), "%.*s", (int)sizeof(n.text), n.text);
		h->phase = ENDED;
	} else if (h && n.kind == NOTICE_ENDED) {
		end_helper(c, h, n.how, n.status);
	}
	for (int i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
	}
	pthread_cond_broadcast(&c->changed);
	return true;
}

/* Events may take helpers from the list (stop() on another thread): look for one that is left each time. */
static void lose_all(struct helpers *c)
{
	struct vr_helper_process *h;

	c->lost = true;
	/* A spawner that sent what is no notice may live: this ends it. */
	shutdown(c->control, SHUT_RDWR);
	/* No zombie stays, unless a helper hangs in the kernel and keeps the spawner. */
	for (int i = 0; i < HELPER_STOP_MS / 10 && waitpid(c->spawner, NULL, WNOHANG) == 0; i++)
		poll(NULL, 0, 10);
	do {
		for (h = c->first; h && h->phase == ENDED; h = h->next)
			;
		if (h)
			end_helper(c, h, VR_HELPER_LOST, 0);
	} while (h);
	pthread_cond_broadcast(&c->changed);
}

static uint32_t poll_set(const struct helpers *c, struct pollfd *p, uint32_t *serial)
{
	uint32_t n = 1;

	p[0] = (struct pollfd){.fd = c->control, .events = POLLIN};
	for (const struct vr_helper_process *h = c->first; h && n <= VR_HELPERS_MAX; h = h->next) {
		if (h->channel < 0 || h->silent)
			continue;
		serial[n] = h->serial;
		p[n++] = (struct pollfd){.fd = h->channel, .events = POLLIN};
	}
	return n;
}

static void *read_all(void *opaque)
{
	struct helpers *c = opaque;
	struct pollfd p[VR_HELPERS_MAX + 1];
	uint32_t serial[VR_HELPERS_MAX + 1];

	pthread_mutex_lock(&c->lock);
	for (;;) {
		uint32_t n = poll_set(c, p, serial);

		pthread_mutex_unlock(&c->lock);
		poll(p, n, -1);
		pthread_mutex_lock(&c->lock);
		for (uint32_t i = 1; i < n; i++) {
			struct vr_helper_process *h = p[i].revents ? by_serial(c, serial[i]) : NULL;

			if (h)
				read_channel(c, h, 16);
		}
		if (p[0].revents && !read_control(c))
			break;
	}
	lose_all(c);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- vmrun.helper-host/1 -------------------------------------------------------------------------- */

static int32_t check_request(const struct loaded_plugin *p, const struct helpers *c,
			     const struct vr_helper_request *r)
{
	const struct vr_manifest *m = p->manifest;

	if (!r || r->size < offsetof(struct vr_helper_request, opaque) + sizeof(r->opaque) ||
	    !VR_HAS(r->events, ended) || !r->events->message)
		return vr_error_set(VR_E_INVAL, "plugin '%s': helper start: the request is not filled in",
				    m->id);
	if (m->helper == ROLE_NONE)
		return vr_error_set(VR_E_PERM,
				    "%s: plugin '%s' may have no helper process; its manifest needs the key "
				    "'helper'",
				    m->file, m->id);
	if (!helper_allowed(p))
		return vr_error_set(VR_E_PERM,
				    "plugin '%s' may have a helper process only when it is named; say -p %s",
				    m->id, m->id);
	if (r->config_length > VR_HELPER_MESSAGE_MAX || r->state_length > VR_HELPER_STATE_MAX ||
	    r->window > VR_HELPER_WINDOW_MAX)
		return vr_error_set(VR_E_RANGE,
				    "plugin '%s': helper start: configuration, state or window is too long",
				    m->id);
	if (!c)
		return vr_error_set(VR_E_STATE, "plugin '%s': helper processes are for 'vmrun run' alone",
				    m->id);
	return VR_OK;
}

/* What waits for the thread that calls the events can't be called by it. With the lock held. */
static int32_t check_thread(const struct helpers *c, const struct vr_manifest *m)
{
	if (!c->running || !pthread_equal(c->thread, pthread_self()))
		return VR_OK;
	return vr_error_set(VR_E_STATE,
			    "plugin '%s': a helper can't be started or asked from within an event of one",
			    m->id);
}

/* With the lock held. */
static int32_t start_thread(struct helpers *c, const struct vr_host *host)
{
	struct machine *m = machine_of(host);
	int32_t rc = VR_OK;

	if (!c->running)
		rc = threads_start(&c->thread, m ? &m->sandbox : NULL, "vmrun-helpers", read_all, c);
	c->running = c->running || rc == VR_OK;
	return rc;
}

static struct vr_helper_process *new_helper(struct helpers *c, const struct vr_manifest *m,
					    const struct vr_helper_request *r)
{
	struct vr_helper_process *h = calloc(1, sizeof(*h));

	if (!h) {
		vr_error_set(VR_E_NOMEM, "out of memory");
		return NULL;
	}
	h->owner = c;
	h->manifest = m;
	h->events = r->events;
	h->opaque = r->opaque;
	h->flags = r->flags;
	h->window_length = r->window;
	h->channel = -1;
	h->serial = ++c->serial;
	h->next = c->first;
	c->first = h;
	return h;
}

/* With the lock held. When it returns no event of h runs or will, and h is gone. */
static void remove_helper(struct helpers *c, struct vr_helper_process *h, bool kill_now)
{
	struct timespec until = deadline(kill_now ? 0 : HELPER_STOP_MS);
	struct vr_helper_process **at = &c->first;

	h->stopping = true;
	while (c->calling == h)
		pthread_cond_wait(&c->changed, &c->lock);
	if (h->channel >= 0)
		shutdown(h->channel, SHUT_WR);
	while (h->phase != ENDED && wait_changed(c, &until))
		;
	if (h->phase != ENDED) {
		if (!kill_now)
			log_print(VR_LOG_WARN,
				  "plugin '%s': its helper (role %s) did not end within %d s and is killed",
				  h->manifest->id, role_name(h->manifest->helper), HELPER_STOP_MS / 1000);
		order(c, ORDER_KILL, h);
		until = deadline(HELPER_STOP_MS);
		while (h->phase != ENDED && wait_changed(c, &until))
			;
	}
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	if (h->channel >= 0)
		close(h->channel);
	if (h->window)
		munmap(h->window, h->window_length);
	free(h->state.bytes);
	free(h);
}

static int32_t wait_phase(struct vr_helper_process *h, enum phase p, const struct timespec *until)
{
	struct helpers *c = h->owner;

	while (h->phase < p && !h->refused && !h->silent && !c->lost && !h->ready) {
		if (!wait_changed(c, until))
			return vr_error_set(VR_E_IO, "it did not start within %d s", guard_patience() / 1000);
	}
	if (h->refused)
		return vr_error_set(h->refused, "%s", h->text);
	if (h->ready || h->phase == p)
		return VR_OK;
	/* How it ended is better than that it did. */
	while (h->phase != ENDED && !c->lost && wait_changed(c, until))
		;
	if (h->phase == ENDED && h->how == VR_HELPER_SIGNALED)
		return vr_error_set(VR_E_IO, "it was ended by signal %d (%s) before it was ready", h->status,
				    strsignal(h->status));
	if (h->phase == ENDED && h->how == VR_HELPER_EXITED)
		return vr_error_set(VR_E_IO, "it ended with exit status %d before it was ready", h->status);
	return vr_error_set(VR_E_IO, "the spawner ended");
}

/* The lock is held, but not while it sends. */
static int32_t introduce(struct vr_helper_process *h, const struct vr_helper_request *r,
			 const struct timespec *until)
{
	struct helper_packet p = {
		.kind = PACKET_BEGIN, .length = r->config_length, .total = r->state ? r->state_length : 0};
	int32_t rc = wait_phase(h, OPEN, until);

	if (rc < 0)
		return rc;
	pthread_mutex_unlock(&h->owner->lock);
	rc = wire_send(h->channel, &p, r->config, -1, guard_patience());
	if (rc == VR_OK && p.total)
		rc = wire_send_state(h->channel, r->state, p.total, guard_patience());
	pthread_mutex_lock(&h->owner->lock);
	/* Where it could not be sent it has ended or does not read: waiting finds out which. */
	return wait_phase(h, SERVING, until);
}

static int32_t VR_CALL helper_start(const struct vr_host *host, const struct vr_helper_request *r,
				    struct vr_helper_process **out)
{
	const struct loaded_plugin *p = plugin_host_of(host)->plugin;
	struct helpers *c = registry_helpers(plugin_host_of(host)->registry);
	struct timespec until = deadline(guard_patience());
	struct vr_helper_process *h;
	int32_t rc = check_request(p, c, r);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&c->lock);
	rc = c->lost || c->ended
		     ? vr_error_set(VR_E_STATE, "plugin '%s': no helper can be started: the spawner ended",
				    p->manifest->id)
		     : start_thread(c, host);
	if (rc == VR_OK)
		rc = check_thread(c, p->manifest);
	h = rc < 0 ? NULL : new_helper(c, p->manifest, r);
	if (h) {
		*out = h; /* before its first event */
		order(c, ORDER_START, h);
		rc = introduce(h, r, &until);
		if (rc < 0) {
			vr_error_context(rc, "plugin '%s': its helper (role %s)", p->manifest->id,
					 role_name(p->manifest->helper));
			*out = NULL;
			remove_helper(c, h, true);
		}
	} else if (rc == VR_OK) {
		rc = VR_E_NOMEM;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static int32_t VR_CALL helper_send(const struct vr_host *host, struct vr_helper_process *h, const void *bytes,
				   uint32_t length, int64_t descriptor)
{
	(void)host;
	struct helper_packet p = {.kind = PACKET_MESSAGE, .length = length};
	int32_t rc;

	if (length > VR_HELPER_MESSAGE_MAX)
		return vr_error_set(VR_E_RANGE, "plugin '%s': a message of %u bytes: at most %u can be sent",
				    h->manifest->id, length, VR_HELPER_MESSAGE_MAX);
	rc = wire_send(h->channel, &p, bytes, (int)descriptor, 0);
	return rc == VR_E_INVAL ? vr_error_set(rc, "plugin '%s': a descriptor that is not open can't be sent",
					       h->manifest->id)
				: rc;
}

static void *VR_CALL helper_window(const struct vr_host *host, struct vr_helper_process *h)
{
	(void)host;
	return h->window;
}

/* The answer, or why there is none. The lock is held. */
static int32_t wait_state(struct vr_helper_process *h, const struct timespec *until)
{
	const char *id = h->manifest->id;

	while (!h->state_result && h->phase == SERVING && !h->silent) {
		if (wait_changed(h->owner, until))
			continue;
		return vr_error_set(VR_E_IO, "plugin '%s': its helper did not give its state within %d s", id,
				    HELPER_STATE_MS / 1000);
	}
	if (!h->state_result)
		return vr_error_set(VR_E_STATE, "plugin '%s': its helper has ended", id);
	if (h->state_result < 0)
		return vr_error_set(h->state_result, "plugin '%s': its helper gave no state: %s", id,
				    vr_error_name(h->state_result));
	return VR_OK;
}

static int32_t VR_CALL helper_get_state(const struct vr_host *host, struct vr_helper_process *h, void *buffer,
					uint32_t capacity)
{
	(void)host;
	struct helper_packet p = {.kind = PACKET_GET_STATE};
	struct timespec until = deadline(HELPER_STATE_MS);
	struct helpers *c = h->owner;
	int32_t rc, sent;

	pthread_mutex_lock(&c->lock);
	rc = check_thread(c, h->manifest);
	/* Also after a time-out, until that answer came: it is not the next question's. */
	if (rc == VR_OK && (h->state_asking || (h->state_wanted && !h->state_result)))
		rc = vr_error_set(VR_E_BUSY,
				  "plugin '%s': its helper has not answered the last request for its state",
				  h->manifest->id);
	if (rc < 0) {
		pthread_mutex_unlock(&c->lock);
		return rc;
	}
	h->state_wanted = h->state_asking = true;
	h->state_result = 0;
	h->state.length = 0;
	pthread_mutex_unlock(&c->lock);
	/* Where it could not be sent, waiting finds out why, and no answer comes. */
	sent = wire_send(h->channel, &p, NULL, -1, HELPER_STATE_MS);
	pthread_mutex_lock(&c->lock);
	rc = wait_state(h, &until);
	if (h->state_result || sent < 0)
		h->state_wanted = false;
	h->state_asking = false;
	if (rc == VR_OK && h->state.total > capacity)
		rc = vr_error_set(VR_E_RANGE, "plugin '%s': its helper's state has %u bytes, not at most %u",
				  h->manifest->id, h->state.total, capacity);
	if (rc == VR_OK) {
		memcpy(buffer, h->state.bytes, h->state.total);
		rc = (int32_t)h->state.total;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static void VR_CALL helper_stop(const struct vr_host *host, struct vr_helper_process *h)
{
	(void)host;
	struct helpers *c = h ? h->owner : NULL;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	remove_helper(c, h, false);
	pthread_mutex_unlock(&c->lock);
}

static const struct vr_host_helper helper_table = {
	.size = sizeof(helper_table),
	.start = helper_start,
	.send = helper_send,
	.window = helper_window,
	.get_state = helper_get_state,
	.stop = helper_stop,
};

void helpers_offer(struct registry *r)
{
	registry_offer(r, VR_HOST_HELPER_ID, &helper_table);
}

/* ---- the spawner's life --------------------------------------------------------------------------- */

static bool wanted(struct registry *r)
{
	for (uint32_t i = 0; i < registry_count(r); i++) {
		if (helper_allowed(registry_at(r, i)))
			return true;
	}
	return false;
}

static int32_t fork_spawner(struct helpers *c, struct registry *r, bool sandbox)
{
	pid_t vmrun = getpid();
	int fd[2], life[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return vr_error_set(VR_E_IO, "can't make the spawner's socket: %s", strerror(errno));
	c->control = fd[0];
	if (pipe2(life, O_CLOEXEC) < 0) {
		close(fd[1]);
		return vr_error_set(VR_E_IO, "can't make the spawner's pipe: %s", strerror(errno));
	}
	c->life = life[1];
	c->spawner = fork();
	if (c->spawner == 0)
		spawner_main(r, fd[1], life[0], vmrun, sandbox);
	close(fd[1]);
	close(life[0]);
	if (c->spawner < 0)
		return vr_error_set(VR_E_NOMEM, "can't fork the spawner: %s", strerror(errno));
	return VR_OK;
}

/* Helpers that no plugin stopped: as stop() does it, all at once. The lock is held. */
static void end_left(struct helpers *c)
{
	struct timespec until = deadline(HELPER_STOP_MS);
	struct vr_helper_process *h;

	for (h = c->first; h; h = h->next) {
		h->stopping = true;
		if (h->channel >= 0)
			shutdown(h->channel, SHUT_WR);
	}
	do {
		for (h = c->first; h && h->phase == ENDED; h = h->next)
			;
	} while (h && wait_changed(c, &until));
}

/* The spawner ends the helpers that are left, then itself, which is the control socket's end of file. */
static void end_spawner(struct helpers *c)
{
	struct timespec until = deadline(2 * HELPER_STOP_MS);

	shutdown(c->control, SHUT_WR);
	while (!c->lost && wait_changed(c, &until))
		;
}

static void helpers_end(struct helpers *c)
{
	bool lost;

	if (c->ended || c->spawner <= 0)
		return;
	c->ended = true;
	if (!c->running) {
		shutdown(c->control, SHUT_WR);
		if (wire_wait(c->control, HELPER_STOP_MS))
			waitpid(c->spawner, NULL, 0);
		return;
	}
	pthread_mutex_lock(&c->lock);
	end_left(c);
	end_spawner(c);
	lost = c->lost;
	pthread_mutex_unlock(&c->lock);
	if (!lost)
		return; /* a helper hangs in the kernel and keeps the spawner */
	pthread_join(c->thread, NULL);
	c->running = false;
}

int32_t helpers_start(struct registry *r, bool sandbox)
{
	pthread_condattr_t a;
	struct helpers *c;
	int32_t rc;

	helpers_offer(r);
	if (!wanted(r))
		return VR_OK;
	c = calloc(1, sizeof(*c));
	if (!c)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	c->control = c->life = -1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &a);
	pthread_condattr_destroy(&a);
	rc = fork_spawner(c, r, sandbox);
	if (rc < 0) {
		helpers_free(c);
		return rc;
	}
	registry_set_helpers(r, c, helpers_end);
	return VR_OK;
}

void helpers_free(struct helpers *c)
{
	if (!c)
		return;
	helpers_end(c);
	if (c->running)
		return; /* the thread has it */
	pthread_mutex_lock(&c->lock);
	while (c->first)
		remove_helper(c, c->first, true);
	pthread_mutex_unlock(&c->lock);
	if (c->control >= 0)
		close(c->control);
	if (c->life >= 0)
		close(c->life);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	free(c);
}
