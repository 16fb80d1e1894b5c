/* SPDX-License-Identifier: MIT */
/*
 * debuglog.c: the log of `-d`, vmrun.debuglog/1: one file, whole records, and the disassemblers.
 *
 * A record is one write(): nothing is lost when the process ends by a crash, and threads do not mix their
 * lines. When the file can take no more the log ends, with one warning, and the guest goes on.
 */
#include "machine/debuglog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "machine/parts.h"
#include "util/disasm.h"
#include "util/log.h"
#include "common/text.h"

#define WORD_WIDTH 8u /* of "ir-opt: " */
#define TEXT 192u
#define DEV (1u << VR_DEBUGLOG_DEV)

struct vr_disassembler {
	struct vr_disassembler *next;
	pthread_mutex_t lock;
	struct disasm *disasm;
};

struct debuglog {
	const struct log_filter *filter;
	int fd;
	char *name;     /* of the file; NULL: standard error */
	uint32_t given; /* items that the core or a plugin writes */
	pthread_mutex_t lock;
	atomic_bool lost;
	struct vr_disassembler *disassemblers;
};

/* ---- life -------------------------------------------------------------------------------------- */
int32_t debuglog_new(struct machine *m, const struct machine_config *c, struct debuglog **out)
{
	const char *file = c->log_file;
	int fd = STDERR_FILENO;
	struct debuglog *l;
	int32_t rc;

	*out = NULL;
	if (!c->log.items)
		return VR_OK;
	rc = file ? machine_open_log(m, c->machine_file, "log", file, &fd) : VR_OK;
	if (rc < 0)
		return rc;
	l = calloc(1, sizeof(*l));
	if (!l || (file && !(l->name = vr_text_copy(file)))) {
		free(l);
		if (file)
			close(fd);
		return vr_error_set(VR_E_NOMEM, "out of memory");
	}
	pthread_mutex_init(&l->lock, NULL);
	l->filter = &c->log;
	l->fd = fd;
	l->given = DEV;
	*out = l;
	return VR_OK;
}

void debuglog_free(struct debuglog *l)
{
	struct vr_disassembler *d;

	if (!l)
		return;
	while ((d = l->disassemblers)) {
		l->disassemblers = d->next;
		disasm_close(d->disasm);
		pthread_mutex_destroy(&d->lock);
		free(d);
	}
	if (l->fd != STDERR_FILENO)
		close(l->fd);
	pthread_mutex_destroy(&l->lock);
	free(l->name);
	free(l);
}

void debuglog_tell_missing(const struct debuglog *l, const char *accelerator)
{
	for (uint32_t i = 0; l && i < VR_DEBUGLOG_COUNT; i++)
		if ((l->filter->items & ~l->given) >> i & 1)
			log_print(VR_LOG_WARN, "-d %s: accelerator '%s' can't tell; the log has none of it",
				  log_filter_word(i), accelerator);
}

/* ---- writing ----------------------------------------------------------------------------------- */
static void write_all(struct debuglog *l, const char *text, size_t n)
{
	pthread_mutex_lock(&l->lock);
	if (!atomic_load(&l->lost) && file_write(l->fd, text, n)) {
		atomic_store(&l->lost, true);
		log_print(VR_LOG_WARN, "the log of -d can't be written to %s%s%s: %s; it ends here",
			  l->name ? "'" : "", l->name ? l->name : "standard error", l->name ? "'" : "",
			  strerror(errno));
	}
	pthread_mutex_unlock(&l->lock);
}

/* Each line with the item's word before it, and what a raw terminal needs after it. */
static void write_record(struct debuglog *l, uint32_t item, const char *text)
{
	bool raw = l->fd == STDERR_FILENO && log_is_raw();
	size_t lines = 1, n = 0;
	char *out, word[WORD_WIDTH + 1];

	if (atomic_load(&l->lost))
		return;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	out = malloc(strlen(text) + lines * (WORD_WIDTH + 4));
	if (!out)
		return;
	snprintf(word, sizeof(word), "%s:       ", log_filter_word(item));
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (raw)
			out[n++] = '\r';
		memcpy(out + n, word, WORD_WIDTH);
		memcpy(out + n + WORD_WIDTH, text, length);
		n += WORD_WIDTH + length;
		if (raw)
			out[n++] = '\r';
		out[n++] = '\n';
		text += length + (text[length] == '\n');
	}
	write_all(l, out, n);
	free(out);
}

/* ---- devices ----------------------------------------------------------------------------------- */
bool debuglog_sees_devices(const struct debuglog *l)
{
	return l && (l->filter->items & DEV);
}

void debuglog_access(struct debuglog *l, const struct vr_device_trace_access *seen, uint64_t base)
{
	static const char *const spaces[BUS_SPACES] = {"", " port", " system register"};
	char text[TEXT];

	if (!log_filter_wants(l->filter, VR_DEBUGLOG_DEV, seen->address, seen->address + (seen->width - 1)))
		return;
	if (seen->result)
		snprintf(text, sizeof(text), "cpu%u%s 0x%" PRIx64 " %s %u: no device", seen->vcpu,
			 spaces[seen->space], seen->address, seen->is_write ? "write" : "read", seen->width);
	else
		snprintf(text, sizeof(text), "cpu%u%s 0x%" PRIx64 " %s+0x%" PRIx64 " %s %u %s 0x%" PRIx64,
			 seen->vcpu, spaces[seen->space], seen->address, seen->name, seen->address - base,
			 seen->is_write ? "write" : "read", seen->width, seen->is_write ? "<-" : "->",
			 seen->value);
	write_record(l, VR_DEBUGLOG_DEV, text);
}

/* ---- the table --------------------------------------------------------------------------------- */
static struct debuglog *log_of(const struct vr_host *host)
{
	const struct machine *m = machine_of(host);

	return m ? m->debuglog : NULL;
}

static uint32_t VR_CALL table_items(const struct vr_host *host, uint32_t can)
{
	struct debuglog *l = log_of(host);

	if (!l)
		return 0;
	l->given |= can;
	return l->filter->items & can;
}

static int32_t VR_CALL table_wanted(const struct vr_host *host, uint32_t item, uint64_t first, uint64_t last)
{
	const struct debuglog *l = log_of(host);

	return l && item < VR_DEBUGLOG_COUNT && log_filter_wants(l->filter, item, first, last);
}

static void VR_CALL table_write(const struct vr_host *host, uint32_t item, const char *text)
{
	struct debuglog *l = log_of(host);

	if (l && text && item < VR_DEBUGLOG_COUNT)
		write_record(l, item, text);
}

static int32_t VR_CALL table_disassembler(const struct vr_host *host, const char *triple,
					  const char *features, struct vr_disassembler **out)
{
	struct debuglog *l = log_of(host);
	struct vr_disassembler *d;
	bool complete = true;
	char why[256] = "";

	if (!l || !triple || !out)
		return vr_error_set(VR_E_INVAL,
				    "vmrun.debuglog/1 disassembler: there is no log, or no triple");
	d = calloc(1, sizeof(*d));
	if (d)
		d->disasm = disasm_open(triple, features, &complete, why, sizeof(why));
	if (!d || !d->disasm) {
		free(d);
		return vr_error_set(VR_E_NOMEM, "out of memory");
	}
	if (!complete)
		log_print(VR_LOG_WARN, "-d: %s", why);
	pthread_mutex_init(&d->lock, NULL);
	d->next = l->disassemblers;
	l->disassemblers = d;
	*out = d;
	return VR_OK;
}

static uint32_t VR_CALL table_disassemble(const struct vr_host *host, struct vr_disassembler *d,
					  uint64_t address, const uint8_t *code, uint32_t length, char *text,
					  uint32_t capacity)
{
	(void)host;
	uint32_t n;

	if (!d || !length || !capacity)
		return 0;
	pthread_mutex_lock(&d->lock);
	n = disasm_one(d->disasm, address, code, length, text, capacity);
	pthread_mutex_unlock(&d->lock);
	return n;
}

const struct vr_host_debuglog debuglog_table = {
	.size = sizeof(struct vr_host_debuglog),
	.items = table_items,
	.wanted = table_wanted,
	.write = table_write,
	.disassembler = table_disassembler,
	.disassemble = table_disassemble,
};
