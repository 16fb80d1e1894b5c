/* SPDX-License-Identifier: MIT */
/*
 * ports.c: the host's streams (vmrun.streams/1) as named ports of a console device (Virtio 1.2, 5.3) with
 * VIRTIO_CONSOLE_F_MULTIPORT. Port i is stream i; none of them is a console. A host without streams has the device, and it
 * adds no port.
 *
 * Port 0 has the queues 0 and 1, the control queues are 2 and 3, and port i has 2i + 2 and 2i + 3 (5.3.2). On the control queues
 * the driver says that it is ready, is told of each port, says that the port is ready, and is told that the host's
 * end is open and what the port is called (5.3.6.2). The name comes last: a program that finds a port by its name
 * may read at once, and would take the end of a port that is not open yet for the end of the data.
 *
 * Input is given to the driver only while the guest has the port open: Linux drops what comes before. The end of a
 * stream is the host closing its end: the guest reads what is in its buffers, and then the end of file.
 *
 * Output: the host takes what it has space for. A buffer that it has taken only a part of waits in the port with the
 * number of bytes that are done, and with it all after it in the queue, so that the guest's writer waits. The
 * guest's closing of a port counts only when the queue before it is empty.
 *
 * Control messages to the driver are bits that are set until there is a buffer for them.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "virtio.h"

#define DEVICE_ID 3u
#define F_MULTIPORT (UINT64_C(1) << 1)
#define QUEUE_CONTROL_IN 2u
#define QUEUE_CONTROL_OUT 3u
#define QUEUE_SIZE 32u /* Linux fills a queue of input with pages */
#define CHUNK 16384u

/* struct virtio_console_control (5.3.6.2) */
enum event { DEVICE_READY, PORT_ADD, PORT_REMOVE, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME };
struct message {
	uint8_t id[4], event[2], value[2];
};

/* Messages to the driver, in the order in which they are sent. */
enum { TELL_ADD = 1, TELL_OPEN = 2, TELL_NAME = 4, TELL_ENDED = 8 };
static const struct {
	uint32_t bit;
	enum event event;
	uint16_t value;
} messages[] = {
	{TELL_ADD, PORT_ADD, 1},
	{TELL_OPEN, PORT_OPEN, 1},
	{TELL_NAME, PORT_NAME, 1},
	{TELL_ENDED, PORT_OPEN, 0},
};
#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

struct port {
	char name[64];
	struct virtio_buffer out; /* while `held`: taken from the queue */
	bool held, open, closing, ended;
	uint64_t done; /* bytes of the next or the held buffer that the host has */
	uint32_t tell; /* TELL_* */
};

struct ports {
	struct vr_virtio_device d; /* first */
	const struct vr_host_streams *table;
	pthread_mutex_t lock; /* everything below */
	bool paused;
	struct virtio_buffer in;
	uint8_t chunk[CHUNK];
	uint32_t count;
	struct port port[];
};

static struct ports *of(struct vr_virtio_device *d)
{
	return (struct ports *)d;
}

/* Those of port 0 are always there (5.3.2). */
static uint32_t queues(uint32_t ports)
{
	return 2 * (ports ? ports : 1) + 2;
}

static uint32_t queue_in(uint32_t i)
{
	return i ? 2 * i + 2 : 0;
}

static uint32_t queue_out(uint32_t i)
{
	return queue_in(i) + 1;
}

/* ---- to the driver -------------------------------------------------------------------------------- */

/* One message into a buffer of the driver's; false: there is none now. */
static bool say(struct ports *p, uint32_t i, enum event event, uint16_t value)
{
	struct vr_virtio_device *d = &p->d;
	struct message m = {{(uint8_t)i}, {(uint8_t)event}, {(uint8_t)value}};
	const char *name = event == PORT_NAME ? p->port[i].name : "";
	int32_t got;
	uint64_t n;

	do
		got = virtio_pop(d, QUEUE_CONTROL_IN, &p->in);
	while (got == 0 && virtio_listen(d, QUEUE_CONTROL_IN));
	if (got <= 0)
		return false;
	n = d->io->write(d->transport, &p->in.b, 0, &m, sizeof(m));
	n += d->io->write(d->transport, &p->in.b, n, name, strlen(name));
	virtio_push(d, QUEUE_CONTROL_IN, &p->in, (uint32_t)n);
	return true;
}

static void tell(struct ports *p)
{
	for (uint32_t i = 0; i < p->count && !p->paused; i++)
		for (size_t k = 0; k < MESSAGES; k++) {
			if (!(p->port[i].tell & messages[k].bit))
				continue;
			if (!say(p, i, messages[k].event, messages[k].value))
				goto out;
			p->port[i].tell &= ~messages[k].bit;
		}
out:
	virtio_signal(&p->d, QUEUE_CONTROL_IN);
}

/* The host's bytes into the buffers that the driver lent. */
static void receive(struct ports *p, uint32_t i)
{
	struct vr_virtio_device *d = &p->d;
	struct port *q = &p->port[i];
	uint32_t queue = queue_in(i);

	while (q->open && !q->ended && !p->paused) {
		int32_t got = virtio_pop(d, queue, &p->in);
		uint32_t n, ended = 0;

		if (got == 0 && virtio_listen(d, queue))
			continue;
		if (got <= 0)
			break;
		n = p->in.b.in_bytes < CHUNK ? (uint32_t)p->in.b.in_bytes : CHUNK;
		if (n) {
			n = p->table->read(d->host, i, p->chunk, n, &ended);
			if (!n) {
				d->io->unpop(d->transport, queue, &p->in.b);
				q->ended = ended != 0;
				break;
			}
			d->io->write(d->transport, &p->in.b, 0, p->chunk, n);
		}
		virtio_push(d, queue, &p->in, n);
	}
	virtio_signal(d, queue);
	if (q->ended)
		q->tell |= TELL_ENDED;
	tell(p);
}

/* ---- from the driver ------------------------------------------------------------------------------- */

/* The rest of the buffer that is held; false: the host takes no more now. */
static bool give(struct ports *p, uint32_t i)
{
	struct vr_virtio_device *d = &p->d;
	struct port *q = &p->port[i];

	while (q->done < q->out.b.out_bytes) {
		uint32_t n = (uint32_t)d->io->read(d->transport, &q->out.b, q->done, p->chunk, CHUNK);
		uint32_t k = n ? p->table->write(d->host, i, p->chunk, n) : 0;

		q->done += k;
		if (k < n || !n)
			return !n;
	}
	return true;
}

static void transmit(struct ports *p, uint32_t i)
{
	struct vr_virtio_device *d = &p->d;
	struct port *q = &p->port[i];
	uint32_t queue = queue_out(i);

	while (!p->paused) {
		int32_t got = q->held ? 1 : virtio_pop(d, queue, &q->out);

		if (got == 0 && virtio_listen(d, queue))
			continue;
		if (got <= 0)
			break;
		q->held = true;
		if (!give(p, i))
			break;
		virtio_push(d, queue, &q->out, 0);
		q->held = false;
		q->done = 0;
	}
	virtio_signal(d, queue);
	if (q->closing && !q->held && !p->paused) {
		q->closing = false;
		p->table->set_open(d->host, i, 0);
	}
}

static void port_opened(struct ports *p, uint32_t i, bool open)
{
	struct port *q = &p->port[i];

	if (open) {
		q->open = true;
		p->table->set_open(p->d.host, i, 1);
		receive(p, i);
	} else if (q->open) {
		q->open = false;
		q->closing = true;
		transmit(p, i);
	}
}

static void control(struct ports *p, const struct message *m)
{
	uint32_t i = m->id[0] | (uint32_t)m->id[1] << 8 | (uint32_t)m->id[2] << 16 | (uint32_t)m->id[3] << 24;
	uint32_t event = m->event[0] | (uint32_t)m->event[1] << 8;
	bool value = m->value[0] | m->value[1];

	if (event == DEVICE_READY && value)
		for (uint32_t k = 0; k < p->count; k++)
			p->port[k].tell |= TELL_ADD;
	else if (i >= p->count)
		return;
	else if (event == PORT_READY && value)
		p->port[i].tell |= TELL_OPEN | TELL_NAME;
	else if (event == PORT_OPEN)
		port_opened(p, i, value);
}

static void take_control(struct ports *p)
{
	struct vr_virtio_device *d = &p->d;

	do {
		while (!p->paused && virtio_pop(d, QUEUE_CONTROL_OUT, &p->in) > 0) {
			struct message m;
			uint64_t n = d->io->read(d->transport, &p->in.b, 0, &m, sizeof(m));

			virtio_push(d, QUEUE_CONTROL_OUT, &p->in, 0);
			if (n == sizeof(m))
				control(p, &m);
		}
	} while (!p->paused && virtio_listen(d, QUEUE_CONTROL_OUT));
	virtio_signal(d, QUEUE_CONTROL_OUT);
	tell(p);
}

/* ---- the device -------------------------------------------------------------------------------------- */

/* Which port has a queue. */
static uint32_t port_of(uint32_t queue)
{
	return queue < QUEUE_CONTROL_IN ? 0 : queue / 2 - 1;
}

static void serve(struct ports *p, uint32_t queue)
{
	if (queue == QUEUE_CONTROL_IN)
		tell(p);
	else if (queue == QUEUE_CONTROL_OUT)
		take_control(p);
	else if (queue % 2)
		transmit(p, port_of(queue));
	else
		receive(p, port_of(queue));
}

static void notify(struct vr_virtio_device *d, uint32_t queue)
{
	struct ports *p = of(d);

	pthread_mutex_lock(&p->lock);
	serve(p, queue);
	pthread_mutex_unlock(&p->lock);
}

static void VR_CALL changed(void *opaque, uint32_t i)
{
	struct ports *p = opaque;

	pthread_mutex_lock(&p->lock);
	if (i < p->count) {
		transmit(p, i);
		receive(p, i);
	}
	pthread_mutex_unlock(&p->lock);
}

/* What a driver was told ends with its control queue; a buffer is of its queue. */
static void queue_stop(struct vr_virtio_device *d, uint32_t queue)
{
	struct ports *p = of(d);

	pthread_mutex_lock(&p->lock);
	if (queue == QUEUE_CONTROL_IN || queue == QUEUE_CONTROL_OUT) {
		for (uint32_t i = 0; i < p->count; i++) {
			p->port[i].open = p->port[i].closing = p->port[i].ended = false;
			p->port[i].tell = 0;
		}
	} else if (queue % 2) {
		p->port[port_of(queue)].held = false;
		p->port[port_of(queue)].done = 0;
	}
	pthread_mutex_unlock(&p->lock);
}

/* A buffer that the host has a part of is the first one again after resume(). */
static void pause(struct vr_virtio_device *d)
{
	struct ports *p = of(d);

	pthread_mutex_lock(&p->lock);
	p->paused = true;
	for (uint32_t i = 0; i < p->count; i++) {
		if (p->port[i].held)
			d->io->unpop(d->transport, queue_out(i), &p->port[i].out.b);
		p->port[i].held = false;
	}
	pthread_mutex_unlock(&p->lock);
}

static void resume(struct vr_virtio_device *d)
{
	struct ports *p = of(d);

	pthread_mutex_lock(&p->lock);
	p->paused = false;
	for (uint32_t i = 0; i < queues(p->count); i++)
		serve(p, i);
	pthread_mutex_unlock(&p->lock);
}

/* struct virtio_console_config (5.3.4): cols, rows, max_nr_ports. */
static void config_read(struct vr_virtio_device *d, uint32_t offset, void *to, uint32_t length)
{
	const uint8_t config[8] = {[4] = (uint8_t)(queues(of(d)->count) / 2 - 1)};

	memcpy(to, config + offset, length);
}

static void destroy(struct vr_virtio_device *d)
{
	pthread_mutex_destroy(&of(d)->lock);
	free(d);
}

static int32_t create(const struct vr_host *host, struct vr_virtio_info *info, uint32_t index,
		      struct vr_virtio_device **device)
{
	const struct vr_host_streams *table = host->query(host, VR_STREAMS_ID);
	uint32_t count = table && VR_HAS(table, on_change) ? table->count(host) : 0;
	struct ports *p;

	(void)index;
	if (count > VR_STREAMS_MAX)
		return vr_host_error(host, VR_E_RANGE,
				     "virtio-ports: the host has %u streams, %u are possible", count,
				     VR_STREAMS_MAX);
	p = calloc(1, sizeof(*p) + count * sizeof(p->port[0]));
	if (!p)
		return vr_host_error(host, VR_E_NOMEM, "virtio-ports: out of memory");
	p->table = table;
	p->count = count;
	p->d.host = host;
	pthread_mutex_init(&p->lock, NULL);
	virtio_buffer_init(&p->in);
	for (uint32_t i = 0; i < count; i++) {
		struct vr_stream s = {.size = sizeof(s)};

		virtio_buffer_init(&p->port[i].out);
		if (table->stream(host, i, &s) >= 0 && s.name)
			strncpy(p->port[i].name, s.name, sizeof(p->port[i].name) - 1);
	}
	if (count && table->on_change(host, changed, p) < 0) {
		destroy(&p->d);
		return vr_host_error(host, VR_E_EXISTS,
				     "virtio-ports: another device has the host's streams");
	}
	info->device_id = DEVICE_ID;
	info->features[0] = F_MULTIPORT;
	info->queue_count = queues(count);
	info->config_length = 8;
	*device = &p->d;
	return VR_OK;
}

const struct virtio_kind virtio_ports = {
	.type = "virtio-ports",
	.queue_size = QUEUE_SIZE,
	.create = create,
	.destroy = destroy,
	.notify = notify,
	.queue_stop = queue_stop,
	.config_read = config_read,
	.pause = pause,
	.resume = resume,
};
