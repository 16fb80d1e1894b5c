/* SPDX-License-Identifier: MIT */
/* tables.h: the host tables that a board uses, looked up once. */
#ifndef VR_BOARD_TABLES_H
#define VR_BOARD_TABLES_H

#include <stdbool.h>
#include <vmrun/block.h>
#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vr_tables {
	const struct vr_host *host;
	const struct vr_host_memory *memory;
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq;
	const struct vr_host_timer *timer;
	const struct vr_host_machine *machine;
	const struct vr_host_console *console;
	const struct vr_host_log *log;           /* may be NULL */
	const struct vr_host_registry *registry; /* may be NULL: no pluggable devices */
	const struct vr_host_disks *disks;       /* may be NULL: no disks */
	const struct vr_host_config *config;     /* may be NULL: no options */
	const struct vr_host_streams *streams;   /* may be NULL: no streams */
	const struct vr_host_file *file;         /* may be NULL: no files that options name */
};

/* VR_E_ABI, with a text that says which table the plugin needs and the host does not have. */
int32_t vr_tables_bind(struct vr_tables *t, const struct vr_host *host, const char *plugin);

/* Note an error text (printf-like) for this thread; returns code. */
int32_t vr_tables_fail(const struct vr_tables *t, int32_t code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void vr_tables_warn(const struct vr_tables *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies bytes into guest RAM. VR_E_INTERNAL when the range is not RAM. */
int32_t vr_tables_copy(const struct vr_tables *t, uint64_t gpa, const void *bytes, uint64_t length);
/* Is [gpa, gpa+n), at least one byte, memory as a whole? */
bool vr_tables_is_ram(const struct vr_tables *t, uint64_t gpa, uint64_t n);
/* Maps n bytes of memory to write to; VR_E_INTERNAL, with a text, when there are none. / The same, zeroed: NULL
 * with the text. Both are ended by vr_tables_filled(), which says that all of it was written. */
int32_t vr_tables_map(const struct vr_tables *t, uint64_t gpa, uint64_t n, struct vr_mapping *m);
uint8_t *vr_tables_ram(const struct vr_tables *t, uint64_t gpa, uint64_t n, struct vr_mapping *m);
void vr_tables_filled(const struct vr_tables *t, const struct vr_mapping *m);

#ifdef __cplusplus
}
#endif

#endif
