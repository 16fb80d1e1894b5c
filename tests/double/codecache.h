/* SPDX-License-Identifier: MIT */
/* codecache.h: vmrun.codecache/1 for tests that run compiled code: one mapping that is written and executed.
 */
#ifndef TESTS_DOUBLE_CODECACHE_H
#define TESTS_DOUBLE_CODECACHE_H

#include <sys/mman.h>
#include <vmrun/host.h>

static int32_t VR_CALL code_create(const struct vr_host *h, uint64_t length, struct vr_code_memory *out)
{
	(void)h;
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return VR_E_NOMEM;
	out->write = out->execute = p;
	out->length = length;
	return VR_OK;
}
static void VR_CALL code_destroy(const struct vr_host *h, struct vr_code_memory *m)
{
	(void)h;
	munmap(m->write, m->length);
}
static void VR_CALL begin_write(const struct vr_host *h, const struct vr_code_memory *m)
{
	(void)h, (void)m;
}
static void VR_CALL end_write(const struct vr_host *h, const struct vr_code_memory *m, uint64_t offset,
			      uint64_t n)
{
	(void)h, (void)m, (void)offset, (void)n;
}
static const struct vr_host_codecache codecache = {.size = sizeof(codecache),
						   .create = code_create,
						   .destroy = code_destroy,
						   .begin_write = begin_write,
						   .end_write = end_write};

#endif
