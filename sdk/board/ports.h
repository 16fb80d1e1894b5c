/* SPDX-License-Identifier: MIT */
/*
 * ports.h: devices at x86 I/O ports whose registers are a byte wide: a table row a range of ports. Wider
 * accesses are made byte by byte, as a bus does it; all of one under the device's lock.
 */
#ifndef VR_BOARD_PORTS_H
#define VR_BOARD_PORTS_H

#include <pthread.h>

#include "tables.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vr_port_range {
	uint32_t base, length;
	/* port: the number, base .. base + length - 1. The device's lock is held. */
	uint32_t (*read)(void *device, uint32_t port);
	void (*write)(void *device, uint32_t port, uint32_t value);
	const char *name;
};

/* One a range; lives as long as the device. */
struct vr_ports {
	const struct vr_port_range *range;
	void *device;
	pthread_mutex_t *lock;
};

/* Attaches `count` ranges of one device; ports: room for as many. [main] */
int32_t vr_ports_attach(const struct vr_tables *t, const struct vr_port_range *ranges, uint32_t count,
			void *device, pthread_mutex_t *lock, struct vr_ports *ports);

#ifdef __cplusplus
}
#endif

#endif
