/* SPDX-License-Identifier: MIT */
/*
 * ram-disk.c: a plugin that is a disk (vmrun.block/1): some memory, which is gone when the machine is.
 *
 * The core asks a plugin that the user named for its disk, and gives it to the board's block device like one that is a
 * file. A request of memory takes no time, so submit() carries it out and calls complete() at once, which a back end
 * may do; one that waits for something hands the request to a thread of its own and returns.
 */
#include <host_error.h>
#include <inttypes.h>
#include <plugin_entry.h>
#include <string.h>
#include <sys/mman.h>
#include <vmrun/block.h>
#include <vmrun/plugin.h>

#define SIZE_MAX_BYTES (UINT64_C(64) << 30)

struct plugin {
	struct vr_plugin_instance instance; /* first */
};

/* The handle that others have of the disk. */
struct vr_block {
	uint8_t *bytes;
	uint64_t length;
	uint32_t stopped; /* atomic */
};

/* ---- struct vr_block_ops ---- */

static int32_t VR_CALL info(struct vr_block *b, struct vr_block_info *out)
{
	out->flags = VR_BLOCK_CAN_DISCARD;
	out->length = b->length;
	out->name = "ram-disk";
	return VR_OK;
}

/* A device has checked it; another caller may not have. */
static int is_inside(const struct vr_block *b, uint64_t offset, uint64_t length)
{
	return offset <= b->length && length <= b->length - offset;
}

static int32_t transfer(struct vr_block *b, const struct vr_block_request *r)
{
	uint64_t at = r->offset;

	for (uint32_t i = 0; i < r->count; i++) {
		const struct vr_iovec *v = (const void *)((const char *)r->v + (size_t)i * r->stride);

		if (!is_inside(b, at, v->length))
			return VR_E_RANGE;
		if (r->op == VR_BLOCK_WRITE)
			memcpy(b->bytes + at, v->base, v->length);
		else
			memcpy(v->base, b->bytes + at, v->length);
		at += v->length;
	}
	return VR_OK;
}

static int32_t execute(struct vr_block *b, const struct vr_block_request *r)
{
	if (__atomic_load_n(&b->stopped, __ATOMIC_RELAXED))
		return VR_E_IO;
	switch (r->op) {
	case VR_BLOCK_READ:
	case VR_BLOCK_WRITE:
		return transfer(b, r);
	case VR_BLOCK_FLUSH: /* memory has no medium behind it */
		return VR_OK;
	case VR_BLOCK_DISCARD:
	case VR_BLOCK_ZERO:
		if (!is_inside(b, r->offset, r->length))
			return VR_E_RANGE;
		memset(b->bytes + r->offset, 0, r->length);
		return VR_OK;
	default:
		return VR_E_UNSUPPORTED;
	}
}

static void VR_CALL submit(struct vr_block *b, struct vr_block_request *r)
{
	r->complete(r, execute(b, r));
}

/* Nothing is ever in flight. */
static void VR_CALL cancel(struct vr_block *b)
{
	(void)b;
}

static void VR_CALL stop(struct vr_block *b)
{
	__atomic_store_n(&b->stopped, 1, __ATOMIC_RELAXED);
}

static const struct vr_block_ops ops = {
	.size = sizeof(ops), .info = info, .submit = submit, .cancel = cancel, .stop = stop};

/* ---- vmrun.block/1 ---- */

static int32_t VR_CALL open_disk(struct vr_plugin_self *self, struct vr_disk *out)
{
	const struct vr_host *host = ((struct plugin *)self)->instance.host;
	const struct vr_host_config *options = host->query(host, VR_CONFIG_ID);
	struct vr_block *b;
	uint64_t length = 0;

	if (!VR_HAS(options, number) || options->number(host, "size", &length) < 0 || !length ||
	    length % 512 || length > SIZE_MAX_BYTES)
		return vr_host_error(host, VR_E_CONFIG,
				     "ram-disk: size=: %" PRIu64
				     " bytes: give it a multiple of 512 up to 64 GiB, such as size=64M",
				     length);
	b = calloc(1, sizeof(*b));
	if (!b)
		return vr_host_error(host, VR_E_NOMEM, "ram-disk: out of memory");
	b->length = length;
	/* Pages come when they are written to. */
	b->bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			0);
	if (b->bytes == MAP_FAILED) {
		free(b);
		return vr_host_error(host, VR_E_NOMEM,
				     "ram-disk: no %" PRIu64 " bytes of memory; make size= smaller", length);
	}
	out->ops = &ops;
	out->block = b;
	return VR_OK;
}

static void VR_CALL close_disk(struct vr_block *b)
{
	munmap(b->bytes, b->length);
	free(b);
}

static const struct vr_block_maker maker = {.size = sizeof(maker), .open = open_disk, .close = close_disk};

VR_PLUGIN("ram-disk", struct plugin, VR_BLOCK_ID, &maker, vr_plugin_instance_nothing)
