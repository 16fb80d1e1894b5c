/* SPDX-License-Identifier: MIT */
/*
 * file-drop.c: the files of one folder of the host, for the guest to read.
 *
 * Opening a file is what vmrun can't do any more when the guest runs, so this plugin has two halves. The
 * device, in vmrun's process, has the registers (registers.h) and hands each command to the helper process,
 * which may read below the folder that the user named and nothing else (role `share`, option `folder`).
 *
 *     guest             device (vmrun)                         helper
 *     NAME, COMMAND --> struct request, STATUS is busy  -----> open(), pread()
 *     polls STATUS  <-- message(): STATUS, COUNT, DATA  <----- struct reply
 *
 * The guest never waits in a register: a vCPU that does not come back can't be stopped. When the helper ends,
 * for whatever reason, the command that was under way has failed, and so do all later ones.
 *
 * Neither half believes the other. The helper was written to be safe with any name, since names are the
 * guest's; the device checks what it gets from a helper as if it came from a network.
 */
#include <fcntl.h>
#include <host_error.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/device.h>
#include <vmrun/helper.h>
#include <vmrun/plugin.h>

#include "registers.h"

#define TYPE "file-drop"

struct request {
	uint32_t command;
	uint32_t reserved;
	uint64_t offset;
	char name[DROP_NAME_SIZE];
};
struct reply {
	uint32_t status, count;
	uint64_t length;
	uint8_t data[DROP_DATA_SIZE];
};

struct plugin {
	struct vr_plugin plugin;
	const struct vr_host *host;
	const struct vr_host_mmio *mmio;
	const struct vr_host_config *config;
	const struct vr_host_helper *helpers;
	/* In the helper process: */
	int folder, file;
};

static inline struct plugin *plugin_of(struct vr_plugin_self *self)
{
	return (struct plugin *)self;
}

/* ---- the helper process: vmrun.helper/1 ------------------------------------------------------------- */

/* Before the sandbox: what is opened here may be used later. */
static int32_t VR_CALL helper_init(struct vr_plugin_self *self, const void *config, uint32_t length)
{
	struct plugin *p = plugin_of(self);
	const char *path = p->config->string(p->host, "folder");

	(void)config;
	(void)length;
	p->file = -1;
	p->folder = open(path ? path : "", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->folder < 0 ? vr_host_error(p->host, VR_E_NOENT,
					     "folder= is no folder that can be read; name another")
			     : VR_OK;
}

static uint32_t open_file(struct plugin *p, const struct request *r)
{
	struct stat st;

	if (p->file >= 0)
		close(p->file);
	p->file = -1;
	/* A plain name. Landlock would refuse what lies elsewhere as well. */
	if (!memchr(r->name, 0, sizeof(r->name)) || strchr(r->name, '/'))
		return DROP_NO_FILE;
	/* O_NONBLOCK: opening a pipe would wait for its other end. */
	p->file = openat(p->folder, r->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (p->file >= 0 && (fstat(p->file, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(p->file);
		p->file = -1;
	}
	return p->file < 0 ? DROP_NO_FILE : DROP_READY;
}

static void serve(struct plugin *p, const struct request *r, struct reply *out)
{
	struct stat st;
	ssize_t n;

	memset(out, 0, sizeof(*out));
	if (r->command == DROP_OPEN)
		out->status = open_file(p, r);
	if (p->file < 0 || fstat(p->file, &st) < 0) {
		out->status = DROP_NO_FILE;
		return;
	}
	out->length = (uint64_t)st.st_size;
	if (r->command != DROP_READ || r->offset >= out->length)
		return;
	n = pread(p->file, out->data, sizeof(out->data), (off_t)r->offset);
	out->status = n < 0 ? DROP_ERROR : DROP_READY;
	out->count = n < 0 ? 0 : (uint32_t)n;
}

static int32_t VR_CALL helper_run(struct vr_plugin_self *self, const struct vr_helper_channel *c)
{
	struct vr_helper_message m = {.size = sizeof(m)};
	struct request r;
	struct reply out;
	int32_t rc;

	while ((rc = c->receive(c, &m, -1)) > 0) {
		if (m.length != sizeof(r))
			continue;
		memcpy(&r, m.bytes, sizeof(r));
		serve(plugin_of(self), &r, &out);
		c->send(c, &out, sizeof(out), VR_HELPER_NO_DESCRIPTOR);
	}
	return rc;
}

static const struct vr_helper_main helper = {.size = sizeof(helper), .init = helper_init, .run = helper_run};

/* ---- the device --------------------------------------------------------------------------------------- */

struct drop {
	const struct plugin *p;
	struct vr_helper_process *helper;
	pthread_mutex_t lock; /* all that follows */
	uint32_t status;
	uint32_t ended; /* the helper did */
	struct request request;
	struct reply reply;
};

static inline struct drop *drop_of(struct vr_device *device)
{
	return (struct drop *)device;
}

/* From the helper: a length that fits, and a count that does. */
static void VR_CALL message(void *opaque, const struct vr_helper_message *m)
{
	struct drop *d = opaque;

	pthread_mutex_lock(&d->lock);
	if (d->status == DROP_BUSY && m->length == sizeof(d->reply)) {
		memcpy(&d->reply, m->bytes, sizeof(d->reply));
		if (d->reply.count > DROP_DATA_SIZE)
			d->reply.count = 0;
		d->status = d->reply.status == DROP_BUSY ? DROP_ERROR : d->reply.status;
	}
	pthread_mutex_unlock(&d->lock);
}

static void VR_CALL ended(void *opaque, uint32_t how, int32_t status)
{
	struct drop *d = opaque;

	(void)how;
	(void)status;
	pthread_mutex_lock(&d->lock);
	d->ended = 1;
	d->status = DROP_ERROR;
	pthread_mutex_unlock(&d->lock);
}

static const struct vr_helper_events events = {.size = sizeof(events), .message = message, .ended = ended};

/* With the lock held. send() does not wait; where it fails the guest has its answer at once. */
static void start_command(struct drop *d, uint32_t command)
{
	if (d->status == DROP_BUSY || (command != DROP_OPEN && command != DROP_READ))
		return;
	d->request.command = command;
	d->status = DROP_BUSY;
	if (d->ended || d->p->helpers->send(d->p->host, d->helper, &d->request, sizeof(d->request),
					    VR_HELPER_NO_DESCRIPTOR) < 0)
		d->status = DROP_ERROR;
}

/* Part of a register that is wider than the access, or of an array. */
static uint64_t part_of(const void *from, uint64_t offset, uint32_t width)
{
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)from + offset, width);
	return value;
}

/* Does [offset, offset + width) lie within the array at `at`? */
static int within(uint64_t offset, uint32_t width, uint64_t at, uint64_t size)
{
	return offset >= at && offset + width <= at + size;
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct drop *d = opaque;
	uint64_t value = 0;

	(void)vcpu;
	pthread_mutex_lock(&d->lock);
	if (within(offset, width, DROP_DATA, DROP_DATA_SIZE))
		value = part_of(d->reply.data, offset - DROP_DATA, width);
	else if (within(offset, width, DROP_NAME, DROP_NAME_SIZE))
		value = part_of(d->request.name, offset - DROP_NAME, width);
	else if (within(offset, width, DROP_LENGTH, 8))
		value = part_of(&d->reply.length, offset - DROP_LENGTH, width);
	else if (within(offset, width, DROP_OFFSET, 8))
		value = part_of(&d->request.offset, offset - DROP_OFFSET, width);
	else if (offset == DROP_ID)
		value = DROP_MAGIC;
	else if (offset == DROP_STATUS)
		value = d->status;
	else if (offset == DROP_COUNT)
		value = d->reply.count;
	pthread_mutex_unlock(&d->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct drop *d = opaque;

	(void)vcpu;
	pthread_mutex_lock(&d->lock);
	if (within(offset, width, DROP_NAME, DROP_NAME_SIZE))
		memcpy(d->request.name + offset - DROP_NAME, &value, width);
	else if (within(offset, width, DROP_OFFSET, 8))
		memcpy((uint8_t *)&d->request.offset + offset - DROP_OFFSET, &value, width);
	else if (offset == DROP_COMMAND)
		start_command(d, (uint32_t)value);
	pthread_mutex_unlock(&d->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* ---- vmrun.device/1 -------------------------------------------------------------------------------------
 */

/* An answer that is under way may still come; the guest that asked is gone, so it goes nowhere. */
static void VR_CALL drop_reset(struct vr_device *device)
{
	struct drop *d = drop_of(device);

	pthread_mutex_lock(&d->lock);
	d->status = d->ended ? DROP_ERROR : DROP_READY;
	memset(&d->request, 0, sizeof(d->request));
	memset(&d->reply, 0, sizeof(d->reply));
	pthread_mutex_unlock(&d->lock);
}

static void VR_CALL drop_destroy(struct vr_device *device)
{
	struct drop *d = drop_of(device);

	d->p->helpers->stop(d->p->host, d->helper); /* no event after this */
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static int32_t VR_CALL drop_create(struct vr_plugin_self *self, const struct vr_device_config *c,
				   struct vr_device **device)
{
	const struct plugin *p = plugin_of(self);
	const char *folder = p->config->string(p->host, "folder");
	struct vr_helper_request r = {.size = sizeof(r), .events = &events};
	struct drop *d;
	int32_t rc;

	if (strcmp(c->type, TYPE) != 0)
		return vr_host_error(p->host, VR_E_NOENT, "file-drop: it makes no other device");
	if (!folder || !*folder)
		return vr_host_error(p->host, VR_E_CONFIG,
				     "file-drop: of which folder? Say -p file-drop,folder=FOLDER");
	d = calloc(1, sizeof(*d));
	if (!d)
		return vr_host_error(p->host, VR_E_NOMEM, "file-drop: out of memory");
	d->p = p;
	pthread_mutex_init(&d->lock, NULL);
	r.opaque = d;
	rc = p->helpers->start(p->host, &r, &d->helper);
	if (rc < 0) {
		pthread_mutex_destroy(&d->lock);
		free(d);
		return rc;
	}
	rc = p->mmio->attach(p->host, VR_SPACE_MMIO, c->bases[0], DROP_WINDOW, &ops, d, TYPE);
	if (rc < 0) {
		drop_destroy((struct vr_device *)d);
		return rc;
	}
	*device = (struct vr_device *)d;
	return VR_OK;
}

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return strcmp(type, TYPE) == 0 && i == 0 ? DROP_WINDOW : 0;
}

static const char *VR_CALL compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	return i == 0 ? "vmrun,file-drop" : NULL;
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = TYPE,
	.create = drop_create,
	.reset = drop_reset,
	.destroy = drop_destroy,
	.window = window,
	.compatible = compatible,
};

/* ---- life, in both processes ----------------------------------------------------------------------------
 */

/* Not called in the helper process, where the first and the last of these are not there. */
static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	const struct plugin *p = plugin_of(self);

	if (!VR_HAS(p->mmio, attach) || !VR_HAS(p->config, string) || !VR_HAS(p->helpers, stop))
		return vr_host_error(
			p->host, VR_E_ABI,
			"file-drop needs vmrun.mmio/1, config/1 and helper-host/1; update vmrun");
	return VR_OK;
}

static int32_t VR_CALL nothing(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	free(self);
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	(void)self;
	if (strcmp(id, VR_HELPER_ID) == 0)
		return &helper;
	return strcmp(id, VR_DEVICE_ID) == 0 ? &maker : NULL;
}

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	return &magic;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	struct plugin *p;

	if (!id || strcmp(id, "file-drop") != 0)
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return vr_host_error(host, VR_E_NOMEM, "file-drop: out of memory");
	p->host = host;
	p->mmio = host->query(host, VR_MMIO_ID);
	p->config = host->query(host, VR_CONFIG_ID);
	p->helpers = host->query(host, VR_HOST_HELPER_ID);
	p->plugin = (struct vr_plugin){
		.size = sizeof(p->plugin),
		.self = (struct vr_plugin_self *)p,
		.probe = probe,
		.start = nothing,
		.stop = nothing,
		.destroy = destroy,
		.query = query,
	};
	*out = &p->plugin;
	return VR_OK;
}
