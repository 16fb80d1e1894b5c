// SPDX-License-Identifier: MIT
#include "tables.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int32_t vr_tables_bind(struct vr_tables *t, const struct vr_host *host, const char *who)
{
/* A table has to reach this member, the last one that boards use. */
#define REACHES(type, last) offsetof(struct type, last) + sizeof(((struct type *)0)->last)
	static const struct {
		const char *id;
		size_t member;
		size_t least;
		int required;
	} wanted[] = {
		{VR_MEMORY_ID, offsetof(struct vr_tables, memory), REACHES(vr_host_memory, written), 1},
		{VR_MMIO_ID, offsetof(struct vr_tables, mmio), REACHES(vr_host_mmio, attach), 1},
		{VR_IRQ_ID, offsetof(struct vr_tables, irq), REACHES(vr_host_irq, set_pin), 1},
		{VR_TIMER_ID, offsetof(struct vr_tables, timer), REACHES(vr_host_timer, destroy), 1},
		{VR_MACHINE_ID, offsetof(struct vr_tables, machine), REACHES(vr_host_machine, set_hypercall),
		 1},
		{VR_CONSOLE_ID, offsetof(struct vr_tables, console), REACHES(vr_host_console, on_input), 1},
		{VR_LOG_ID, offsetof(struct vr_tables, log), REACHES(vr_host_log, write), 0},
		{VR_REGISTRY_ID, offsetof(struct vr_tables, registry), REACHES(vr_host_registry, find), 0},
		{VR_BLOCK_ID, offsetof(struct vr_tables, block), REACHES(vr_host_block, info), 0},
		{VR_CONFIG_ID, offsetof(struct vr_tables, config), REACHES(vr_host_config, number), 0},
	};

	t->host = host;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const void *table = host->query(host, wanted[i].id);

		if (table && *(const uint32_t *)table < wanted[i].least)
			table = NULL; /* an older host's: as good as none */

		if (!table && wanted[i].required)
			return vr_tables_fail(t, VR_E_ABI, "%s needs %s, which this host does not offer", who,
					      wanted[i].id);
		*(const void **)((char *)t + wanted[i].member) = table;
	}
#undef REACHES
	return VR_OK;
}

int32_t vr_tables_fail(const struct vr_tables *t, int32_t code, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	t->host->error(t->host, code, text);
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

int32_t vr_tables_copy(const struct vr_tables *t, uint64_t gpa, const void *bytes, uint64_t length)
{
	void *to;

	if (!length)
		return VR_OK;
	to = t->memory->pointer(t->host, gpa, length);
	if (!to)
		return vr_tables_fail(t, VR_E_INTERNAL,
				      "no RAM at 0x%" PRIx64 " (%" PRIu64 " bytes) to load into", gpa,
				      length);
	memcpy(to, bytes, (size_t)length);
	t->memory->written(t->host, gpa, length);
	return VR_OK;
}
