/* SPDX-License-Identifier: MIT */
/*
 * disks.c: the machine's disks for devices, vmrun.disks/1: the files that the user named, then the disks of plugins
 * (vmrun.block/1) that the user named.
 */

#include "common/error.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/log.h"
#include "util/struct_copy_out.h"

/* ---- plugins -------------------------------------------------------------------------------------- */

/* The member without which a plugin's disk is none; NULL: it has all. */
static const char *lacks(const struct vr_disk *k)
{
	return !VR_HAS(k, ops)           ? "ops"
	       : !VR_HAS(k->ops, info)   ? "info"
	       : !VR_HAS(k->ops, submit) ? "submit"
	       : !VR_HAS(k->ops, cancel) ? "cancel"
	       : !VR_HAS(k->ops, stop)   ? "stop"
					 : NULL;
}

static int32_t check(const struct loaded_plugin *p, const struct vr_disk *k)
{
	struct vr_block_info info = {.size = sizeof(info)};
	const char *id = p->manifest->id, *missing = lacks(k);
	int32_t rc;

	if (missing)
		return vr_error_set(VR_E_ABI,
				    "plugin '%s': its disk has no '%s'; rebuild or update the plugin", id,
				    missing);
	rc = k->ops->info(k->block, &info);
	if (rc < 0)
		return vr_error_set(rc, "plugin '%s': its disk can't say what it is (%s)", id,
				    vr_error_text(rc));
	if (!info.length || info.length % 512)
		return vr_error_set(
			VR_E_ABI,
			"plugin '%s': its disk has %llu bytes; a disk has some, and a multiple of 512", id,
			(unsigned long long)info.length);
	return VR_OK;
}

static int32_t open_plugin(struct machine *m, struct loaded_plugin *p, const struct vr_block_maker *b,
			   bool ephemeral)
{
	struct machine_disk *k = &m->plugin_disk[m->plugin_disk_count];
	int32_t rc;

	if (m->disk_count + m->plugin_disk_count >= MACHINE_MAX_DISKS)
		return vr_error_set(VR_E_CONFIG, "plugin '%s': %u disks are all that can be had",
				    p->manifest->id, MACHINE_MAX_DISKS);
	*k = (struct machine_disk){.maker = b, .disk = {.size = sizeof(k->disk)}};
	vr_error_clear();
	rc = b->open(p->plugin->self, &k->disk);
	if (rc < 0)
		return vr_error_context(rc, "disk of plugin '%s'", p->manifest->id);
	m->plugin_disk_count++;
	if (ephemeral)
		log_print(VR_LOG_WARN,
			  "plugin '%s': what the guest writes to its disk is the plugin's to keep; "
			  "--ephemeral is for disks "
			  "that are files",
			  p->manifest->id);
	return check(p, &k->disk);
}

int32_t disks_open_plugins(struct machine *m, bool ephemeral)
{
	int32_t rc = VR_OK;

	for (uint32_t i = 0; rc == VR_OK && i < registry_count(m->registry); i++) {
		struct loaded_plugin *p = registry_at(m->registry, i);
		const void *maker;

		if (!p->requested || !p->started || !vr_text_list_has(p->manifest->provides, VR_BLOCK_ID))
			continue;
		rc = machine_interface(p, VR_BLOCK_ID, &maker);
		if (rc == VR_OK)
			rc = open_plugin(m, p, maker, ephemeral);
	}
	return rc;
}

/* ---- all of them ---------------------------------------------------------------------------------- */

int32_t disks_start(struct machine *m)
{
	int32_t rc = VR_OK;

	for (uint32_t i = 0; i < m->disk_count && rc == VR_OK; i++)
		rc = disk_threads_start(&m->disk[i], &m->sandbox, i);
	return rc;
}

/* The one of that number; false: there is none. */
static bool find(struct machine *m, uint32_t number, struct vr_disk *out)
{
	if (!m || number >= m->disk_count + m->plugin_disk_count)
		return false;
	if (number < m->disk_count)
		disk_as_block(&m->disk[number], out);
	else
		*out = m->plugin_disk[number - m->disk_count].disk;
	return true;
}

void disks_stop(struct machine *m)
{
	struct vr_disk k;

	for (uint32_t i = 0; find(m, i, &k); i++)
		k.ops->stop(k.block);
}

void disks_close(struct machine *m)
{
	for (uint32_t i = 0; i < m->disk_count; i++) {
		disk_threads_end(&m->disk[i]);
		disk_close(&m->disk[i]);
	}
	for (; m->plugin_disk_count > 0; m->plugin_disk_count--) {
		const struct machine_disk *k = &m->plugin_disk[m->plugin_disk_count - 1];

		k->maker->close(k->disk.block);
	}
}

static uint32_t VR_CALL disks_count(const struct vr_host *host)
{
	struct machine *m = machine_of(host);

	return m ? m->disk_count + m->plugin_disk_count : 0;
}

static int32_t VR_CALL disks_disk(const struct vr_host *host, uint32_t number, struct vr_disk *out)
{
	struct vr_disk k;

	if (!out || !find(machine_of(host), number, &k))
		return VR_E_NOENT;
	k.size = sizeof(k);
	struct_copy_out(out, &k, sizeof(k), STRUCT_END_OF(struct vr_disk, block));
	return VR_OK;
}

const struct vr_host_disks disks_table = {
	.size = sizeof(struct vr_host_disks),
	.count = disks_count,
	.disk = disks_disk,
};
