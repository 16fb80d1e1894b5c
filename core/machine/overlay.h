/* SPDX-License-Identifier: MIT */
/*
 * overlay.h: where the writes of a disk go that must not change (--ephemeral). overlay.c has the essay.
 */
#ifndef MACHINE_OVERLAY_H
#define MACHINE_OVERLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OVERLAY_CLUSTER 512u /* bytes: a sector, the least that a request writes */

struct overlay {
	int fd;       /* a file without a name */
	char *folder; /* that it lies in, for messages */
	/* One bit a cluster: 1, it is read from `fd`. NULL: this disk has no overlay. */
	_Atomic uint64_t *bits;
	uint64_t clusters;
	size_t mapped; /* bytes at `bits` */
};

/* For a disk of `length` bytes, a multiple of OVERLAY_CLUSTER; `name`: its name, for messages. [main] */
int32_t overlay_open(struct overlay *o, const char *name, uint64_t length);
void overlay_close(struct overlay *o); /* one without a file as well: bits NULL */
/* Is the cluster at byte `offset` in the overlay? *length: how many bytes from there on are in the same place, at most as many
 * as it said before. */
bool overlay_has(const struct overlay *o, uint64_t offset, uint64_t *length);
/* The clusters that lie in [from, to) as a whole are in the overlay from here on. */
void overlay_mark(struct overlay *o, uint64_t from, uint64_t to);

#endif
