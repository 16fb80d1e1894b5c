/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: a device whose helper does what a guest asks for, one letter at a time, and says how it went.
 *
 * The guest (guest.c) takes letters from NEXT, which are the option `script`, writes each to DO, waits while
 * STATUS is busy and prints RESULT. Small letters go to the helper, capital ones are done here; commands.def
 * has the helper's. One library is several plugins, "helper-<role>", by their manifests.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/device.h>
#include <vmrun/helper.h>
#include <vmrun/plugin.h>

#include "helper/wire.h"
#include "tests/helper/test.h"

#define TYPE "helper-test"
#define MANY_MAX 80u
#define FILES_MAX 4096

enum { NEXT = 0, DO = 4, STATUS = 8, RESULT = 12 };
enum { DONE, BUSY, IO_ERROR };

struct device {
	struct test_plugin *p;
	const char *script;
	pthread_mutex_t lock;
	uint32_t status, result, waiting;
	struct vr_helper_process *helper[MANY_MAX];
	uint32_t count;
	int file;
	int control; /* the core's socket to the spawner: any code in the process finds it */
};

static inline struct device *device_of(struct vr_device *device)
{
	return (struct device *)device;
}

static int32_t fail(const struct test_plugin *p, int32_t code, const char *text)
{
	p->host->error(p->host, code, text);
	return code;
}

static void VR_CALL message(void *opaque, const struct vr_helper_message *m)
{
	struct device *d = opaque;
	uint32_t result = 0xbad;
	char text[64];

	if (m->length == sizeof(result))
		memcpy(&result, m->bytes, sizeof(result));
	if (m->descriptor != VR_HELPER_NO_DESCRIPTOR) {
		result = read((int)m->descriptor, text, sizeof(text)) > 0 ? (uint8_t)text[0] : 0xbad;
		close((int)m->descriptor);
	}
	pthread_mutex_lock(&d->lock);
	d->result = d->waiting > 1 ? 0 : result;
	if (d->waiting && !--d->waiting)
		d->status = DONE;
	pthread_mutex_unlock(&d->lock);
}

static void VR_CALL ended(void *opaque, uint32_t how, int32_t status)
{
	struct device *d = opaque;

	pthread_mutex_lock(&d->lock);
	d->status = IO_ERROR;
	d->result = how << 8 | (uint32_t)status;
	d->waiting = 0;
	pthread_mutex_unlock(&d->lock);
}

static const struct vr_helper_events events = {.size = sizeof(events), .message = message, .ended = ended};

static const char *text_of(const struct test_plugin *p, const char *name)
{
	const char *s = p->config->string(p->host, name);

	return s ? s : "";
}

static int32_t start(struct device *d, const void *state, uint32_t length, struct vr_helper_process **out)
{
	struct test_config c = {.vmrun = getpid()};
	struct vr_helper_request r = {.size = sizeof(r),
				      .flags = VR_HELPER_DESCRIPTORS,
				      .config = &c,
				      .config_length = sizeof(c),
				      .state = state,
				      .state_length = length,
				      .window = 4096,
				      .events = &events,
				      .opaque = d};

	snprintf(c.how, sizeof(c.how), "%s", text_of(d->p, "how"));
	if (!strcmp(c.how, "no-descriptors"))
		r.flags = 0;
	return d->p->helpers->start(d->p->host, &r, out);
}

/* The state goes from the helper to a new one. */
static uint32_t move(struct device *d)
{
	static uint8_t state[sizeof(struct test_state)];
	int32_t n = d->p->helpers->get_state(d->p->host, d->helper[0], state, sizeof(state));

	d->p->helpers->stop(d->p->host, d->helper[0]);
	d->helper[0] = NULL;
	if (n < 0)
		return (uint32_t)n;
	return (uint32_t)start(d, state, (uint32_t)n, &d->helper[0]);
}

/* The first sequential-packet socket is the control socket: it is made before any channel. */
static int find_control(void)
{
	for (int fd = 3; fd < 256; fd++) {
		int type = 0;
		socklen_t length = sizeof(type);

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_SEQPACKET)
			return fd;
	}
	return -1;
}

/* Orders for what this plugin may not have; how many were taken by the spawner, which answers none of them
 * with a process. */
static uint32_t forge(const struct device *d)
{
	struct helper_order o = {.magic = HELPER_MAGIC, .kind = ORDER_START, .serial = 1000};
	uint32_t sent = 0;

	strcpy(o.id, "helper-none");
	sent += send(d->control, &o, sizeof(o), MSG_NOSIGNAL) == sizeof(o);
	memset(o.id, 'x', sizeof(o.id));
	sent += send(d->control, &o, sizeof(o), MSG_NOSIGNAL) == sizeof(o);
	usleep(200000);
	return sent;
}

/* A helper is asked for while this process can open no more files. */
static uint32_t start_full(struct device *d)
{
	static int taken[FILES_MAX];
	uint32_t n = 0;
	int32_t rc;

	d->p->helpers->stop(d->p->host, d->helper[0]);
	d->helper[0] = NULL;
	while (n < FILES_MAX && (taken[n] = eventfd(0, EFD_CLOEXEC)) >= 0)
		n++;
	rc = n && n < FILES_MAX ? start(d, NULL, 0, &d->helper[0]) : VR_E_INTERNAL;
	while (n)
		close(taken[--n]);
	return (uint32_t)rc;
}

/* How many more files are open than when it was asked first. */
static uint32_t more_files(void)
{
	static uint32_t before;
	uint32_t n = 0;

	for (int fd = 0; fd < FILES_MAX; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	before = before ? before : n;
	return n - before;
}

/* The state of a helper that is busy: too late, then asked again before the answer came, then after it. */
static uint32_t late_state(const struct device *d, void *buffer)
{
	const struct vr_host_helper *h = d->p->helpers;

	if (h->send(d->p->host, d->helper[0], "b", 1, VR_HELPER_NO_DESCRIPTOR) < 0 ||
	    h->get_state(d->p->host, d->helper[0], buffer, VR_HELPER_STATE_MAX) != VR_E_IO ||
	    h->get_state(d->p->host, d->helper[0], buffer, VR_HELPER_STATE_MAX) != VR_E_BUSY)
		return 0xbad;
	usleep(3000000);
	return (uint32_t)h->get_state(d->p->host, d->helper[0], buffer, VR_HELPER_STATE_MAX);
}

/* What is done on this side. */
static uint32_t here(struct device *d, char command)
{
	const struct vr_host_helper *h = d->p->helpers;
	static uint8_t large[VR_HELPER_STATE_MAX + 1];

	switch (command) {
	case 'S':
		return move(d);
	case 'X':
		return forge(d);
	case 'Y':
		return (uint32_t)(send(d->control, "Y", 1, MSG_NOSIGNAL) != 1 || usleep(300000));
	case 'Z':
		return (uint32_t)usleep(300000);
	case 'W':
		return *(volatile uint32_t *)h->window(d->p->host, d->helper[0]);
	case 'L':
		return (uint32_t)h->send(d->p->host, d->helper[0], large, VR_HELPER_MESSAGE_MAX + 1,
					 VR_HELPER_NO_DESCRIPTOR);
	case 'R': /* once more, after it ended */
		h->stop(d->p->host, d->helper[0]);
		d->helper[0] = NULL;
		return (uint32_t)start(d, NULL, 0, &d->helper[0]);
	case 'B': /* a state that the helper refuses */
		h->stop(d->p->host, d->helper[0]);
		return (uint32_t)start(d, large, 3, &d->helper[0]);
	case 'T': /* too little room for the state */
		return (uint32_t)h->get_state(d->p->host, d->helper[0], large, 1);
	case 'G': /* how long the state is */
		return (uint32_t)h->get_state(d->p->host, d->helper[0], large, sizeof(large));
	case 'F':
		return start_full(d);
	case 'C':
		return more_files();
	case 'K':
		return late_state(d, large);
	default:
		return 0xbad;
	}
}

static void do_command(struct device *d, char command)
{
	uint32_t all = command == 'E' ? d->count : 1;
	char c = command == 'E' ? 'e' : command;

	if (command >= 'A' && command <= 'Z' && command != 'E') {
		uint32_t result = here(d, command);

		pthread_mutex_lock(&d->lock);
		d->result = result;
		d->status = DONE;
		pthread_mutex_unlock(&d->lock);
		return;
	}
	pthread_mutex_lock(&d->lock);
	d->status = BUSY;
	d->waiting = all;
	pthread_mutex_unlock(&d->lock);
	for (uint32_t i = 0; i < all; i++) {
		int32_t rc = d->helper[i] ? d->p->helpers->send(d->p->host, d->helper[i], &c, 1,
								c == 'd' ? d->file : VR_HELPER_NO_DESCRIPTOR)
					  : VR_E_STATE;

		if (rc < 0)
			ended(d, 0xe, -rc);
	}
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct device *d = opaque;
	uint32_t value = 0;

	(void)vcpu, (void)width;
	pthread_mutex_lock(&d->lock);
	if (offset == NEXT && *d->script)
		value = (uint8_t)*d->script++;
	else if (offset == STATUS)
		value = d->status;
	else if (offset == RESULT)
		value = d->result;
	pthread_mutex_unlock(&d->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t data)
{
	(void)vcpu, (void)width;
	if (offset == DO)
		do_command(opaque, (char)data);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

static void VR_CALL device_reset(struct vr_device *device)
{
	(void)device;
}

static void VR_CALL device_destroy(struct vr_device *device)
{
	struct device *d = device_of(device);

	for (uint32_t i = 0; i < d->count && strncmp(text_of(d->p, "how"), "leaves", 6) != 0; i++)
		d->p->helpers->stop(d->p->host, d->helper[i]);
	close(d->file);
	free(d);
}

static int32_t VR_CALL device_create(struct vr_plugin_self *self, const struct vr_device_config *c,
				     struct vr_device **device)
{
	struct test_plugin *p = test_plugin_of(self);
	struct device *d = calloc(1, sizeof(*d));
	uint64_t many = 1;
	int32_t rc;

	if (!d || strcmp(c->type, TYPE) != 0) {
		free(d);
		return fail(p, VR_E_NOENT, "it makes no other device");
	}
	d->p = p;
	d->control = find_control();
	d->script = text_of(p, "script");
	d->file = open("/proc/version", O_RDONLY | O_CLOEXEC);
	pthread_mutex_init(&d->lock, NULL);
	p->config->number(p->host, "many", &many);
	rc = p->mmio->attach(p->host, VR_SPACE_MMIO, c->bases[0], 0x1000, &ops, d, TYPE);
	while (rc == VR_OK && d->count < many && d->count < MANY_MAX) {
		rc = start(d, NULL, 0, &d->helper[d->count]);
		d->count += rc == VR_OK;
	}
	/* As a guest may be able to do without. */
	if (rc < 0 && !strcmp(text_of(p, "how"), "go-on"))
		rc = VR_OK;
	if (rc < 0) {
		device_destroy((struct vr_device *)d);
		return rc;
	}
	*device = (struct vr_device *)d;
	return VR_OK;
}

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? 0x1000 : 0;
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = TYPE,
	.create = device_create,
	.reset = device_reset,
	.destroy = device_destroy,
	.window = window,
};

/* ---- life ----------------------------------------------------------------------------------------- */

static int32_t VR_CALL nothing(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

/* A library that changes after the machine process opened it. */
static int32_t VR_CALL plugin_start(struct vr_plugin_self *self)
{
	const struct test_plugin *p = test_plugin_of(self);
	const char *library = text_of(p, "spoil");

	return *library && chmod(library, 0666) < 0 ? fail(p, VR_E_IO, "chmod") : VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	free(self);
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	const struct test_plugin *p = test_plugin_of(self);

	if (strcmp(id, VR_DEVICE_ID) == 0)
		return &maker;
	return strcmp(id, VR_HELPER_ID) == 0 && strcmp(text_of(p, "how"), "no-table") != 0 ? &test_helper
											   : NULL;
}

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	return &magic;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	struct test_plugin *p;

	if (!id || strncmp(id, "helper-", 7) != 0)
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return VR_E_NOMEM;
	p->host = host;
	p->mmio = host->query(host, VR_MMIO_ID); /* NULL in the helper */
	p->config = host->query(host, VR_CONFIG_ID);
	p->log = host->query(host, VR_LOG_ID);
	p->helpers = host->query(host, VR_HOST_HELPER_ID);
	p->plugin = (struct vr_plugin){.size = sizeof(p->plugin),
				       .self = (struct vr_plugin_self *)p,
				       .probe = nothing,
				       .start = plugin_start,
				       .stop = nothing,
				       .destroy = destroy,
				       .query = query};
	*out = &p->plugin;
	return VR_OK;
}
