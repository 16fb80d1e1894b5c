/* SPDX-License-Identifier: MIT */
#include "tables.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../has.h"
#include "../host_error.h"

int32_t vr_tables_bind(struct vr_tables *t, const struct vr_host *host, const char *plugin)
{
/* `last`: the last function that boards use. */
#define WANTED(id, table, last, required)                                                               \
	{                                                                                               \
		id, offsetof(struct vr_tables, table), offsetof(struct vr_host_##table, last), required \
	}
	static const struct {
		const char *id;
		size_t member, last;
		int required;
	} wanted[] = {
		WANTED(VR_MEMORY_ID, memory, written, 1),
		WANTED(VR_MMIO_ID, mmio, attach, 1),
		WANTED(VR_IRQ_ID, irq, set_pin, 1),
		WANTED(VR_TIMER_ID, timer, destroy, 1),
		WANTED(VR_MACHINE_ID, machine, set_hypercall, 1),
		WANTED(VR_CONSOLE_ID, console, receive, 1),
		WANTED(VR_LOG_ID, log, write, 0),
		WANTED(VR_REGISTRY_ID, registry, find, 0),
		WANTED(VR_DISKS_ID, disks, disk, 0),
		WANTED(VR_CONFIG_ID, config, number, 0),
		WANTED(VR_STREAMS_ID, streams, on_change, 0),
		WANTED(VR_FILE_ID, file, open, 0),
	};
#undef WANTED

	t->host = host;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const void *table = vr_host_table(host, wanted[i].id, wanted[i].last);

		if (!table && wanted[i].required)
			return vr_tables_fail(t, VR_E_ABI, "%s needs %s, which this host does not offer",
					      plugin, wanted[i].id);
		*(const void **)((char *)t + wanted[i].member) = table;
	}
	return VR_OK;
}

int32_t vr_tables_fail(const struct vr_tables *t, int32_t code, const char *format, ...)
{
	char text[VR_HOST_ERROR_TEXT] = "";
	va_list args;

	va_start(args, format);
	vr_host_error_v(t->host, code, text, sizeof(text), format, args);
	va_end(args);
	return code;
}

void vr_tables_warn(const struct vr_tables *t, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!t->log || t->log->level < VR_LOG_WARN)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	t->log->write(t->host, VR_LOG_WARN, text);
}

bool vr_tables_is_ram(const struct vr_tables *t, uint64_t gpa, uint64_t n)
{
	struct vr_mapping m = {.size = sizeof(m)};

	if (t->memory->map(t->host, gpa, n, VR_MAP_READ, &m) < 0)
		return false;
	t->memory->unmap(t->host, &m, 0, 0);
	return true;
}

int32_t vr_tables_map(const struct vr_tables *t, uint64_t gpa, uint64_t n, struct vr_mapping *m)
{
	m->size = sizeof(*m);
	if (t->memory->map(t->host, gpa, n, VR_MAP_READ | VR_MAP_WRITE | VR_MAP_LOAD, m) < 0)
		return vr_tables_fail(t, VR_E_INTERNAL,
				      "no RAM at 0x%" PRIx64 " (%" PRIu64 " bytes) to load into", gpa, n);
	return VR_OK;
}

void vr_tables_filled(const struct vr_tables *t, const struct vr_mapping *m)
{
	t->memory->unmap(t->host, m, 0, m->length);
}

int32_t vr_tables_copy(const struct vr_tables *t, uint64_t gpa, const void *bytes, uint64_t length)
{
	struct vr_mapping m;
	int32_t rc;

	if (!length)
		return VR_OK;
	rc = vr_tables_map(t, gpa, length, &m);
	if (rc < 0)
		return rc;
	memcpy(m.bytes, bytes, (size_t)length);
	vr_tables_filled(t, &m);
	return VR_OK;
}

uint8_t *vr_tables_ram(const struct vr_tables *t, uint64_t gpa, uint64_t n, struct vr_mapping *m)
{
	if (vr_tables_map(t, gpa, n, m) < 0)
		return NULL;
	memset(m->bytes, 0, (size_t)n);
	return m->bytes;
}
