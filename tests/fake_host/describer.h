/* SPDX-License-Identifier: MIT */
/* describer.h: a maker of two types of devices, "test-one" and "test-two", that answers what a test has set. */
#ifndef VR_TEST_DESCRIBER_H
#define VR_TEST_DESCRIBER_H

#include "maker.h"

#define DESCRIBER_MOST 12u

struct describer_type {
	uint64_t window[DESCRIBER_MOST]; /* up to the first 0 */
	uint32_t irq[DESCRIBER_MOST];
	const char *compatible[DESCRIBER_MOST];
	const char *node;
	const struct vr_device_property *property; /* property_count */
	uint32_t property_count;
	int32_t last; /* what describe() answers past the last; 0: VR_E_NOENT */
};

extern struct describer_type describer[2];
extern struct vr_device_maker describer_maker; /* a test may change it */

/* One window of 4 KiB, one level, compatible "test,one" and "test,two"; no property. */
void describer_start(void);

#endif
