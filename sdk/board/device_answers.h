/* SPDX-License-Identifier: MIT */
/*
 * device_answers.h: what a maker of vmrun.device/1 says of one of its types, asked for and checked. Boards place and
 * describe devices by these functions, and the SDK's rules use them, so that both refuse the same.
 */
#ifndef VR_BOARD_DEVICE_ANSWERS_H
#define VR_BOARD_DEVICE_ANSWERS_H

#include <stdbool.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whom to ask, and what for. */
struct vr_device_of {
	const struct vr_device_maker *maker;
	struct vr_plugin_self *self;
	const char *type;
};

#define VR_DEVICE_WRONG 400u /* bytes for a text that says what is wrong */

/* What the device needs to be placed. No window: a board that does not know the type can't place it. */
struct vr_device_wants {
	uint32_t window_count, irq_count;
	uint64_t window[VR_DEVICE_WINDOWS_MAX]; /* bytes */
	uint32_t irq[VR_DEVICE_IRQS_MAX];       /* VR_DEVICE_IRQ_* */
};

/* VR_E_ABI: what is wrong is in text[VR_DEVICE_WRONG], without the plugin's name. [main] */
int32_t vr_device_ask(const struct vr_device_of *d, struct vr_device_wants *out, char *text);

/* Is the guest told of it? [main] */
bool vr_device_is_described(const struct vr_device_of *d);
/* All of its description. VR_E_ABI as above. What references refer to is the board's to find. [main] */
int32_t vr_device_check(const struct vr_device_of *d, char *text);
/* The node's name; never NULL. [main] */
const char *vr_device_node(const struct vr_device_of *d);
/* The i-th string of compatible; NULL past the last. [main] */
const char *vr_device_compatible(const struct vr_device_of *d, uint32_t i);
/* The i-th property, if it is sound. VR_E_NOENT: past the last. VR_E_ABI as above. [main] */
int32_t vr_device_property(const struct vr_device_of *d, uint32_t i, struct vr_device_property *out,
			   char *text);
/* The i-th reference of a sound property. [any] */
struct vr_device_reference vr_device_reference_at(const struct vr_device_property *p, uint32_t i);

#ifdef __cplusplus
}
#endif

#endif
