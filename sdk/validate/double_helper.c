/* SPDX-License-Identifier: MIT */
/*
 * double_helper.c: vmrun.helper-host/1. A helper of the double takes what it is sent and never answers;
 * vr_double_helper_end() ends it.
 */
#include <stdlib.h>

#include "double.h"

struct vr_helper_process {
	struct vr_double *d;
	struct vr_helper_process *next;
	const struct vr_helper_events *events;
	void *opaque, *window;
	int ended;
};

static int32_t check(struct vr_double *d, const struct vr_helper_request *r, struct vr_helper_process **out)
{
	if (r && out && r->size >= offsetof(struct vr_helper_request, opaque) + sizeof(r->opaque) &&
	    VR_HAS(r->events, ended) && r->events->message)
		return VR_OK;
	vr_double_note(d,
		       "helper.start was given no place for the helper, or a request that is not filled in");
	return vr_double_no(d, VR_E_INVAL, "the request is not filled in");
}

static int32_t VR_CALL start(const struct vr_host *host, const struct vr_helper_request *r,
			     struct vr_helper_process **out)
{
	struct vr_double *d = vr_double_of(host);
	int32_t rc = vr_double_request(d, "helper.start");
	struct vr_helper_process *h;

	if (rc == VR_OK)
		rc = check(d, r, out);
	if (rc < 0)
		return rc;
	h = calloc(1, sizeof(*h));
	if (h && r->window)
		h->window = calloc(1, r->window);
	if (!h || (r->window && !h->window)) {
		free(h);
		return vr_double_no(d, VR_E_NOMEM, "no memory for a helper of the double");
	}
	h->d = d;
	h->events = r->events;
	h->opaque = r->opaque;
	pthread_mutex_lock(&d->lock);
	h->next = d->helpers;
	d->helpers = h;
	pthread_mutex_unlock(&d->lock);
	*out = h;
	return VR_OK;
}

static int32_t VR_CALL send(struct vr_helper_process *h, const void *bytes, uint32_t length,
			    int64_t descriptor)
{
	(void)descriptor;
	if (length > VR_HELPER_MESSAGE_MAX || (length && !bytes))
		vr_double_note(h->d, "helper.send was given %u bytes at %p", length, bytes);
	return h->ended ? VR_E_STATE : VR_OK;
}

static void *VR_CALL window(struct vr_helper_process *h)
{
	return h->window;
}

static int32_t VR_CALL get_state(struct vr_helper_process *h, void *buffer, uint32_t capacity)
{
	(void)buffer;
	(void)capacity;
	return vr_double_no(h->d, VR_E_UNSUPPORTED, "a helper of the double has no state");
}

static void VR_CALL stop(struct vr_helper_process *h)
{
	struct vr_helper_process **at;

	if (!h)
		return;
	pthread_mutex_lock(&h->d->lock);
	for (at = &h->d->helpers; *at && *at != h; at = &(*at)->next)
		;
	if (*at)
		*at = h->next;
	pthread_mutex_unlock(&h->d->lock);
	free(h->window);
	free(h);
}

void vr_double_helper_end(struct vr_double *d, uint32_t how, int32_t status)
{
	for (struct vr_helper_process *h = d->helpers; h; h = h->next) {
		if (!h->ended) {
			h->ended = 1;
			h->events->ended(h->opaque, how, status);
		}
	}
}

extern const struct vr_host_helper vr_double_helper;
const struct vr_host_helper vr_double_helper = {.size = sizeof(vr_double_helper),
						.start = start,
						.send = send,
						.window = window,
						.get_state = get_state,
						.stop = stop};
