/* SPDX-License-Identifier: MIT */
#include "finisher.h"

#include "map.h"

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)opaque;
	(void)vcpu;
	(void)offset;
	(void)width;
	return 0;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	const struct vr_tables *t = opaque;
	int32_t status = (int32_t)(value >> 16 & 0xffff);

	(void)vcpu;
	if (offset || width < 2)
		return;
	switch (value & 0xffff) {
	case FINISHER_FAIL:
		t->machine->power(t->host, VR_POWER_OFF, status ? status : 1);
		break;
	case FINISHER_PASS:
		t->machine->power(t->host, VR_POWER_OFF, 0);
		break;
	case FINISHER_RESET:
		t->machine->power(t->host, VR_POWER_RESET, 0);
		break;
	default:
		break;
	}
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

int32_t finisher_attach(const struct vr_tables *t)
{
	return t->mmio->attach(t->host, VR_SPACE_MMIO, RV_TEST_BASE, RV_TEST_SIZE, &ops, (void *)(uintptr_t)t,
			       "test");
}
