/* SPDX-License-Identifier: MIT */
/* user.c: what stands for the user's side: console, disks, options, log, other plugins. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* ---- vmrun.console/1 ------------------------------------------------------------------------------- */

static struct vr_fake_host_port *port_of(struct vr_fake_host *f, uint32_t port, const char *function)
{
	if (port < VR_FAKE_HOST_PORTS)
		return &f->port[port];
	vr_fake_host_note(f, "console.%s: there is no port %u", function, port);
	return NULL;
}

static void VR_CALL console_write(const struct vr_host *host, uint32_t port, const void *bytes, uint32_t n)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_port *p = port_of(f, port, "write");
	uint32_t room;

	if (!p)
		return;
	pthread_mutex_lock(&f->lock);
	room = (uint32_t)sizeof(p->out) - 1 - p->out_length;
	n = n < room ? n : room;
	memcpy(p->out + p->out_length, bytes, n);
	p->out_length += n;
	pthread_mutex_unlock(&f->lock);
}

/* event: where to put one; NULL: they are dropped. */
static uint32_t take(struct vr_fake_host *f, struct vr_fake_host_port *p, uint8_t *bytes, uint32_t n,
		     uint32_t *event)
{
	uint32_t k = 0;

	pthread_mutex_lock(&f->lock);
	while (k < n && p->in_start < p->in_length && !(event && *event)) {
		uint32_t next = p->in[p->in_start++];

		if (next != VR_FAKE_HOST_BREAK)
			bytes[k++] = (uint8_t)next;
		else if (event)
			*event = VR_CONSOLE_BREAK;
	}
	pthread_mutex_unlock(&f->lock);
	return k;
}

static uint32_t VR_CALL console_read(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_port *p = port_of(f, port, "read");

	return p ? take(f, p, bytes, n, NULL) : 0;
}

static uint32_t VR_CALL console_receive(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n,
					uint32_t *event)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_port *p = port_of(f, port, "receive");

	if (!event) {
		vr_fake_host_note(f, "console.receive was given no place for the event");
		return 0;
	}
	*event = VR_CONSOLE_NONE;
	return p ? take(f, p, bytes, n, event) : 0;
}

static int32_t VR_CALL dimensions(const struct vr_host *host, uint32_t port, uint32_t *columns,
				  uint32_t *rows)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_port *p = port_of(f, port, "dimensions");
	int32_t rc = VR_E_NOENT;

	if (!p || !columns || !rows) {
		vr_fake_host_note(f, "console.dimensions was given no such port, or no place for the answer");
		return rc;
	}
	pthread_mutex_lock(&f->lock);
	if (p->columns) {
		*columns = p->columns;
		*rows = p->rows;
		rc = VR_OK;
	}
	pthread_mutex_unlock(&f->lock);
	return rc;
}

static int32_t VR_CALL on_resize(const struct vr_host *host, uint32_t port, void(VR_CALL *fn)(void *opaque),
				 void *opaque)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_port *p;
	int32_t rc;

	vr_fake_host_on_main(f, "console.on_resize");
	p = port_of(f, port, "on_resize");
	rc = vr_fake_host_request(f, "console.on_resize");
	if (!p)
		return VR_E_RANGE;
	if (rc < 0)
		return rc;
	p->resized = fn;
	p->resized_opaque = opaque;
	return VR_OK;
}

static int32_t VR_CALL on_input(const struct vr_host *host, uint32_t port, void(VR_CALL *fn)(void *opaque),
				void *opaque)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_port *p;
	int32_t rc;

	vr_fake_host_on_main(f, "console.on_input");
	p = port_of(f, port, "on_input");
	rc = vr_fake_host_request(f, "console.on_input");
	if (!p)
		return VR_E_RANGE;
	if (rc < 0)
		return rc;
	p->fn = fn;
	p->opaque = opaque;
	return VR_OK;
}

static void put(struct vr_fake_host *f, uint32_t port, const char *text, uint32_t n, uint32_t or_this)
{
	struct vr_fake_host_port *p = &f->port[port];

	pthread_mutex_lock(&f->lock);
	if (p->in_start == p->in_length)
		p->in_start = p->in_length = 0;
	for (uint32_t i = 0; i < n && p->in_length < sizeof(p->in) / sizeof(p->in[0]); i++)
		p->in[p->in_length++] = (uint16_t)(text ? (uint8_t)text[i] : or_this);
	pthread_mutex_unlock(&f->lock);
	if (p->fn)
		p->fn(p->opaque);
}

void vr_fake_host_type(struct vr_fake_host *f, uint32_t port, const char *text)
{
	put(f, port, text, (uint32_t)strlen(text), 0);
}

void vr_fake_host_break(struct vr_fake_host *f, uint32_t port)
{
	put(f, port, NULL, 1, VR_FAKE_HOST_BREAK);
}

void vr_fake_host_resize(struct vr_fake_host *f, uint32_t port, uint32_t columns, uint32_t rows)
{
	struct vr_fake_host_port *p = &f->port[port];

	pthread_mutex_lock(&f->lock);
	p->columns = columns;
	p->rows = rows;
	pthread_mutex_unlock(&f->lock);
	if (p->resized)
		p->resized(p->resized_opaque);
}

extern const struct vr_host_console vr_fake_host_console;
const struct vr_host_console vr_fake_host_console = {
	.size = sizeof(vr_fake_host_console),
	.write = console_write,
	.read = console_read,
	.on_input = on_input,
	.receive = console_receive,
	.dimensions = dimensions,
	.on_resize = on_resize,
};

/* ---- vmrun.config/1 ------------------------------------------------------------------------------------ */

int vr_fake_host_option(struct vr_fake_host *f, const char *name, const char *value)
{
	for (uint32_t i = 0; i < f->option_count; i++)
		if (strcmp(f->option[i].name, name) == 0) {
			f->option[i].value = value;
			return 0;
		}
	if (f->option_count == VR_FAKE_HOST_OPTIONS)
		return -1;
	f->option[f->option_count].name = name;
	f->option[f->option_count++].value = value;
	return 0;
}

static void remember(struct vr_fake_host *f, const char *name)
{
	for (uint32_t i = 0; i < f->asked_count; i++)
		if (strncmp(f->asked[i], name, sizeof(f->asked[0]) - 1) == 0)
			return;
	if (f->asked_count < VR_FAKE_HOST_OPTIONS)
		snprintf(f->asked[f->asked_count++], sizeof(f->asked[0]), "%s", name);
}

static const char *VR_CALL config_string(const struct vr_host *host, const char *name)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	remember(f, name);
	for (uint32_t i = 0; i < f->option_count; i++)
		if (strcmp(f->option[i].name, name) == 0)
			return f->option[i].value;
	return NULL;
}

/* A number, a size with K, M, G or T, or a truth value. */
static int32_t VR_CALL config_number(const struct vr_host *host, const char *name, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *text = config_string(host, name), *unit;
	uint64_t value;
	char *end;

	if (!text)
		return VR_E_NOENT;
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		*out = text[0] == 't';
		return VR_OK;
	}
	value = strtoull(text, &end, 0);
	if (end == text)
		return VR_E_INVAL;
	unit = *end ? strchr(units, *end) : NULL;
	if (*end && (!unit || end[1]))
		return VR_E_INVAL;
	*out = unit ? value << 10 * (unit - units + 1) : value;
	return VR_OK;
}

extern const struct vr_host_config vr_fake_host_config;
const struct vr_host_config vr_fake_host_config = {
	.size = sizeof(vr_fake_host_config), .string = config_string, .number = config_number};

/* ---- vmrun.file/1 -------------------------------------------------------------------------------------- */

static int32_t VR_CALL file_open(const struct vr_host *host, const char *what, const char *path, uint32_t how,
				 int64_t *handle)
{
	static const int flags[] = {O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC, O_WRONLY | O_CREAT | O_APPEND};
	struct vr_fake_host *f = vr_fake_host_of(host);
	char text[256];
	int fd;

	vr_fake_host_on_main(f, "file.open");
	if (!what || !*what || !path || !handle || how > VR_FILE_APPEND) {
		vr_fake_host_note(f, "file.open was given no name, no place for the handle, or no such way");
		return VR_E_INVAL;
	}
	fd = open(path, flags[how] | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	*handle = fd;
	if (fd >= 0)
		return VR_OK;
	snprintf(text, sizeof(text), "%s '%s': can't be opened", what, path);
	return vr_fake_host_no(f, VR_E_IO, text);
}

extern const struct vr_host_file vr_fake_host_file;
const struct vr_host_file vr_fake_host_file = {.size = sizeof(vr_fake_host_file), .open = file_open};

/* ---- vmrun.log/1 --------------------------------------------------------------------------------------- */

static void VR_CALL log_write(const struct vr_host *host, uint32_t level, const char *text)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (level > VR_LOG_DEBUG || !text)
		vr_fake_host_note(f, "log.write: level %u, or no text", level);
	else
		__atomic_add_fetch(&f->log_lines[level], 1, __ATOMIC_SEQ_CST);
}

extern const struct vr_host_log vr_fake_host_log;
const struct vr_host_log vr_fake_host_log = {
	.size = sizeof(vr_fake_host_log), .level = VR_LOG_DEBUG, .write = log_write};

/* ---- vmrun.registry/1 ------------------------------------------------------------------------------------
 */

int vr_fake_host_offer(struct vr_fake_host *f, const char *interface_id, const void *table,
		       struct vr_plugin_self *self, const char *id)
{
	if (f->offer_count == sizeof(f->offer) / sizeof(f->offer[0]))
		return -1;
	f->offer[f->offer_count].interface_id = interface_id;
	f->offer[f->offer_count++].found = (struct vr_found){.size = sizeof(struct vr_found),
							     .table = table,
							     .self = (struct vr_plugin_self *)self,
							     .id = id};
	return 0;
}

static int32_t VR_CALL find(const struct vr_host *host, const char *interface_id, const char *plugin_id,
			    uint32_t i, struct vr_found *out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	vr_fake_host_on_main(f, "registry.find");
	/* What ABI 1.0 had of it is the least. */
	if (!interface_id || !out || out->size < offsetof(struct vr_found, flags)) {
		vr_fake_host_note(f, "registry.find was given no interface, or a struct without its size");
		return VR_E_INVAL;
	}
	for (uint32_t k = 0; k < f->offer_count; k++) {
		if (strcmp(f->offer[k].interface_id, interface_id) != 0 ||
		    (plugin_id && strcmp(f->offer[k].found.id, plugin_id) != 0) || i-- > 0)
			continue;
		out->table = f->offer[k].found.table;
		out->self = f->offer[k].found.self;
		out->id = f->offer[k].found.id;
		if (out->size >= sizeof(*out))
			out->flags = f->offer[k].found.flags;
		return VR_OK;
	}
	return VR_E_NOENT;
}

extern const struct vr_host_registry vr_fake_host_registry;
/* All that is installed here is loaded. */
const struct vr_host_registry vr_fake_host_registry = {
	.size = sizeof(vr_fake_host_registry), .find = find, .find_installed = find};
