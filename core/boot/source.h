/* SPDX-License-Identifier: MIT */
/*
 * source.h: where an image's bytes come from: a file opened read-only, or memory. Every read is bounded.
 *
 * A source keeps its descriptor, so that it can be read again when the process may open no files any more. A
 * pipe can be read once only: its bytes go into a file in memory (memfd_create(2)), and that is the source.
 */
#ifndef BOOT_SOURCE_H
#define BOOT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
	const char *name; /* for messages; not owned */
	uint64_t size;    /* bytes */
	const uint8_t *memory;
	int fd;    /* when memory is NULL; -1: closed */
	bool pipe; /* what came out of a pipe */
	/* Not NULL: reads in place of `fd`, since the bytes are not all there (an ephemeral disk's). An error without a text. */
	int32_t (*read)(void *opaque, uint64_t offset, void *to, size_t n);
	void *opaque;
};

/* A regular file, a block device, or a pipe that brings at most `pipe_limit` bytes; never written. Errors
 * name it. */
int32_t source_open(const char *path, uint64_t pipe_limit, struct source *out);
void source_close(struct source *s);
/* Finds out the size once more: the file may have been written since it was opened. */
int32_t source_measure(struct source *s);
/* The same over bytes that the caller keeps. */
void source_memory(const char *name, const void *bytes, size_t size, struct source *out);
/* [offset, offset + n) lies in the source. */
bool source_has(const struct source *s, uint64_t offset, uint64_t n);
/* All n bytes or an error that says `what` was to be read, and where. */
int32_t source_read(const struct source *s, uint64_t offset, void *to, size_t n, const char *what);

#endif
