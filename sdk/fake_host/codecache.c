/* SPDX-License-Identifier: MIT */
/* codecache.c: vmrun.codecache/1. */
#include <sys/mman.h>

#include "internal.h"

static int32_t VR_CALL code_create(const struct vr_host *host, uint64_t length, struct vr_code_memory *out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc;
	void *p;

	vr_fake_host_on_main(f, "codecache.create");
	if (!out || out->size < sizeof(*out)) {
		vr_fake_host_note(f, "codecache.create was given a struct without its size");
		return VR_E_INVAL;
	}
	rc = vr_fake_host_request(f, "codecache.create");
	if (rc < 0)
		return rc;
	p = mmap(NULL, length, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return VR_E_NOMEM;
	out->write = out->execute = p;
	out->length = length;
	return VR_OK;
}

static void VR_CALL code_destroy(const struct vr_host *host, struct vr_code_memory *m)
{
	vr_fake_host_on_main(vr_fake_host_of(host), "codecache.destroy");
	if (m && m->write)
		munmap(m->write, m->length);
}

static void VR_CALL begin_write(const struct vr_host *host, const struct vr_code_memory *m)
{
	(void)host, (void)m;
}

static void VR_CALL end_write(const struct vr_host *host, const struct vr_code_memory *m, uint64_t offset,
			      uint64_t length)
{
	if (offset > m->length || length > m->length - offset)
		vr_fake_host_note(vr_fake_host_of(host),
				  "codecache.end_write was told of bytes outside the memory");
}

extern const struct vr_host_codecache vr_fake_host_codecache;
const struct vr_host_codecache vr_fake_host_codecache = {
	.size = sizeof(vr_fake_host_codecache),
	.create = code_create,
	.destroy = code_destroy,
	.begin_write = begin_write,
	.end_write = end_write,
};
