/* SPDX-License-Identifier: MIT */
/* bus.c: a vCPU's accesses to the machine's bus. */
#include <string.h>

#include "kvm.h"

static int32_t access_once(struct kvmp_vcpu *v, uint32_t space, uint64_t address, uint32_t width,
			   bool is_write, uint8_t *data)
{
	uint64_t value = 0;
	int32_t rc;

	if (is_write)
		memcpy(&value, data, width);
	rc = v->vm->mmio->access(v->vm->host, space, v->index, address, width, is_write, &value);
	if (rc < 0)
		value = UINT64_MAX;
	if (!is_write)
		memcpy(data, &value, width);
	return rc;
}

int32_t kvmp_bus(struct kvmp_vcpu *v, uint32_t space, uint64_t address, uint32_t width, bool is_write,
		 void *data)
{
	uint8_t *bytes = data;
	int32_t rc = VR_E_NOENT;

	if (width <= 8 && !(width & (width - 1)))
		return access_once(v, space, address, width, is_write, bytes);
	/* What is left of an access that crosses a page. */
	for (uint32_t i = 0; i < width; i++)
		if (access_once(v, space, address + i, 1, is_write, bytes + i) == VR_OK)
			rc = VR_OK;
	return rc;
}
