/* SPDX-License-Identifier: MIT */
/*
 * net.c: vmrun.net/1, as a back end and a device use it: a link whose two ends are one, on the fake host. There is no
 * network device yet; this holds the interface to what its comments say.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <vmrun/net.h>

#include "../fake_host/fake.h"

#define PACKETS 4u
#define BYTES 2048u

/* ---- a back end: what is sent comes back ---- */
struct vr_net {
	const struct vr_net_events *events;
	void *opaque;
	pthread_mutex_t lock;
	uint32_t first, count, length[PACKETS];
	uint8_t packet[PACKETS][BYTES];
	uint32_t wants_room, stopped, up, offloads;
};

static const struct vr_iovec *piece(const struct vr_iovec *v, uint32_t stride, uint32_t i)
{
	return (const void *)((const char *)v + (size_t)i * stride);
}

static int32_t VR_CALL info(struct vr_net *n, struct vr_net_info *out)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	out->queue_pairs = 1;
	out->mtu = 1500;
	out->link_up = n->up;
	memcpy(out->mac, mac, sizeof(mac));
	return VR_OK;
}

static int32_t VR_CALL attach(struct vr_net *n, const struct vr_net_events *events, void *opaque)
{
	if (n->events)
		return VR_E_BUSY;
	n->events = events;
	n->opaque = opaque;
	return VR_OK;
}

static void VR_CALL detach(struct vr_net *n)
{
	n->events = NULL;
}

static int32_t VR_CALL send(struct vr_net *n, uint32_t queue, const struct vr_iovec *v, uint32_t count,
			    uint32_t stride)
{
	uint32_t at, length = 0;

	(void)queue;
	pthread_mutex_lock(&n->lock);
	n->wants_room |= n->count == PACKETS;
	if (n->count == PACKETS) {
		pthread_mutex_unlock(&n->lock);
		return VR_E_AGAIN;
	}
	at = (n->first + n->count) % PACKETS;
	for (uint32_t i = 0; i < count; i++) {
		const struct vr_iovec *p = piece(v, stride, i);

		if (p->length > BYTES - length) {
			pthread_mutex_unlock(&n->lock);
			return VR_E_INVAL;
		}
		memcpy(n->packet[at] + length, p->base, p->length);
		length += (uint32_t)p->length;
	}
	n->length[at] = length;
	n->count += n->up && !n->stopped;
	pthread_mutex_unlock(&n->lock);
	return VR_OK;
}

static int32_t VR_CALL peek(struct vr_net *n, uint32_t queue)
{
	(void)queue;
	return n->count ? (int32_t)n->length[n->first] : VR_E_AGAIN;
}

static int32_t VR_CALL receive(struct vr_net *n, uint32_t queue, const struct vr_iovec *v, uint32_t count,
			       uint32_t stride)
{
	int32_t length = peek(n, queue);
	uint64_t room = 0, at = 0;

	for (uint32_t i = 0; i < count; i++)
		room += piece(v, stride, i)->length;
	if (length < 0)
		return length;
	if (room < (uint64_t)length)
		return VR_E_RANGE;
	for (uint32_t i = 0; i < count && at < (uint64_t)length; i++) {
		const struct vr_iovec *p = piece(v, stride, i);
		uint64_t part = p->length < (uint64_t)length - at ? p->length : (uint64_t)length - at;

		memcpy(p->base, n->packet[n->first] + at, part);
		at += part;
	}
	n->first = (n->first + 1) % PACKETS;
	n->count--;
	return length;
}

static void VR_CALL set_offloads(struct vr_net *n, uint32_t offloads)
{
	n->offloads = offloads;
}

static void VR_CALL stop(struct vr_net *n)
{
	n->stopped = 1;
}

static const struct vr_net_ops ops = {
	.size = sizeof(ops),
	.info = info,
	.attach = attach,
	.detach = detach,
	.send = send,
	.receive = receive,
	.peek = peek,
	.set_offloads = set_offloads,
	.stop = stop,
};

/* Not within the device's call: what the back end's thread does. */
static void turn(struct vr_net *n)
{
	if (n->count)
		n->events->arrived(n->opaque, 0);
	if (n->wants_room && n->count < PACKETS) {
		n->wants_room = 0;
		n->events->room(n->opaque, 0);
	}
}

static struct vr_net the_link;

static int32_t VR_CALL open_link(struct vr_plugin_self *self, struct vr_link *out)
{
	(void)self;
	the_link = (struct vr_net){.lock = PTHREAD_MUTEX_INITIALIZER, .up = 1};
	out->ops = &ops;
	out->net = &the_link;
	return VR_OK;
}

static void VR_CALL close_link(struct vr_net *n)
{
	cr_assert_null(n->events, "a device is attached");
}

static const struct vr_net_maker maker = {.size = sizeof(maker), .open = open_link, .close = close_link};

/* ---- a device ---- */
static struct seen {
	uint32_t arrived, room, up;
} seen;

static void VR_CALL arrived(void *opaque, uint32_t queue)
{
	((struct seen *)opaque)->arrived += 1 + queue;
}

static void VR_CALL room(void *opaque, uint32_t queue)
{
	((struct seen *)opaque)->room += 1 + queue;
}

static void VR_CALL link_state(void *opaque, uint32_t up)
{
	((struct seen *)opaque)->up = up;
}

static const struct vr_net_events events = {
	.size = sizeof(events), .arrived = arrived, .room = room, .link = link_state};

static struct vr_fake_host *d;
static const struct vr_net_maker *m;
static struct vr_link k;

/* As a network device finds it. */
static void start(void)
{
	const struct vr_host_registry *registry;
	struct vr_found f = {.size = sizeof(f)};

	d = fake_new(0, 0, 1);
	fake_offer(d, VR_NET_ID, &maker, "loop", VR_FOUND_REQUESTED);
	registry = d->host->query(d->host, VR_REGISTRY_ID);
	cr_assert_eq(registry->find(d->host, VR_NET_ID, NULL, 0, &f), VR_OK);
	m = f.table;
	k = (struct vr_link){.size = sizeof(k)};
	cr_assert(VR_HAS(m, open) && VR_HAS(m, close));
	cr_assert_eq(m->open(f.self, &k), VR_OK);
	memset(&seen, 0, sizeof(seen));
	cr_assert_eq(k.ops->attach(k.net, &events, &seen), VR_OK);
}

static void finish(void)
{
	k.ops->detach(k.net);
	m->close(k.net);
	fake_free(d);
}

TestSuite(net, .init = start, .fini = finish);

static struct vr_iovec whole(void *bytes, uint64_t n)
{
	return (struct vr_iovec){.base = bytes, .length = n};
}

Test(net, information)
{
	struct vr_net_info i = {.size = sizeof(i)};

	cr_assert_eq(k.ops->info(k.net, &i), VR_OK);
	cr_expect_geq(i.queue_pairs, 1);
	cr_expect_eq(i.link_up, 1);
	cr_expect_eq(k.ops->attach(k.net, &events, &seen), VR_E_BUSY);
}

Test(net, packets)
{
	char head[14] = "destination..", body[100] = "a frame", got[2][60];
	/* Longer than struct vr_iovec, as a newer caller's. */
	struct {
		struct vr_iovec v;
		uint64_t more;
	} out[2] = {{whole(head, 14), 0}, {whole(body, 100), 0}},
	  in[2] = {{whole(got[0], 60), 0}, {whole(got[1], 60), 0}};

	cr_expect_eq(k.ops->receive(k.net, 0, &in[0].v, 2, sizeof(in[0])), VR_E_AGAIN);
	cr_assert_eq(k.ops->send(k.net, 0, &out[0].v, 2, sizeof(out[0])), VR_OK);
	turn(k.net);
	cr_expect_eq(seen.arrived, 1);
	cr_expect_eq(k.ops->peek(k.net, 0), 114);
	cr_expect_eq(k.ops->receive(k.net, 0, &in[0].v, 1, sizeof(in[0])), VR_E_RANGE);
	cr_assert_eq(k.ops->receive(k.net, 0, &in[0].v, 2, sizeof(in[0])), 114);
	cr_expect_arr_eq(got[0], head, 14);
	cr_expect_str_eq(got[0] + 14, "a frame");
	cr_expect_eq(k.ops->peek(k.net, 0), VR_E_AGAIN);
}

Test(net, room)
{
	char bytes[64] = "";
	struct vr_iovec v = whole(bytes, 64);

	for (uint32_t i = 0; i < PACKETS; i++)
		cr_assert_eq(k.ops->send(k.net, 0, &v, 1, sizeof(v)), VR_OK);
	cr_expect_eq(k.ops->send(k.net, 0, &v, 1, sizeof(v)), VR_E_AGAIN);
	turn(k.net);
	cr_expect_eq(seen.room, 0);
	cr_assert_eq(k.ops->receive(k.net, 0, &v, 1, sizeof(v)), 64);
	turn(k.net);
	cr_expect_eq(seen.room, 1);
	cr_assert_eq(k.ops->send(k.net, 0, &v, 1, sizeof(v)), VR_OK);
}

Test(net, link_state_and_end)
{
	char bytes[64] = "";
	struct vr_iovec v = whole(bytes, 64);

	k.net->up = 0;
	k.net->events->link(k.net->opaque, 0);
	cr_expect_eq(seen.up, 0);
	cr_expect_eq(k.ops->send(k.net, 0, &v, 1, sizeof(v)), VR_OK, "dropped");
	cr_expect_eq(k.ops->peek(k.net, 0), VR_E_AGAIN);
	k.net->up = 1;
	k.net->events->link(k.net->opaque, 1);
	cr_expect_eq(seen.up, 1);
	k.ops->set_offloads(k.net, VR_NET_CSUM);
	k.ops->stop(k.net);
	cr_expect_eq(k.ops->send(k.net, 0, &v, 1, sizeof(v)), VR_OK);
	cr_expect_eq(k.ops->peek(k.net, 0), VR_E_AGAIN);
}
