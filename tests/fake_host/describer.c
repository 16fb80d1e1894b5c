/* SPDX-License-Identifier: MIT */
#include "describer.h"

#include <string.h>

struct describer_type describer[2];

static const struct describer_type *of(const char *type)
{
	return &describer[strcmp(type, "test-one") != 0];
}

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return i < DESCRIBER_MOST ? of(type)->window[i] : 0;
}

static uint32_t VR_CALL irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return i < DESCRIBER_MOST ? of(type)->irq[i] : VR_DEVICE_IRQ_NONE;
}

static const char *VR_CALL compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return i < DESCRIBER_MOST ? of(type)->compatible[i] : NULL;
}

static const char *VR_CALL node_name(struct vr_plugin_self *self, const char *type)
{
	(void)self;
	return of(type)->node;
}

static int32_t VR_CALL describe(struct vr_plugin_self *self, const char *type, uint32_t i,
				struct vr_device_property *out)
{
	const struct describer_type *d = of(type);

	(void)self;
	if (i >= d->property_count)
		return d->last ? d->last : VR_E_NOENT;
	*out = d->property[i];
	out->size = sizeof(*out);
	return VR_OK;
}

struct vr_device_maker describer_maker;

void describer_start(void)
{
	static const struct describer_type plain = {.window = {0x1000}, .irq = {VR_DEVICE_IRQ_LEVEL}};

	describer[0] = describer[1] = plain;
	describer[0].compatible[0] = "test,one";
	describer[1].compatible[0] = "test,two";
	describer_maker = (struct vr_device_maker){
		.size = sizeof(describer_maker),
		.types = "test-one,test-two",
		.create = maker_create,
		.reset = maker_reset,
		.destroy = maker_destroy,
		.window = window,
		.irq = irq,
		.compatible = compatible,
		.node_name = node_name,
		.describe = describe,
	};
}
