/* SPDX-License-Identifier: MIT */
/*
 * helper.c: vmrun.helper-host/1. A helper of the fake host takes what it is sent and never answers;
 * vr_fake_host_helper_end() ends it.
 */
#include <stdlib.h>

#include "internal.h"

struct vr_helper_process {
	struct vr_fake_host *host;
	struct vr_helper_process *next;
	const struct vr_helper_events *events;
	void *opaque, *window;
	int ended;
};

static int32_t check(struct vr_fake_host *f, const struct vr_helper_request *r,
		     struct vr_helper_process **out)
{
	if (r && out && r->size >= offsetof(struct vr_helper_request, opaque) + sizeof(r->opaque) &&
	    VR_HAS(r->events, ended) && r->events->message)
		return VR_OK;
	vr_fake_host_note(
		f, "helper.start was given no place for the helper, or a request that is not filled in");
	return vr_fake_host_no(f, VR_E_INVAL, "the request is not filled in");
}

static int32_t VR_CALL start(const struct vr_host *host, const struct vr_helper_request *r,
			     struct vr_helper_process **out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc = vr_fake_host_request(f, "helper.start");
	struct vr_helper_process *h;

	if (rc == VR_OK)
		rc = check(f, r, out);
	if (rc < 0)
		return rc;
	h = calloc(1, sizeof(*h));
	if (h && r->window)
		h->window = calloc(1, r->window);
	if (!h || (r->window && !h->window)) {
		free(h);
		return vr_fake_host_no(f, VR_E_NOMEM, "no memory for a helper of the fake host");
	}
	h->host = f;
	h->events = r->events;
	h->opaque = r->opaque;
	pthread_mutex_lock(&f->lock);
	h->next = f->helpers;
	f->helpers = h;
	pthread_mutex_unlock(&f->lock);
	*out = h;
	return VR_OK;
}

static int32_t VR_CALL send(const struct vr_host *host, struct vr_helper_process *h, const void *bytes,
			    uint32_t length, int64_t descriptor)
{
	(void)host;
	(void)descriptor;
	if (length > VR_HELPER_MESSAGE_MAX || (length && !bytes))
		vr_fake_host_note(h->host, "helper.send was given %u bytes at %p", length, bytes);
	return h->ended ? VR_E_STATE : VR_OK;
}

static void *VR_CALL window(const struct vr_host *host, struct vr_helper_process *h)
{
	(void)host;
	return h->window;
}

static int32_t VR_CALL get_state(const struct vr_host *host, struct vr_helper_process *h, void *buffer,
				 uint32_t capacity)
{
	(void)host;
	(void)buffer;
	(void)capacity;
	return vr_fake_host_no(h->host, VR_E_UNSUPPORTED, "a helper of the fake host has no state");
}

static void VR_CALL stop(const struct vr_host *host, struct vr_helper_process *h)
{
	(void)host;
	struct vr_helper_process **at;

	if (!h)
		return;
	pthread_mutex_lock(&h->host->lock);
	for (at = &h->host->helpers; *at && *at != h; at = &(*at)->next)
		;
	if (*at)
		*at = h->next;
	pthread_mutex_unlock(&h->host->lock);
	free(h->window);
	free(h);
}

void vr_fake_host_helper_end(struct vr_fake_host *f, uint32_t how, int32_t status)
{
	for (struct vr_helper_process *h = f->helpers; h; h = h->next) {
		if (!h->ended) {
			h->ended = 1;
			h->events->ended(h->opaque, how, status);
		}
	}
}

extern const struct vr_host_helper vr_fake_host_helper;
const struct vr_host_helper vr_fake_host_helper = {.size = sizeof(vr_fake_host_helper),
						   .start = start,
						   .send = send,
						   .window = window,
						   .get_state = get_state,
						   .stop = stop};
