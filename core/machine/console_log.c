/* SPDX-License-Identifier: MIT */
/*
 * console_log.c: --console-log without --run, a copy of what the guest prints on its console.
 *
 * A serial port prints byte by byte, so the bytes are gathered, and the console's thread writes them. When the file can take no
 * more the log ends, with one warning, and the guest goes on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/log.h"

struct console_log {
	pthread_mutex_t lock; /* all below */
	int fd;
	char *name;
	bool off, lost;
	uint32_t count;
	uint8_t bytes[4096];
};

int32_t console_log_new(struct machine *m, const struct machine_config *c, struct console_log **out)
{
	struct console_log *l;
	int32_t rc;
	int fd;

	*out = NULL;
	/* With --run it is not a copy: run.c writes it. */
	if (!c->console_log || c->run.command || c->run.file)
		return VR_OK;
	rc = machine_open_log(m, c->machine_file, "--console-log", c->console_log, &fd);
	if (rc < 0)
		return rc;
	l = calloc(1, sizeof(*l));
	if (!l || !(l->name = vr_text_copy(c->console_log))) {
		free(l);
		close(fd);
		return vr_error_set(VR_E_NOMEM, "out of memory");
	}
	pthread_mutex_init(&l->lock, NULL);
	l->fd = fd;
	*out = l;
	return VR_OK;
}

/* Lock held. */
static void flush(struct console_log *l)
{
	if (l->count && !l->lost && file_write(l->fd, l->bytes, l->count)) {
		l->lost = true;
		log_print(VR_LOG_WARN, "--console-log '%s' can't be written: %s; the rest of it is left out",
			  l->name, strerror(errno));
	}
	l->count = 0;
}

bool console_log_put(struct console_log *l, const uint8_t *bytes, uint32_t n)
{
	bool first;

	pthread_mutex_lock(&l->lock);
	first = !l->count;
	while (n && !l->off && !l->lost) {
		uint32_t room = (uint32_t)sizeof(l->bytes) - l->count, k = n < room ? n : room;

		memcpy(l->bytes + l->count, bytes, k);
		l->count += k;
		bytes += k;
		n -= k;
		if (l->count == sizeof(l->bytes))
			flush(l);
	}
	first &= l->count != 0;
	pthread_mutex_unlock(&l->lock);
	return first;
}

void console_log_flush(struct console_log *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	flush(l);
	pthread_mutex_unlock(&l->lock);
}

bool console_log_switch(struct console_log *l)
{
	bool on;

	pthread_mutex_lock(&l->lock);
	on = l->off;
	l->off = !on;
	pthread_mutex_unlock(&l->lock);
	return on;
}

void console_log_free(struct console_log *l)
{
	if (!l)
		return;
	console_log_flush(l);
	close(l->fd);
	pthread_mutex_destroy(&l->lock);
	free(l->name);
	free(l);
}
