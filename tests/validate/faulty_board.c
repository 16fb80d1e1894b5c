/* SPDX-License-Identifier: MIT */
/* faulty_board.c: an arm64 machine of RAM and sixteen registers. */
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>
#include <plugin_entry.h>
#include <vmrun/board.h>
#include <vmrun/state_arm64.h>

#include "faulty.h"

#define RAM 0x40000000ull
#define REGISTERS 64u /* bytes */

struct board {
	const struct vr_host *host;
	uint64_t ram_size;
	uint8_t registers[REGISTERS];
};

static inline struct board *board_of(struct vr_board *board)
{
	return (struct board *)board;
}

static uint64_t VR_CALL read_(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	const struct board *b = opaque;
	uint64_t value = 0;

	(void)vcpu;
	if (FAULT(board_width) && width == 8 && offset == 0x10)
		abort();
	if (offset + width <= REGISTERS)
		memcpy(&value, b->registers + offset, width);
	return value;
}

static void VR_CALL write_(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct board *b = opaque;

	(void)vcpu;
	if (offset + width <= REGISTERS)
		memcpy(b->registers + offset, &value, width);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_, .write = write_};

static int32_t VR_CALL create(struct vr_plugin_self *self, const struct vr_board_config *c,
			      struct vr_board **out)
{
	const struct vr_host *host = ((struct vr_plugin_instance *)self)->host;
	const struct vr_host_memory *memory = host->query(host, VR_MEMORY_ID);
	const struct vr_host_mmio *mmio = host->query(host, VR_MMIO_ID);
	struct board *b;
	int32_t rc;

	if (!VR_HAS(memory, unmap) || !VR_HAS(mmio, attach))
		return faulty_refuse(host, VR_E_ABI, "no vmrun.memory/1 or vmrun.mmio/1");
	if (!FAULT(board_any_arch) && (!c->arch || strcmp(c->arch, "arm64") != 0))
		return faulty_refuse(host, VR_E_CONFIG, "this is an arm64 machine");
	if (!c->vcpu_count || c->vcpu_count > 512 || !c->ram_size || c->ram_size % 0x10000 ||
	    c->ram_size > 1ull << 36) {
		if (FAULT(board_odd_silent))
			return VR_E_CONFIG;
		if (!FAULT(board_no_ram) || c->ram_size)
			return faulty_refuse(host, VR_E_CONFIG, "1 to 512 vCPUs, RAM in multiples of 64 KiB");
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		return faulty_refuse(host, VR_E_NOMEM, "no memory");
	b->host = host;
	b->ram_size = c->ram_size;
	rc = b->ram_size ? memory->add(host, RAM, b->ram_size, 0, "ram") : VR_OK;
	if (rc >= 0)
		rc = mmio->attach(host, VR_SPACE_MMIO, 0x10000, REGISTERS, &ops, b, "registers");
	if (rc < 0) {
		free(b);
		return rc;
	}
	*out = (struct vr_board *)b;
	return VR_OK;
}

static int32_t VR_CALL load(struct vr_board *board, const struct vr_boot_payload *p)
{
	struct board *b = board_of(board);
	const struct vr_host *host = b->host;
	const struct vr_host_memory *memory = host->query(host, VR_MEMORY_ID);
	const uint8_t *kernel = p->kernel;
	struct vr_mapping m = {.size = sizeof(m)};

	if ((!FAULT(image_overrun) && p->kernel_size < 0x40) || memcmp(kernel + 0x38, "ARMd", 4) != 0)
		return FAULT(image_silent) ? VR_E_IMAGE : faulty_refuse(host, VR_E_IMAGE, "no arm64 Image");
	if (FAULT(opens_loading)) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd >= 0)
			close(fd);
	}
	if (memory->map(host, RAM, p->kernel_size, VR_MAP_READ | VR_MAP_WRITE, &m) < 0)
		return faulty_refuse(host, VR_E_CONFIG, "too little RAM");
	memcpy(m.bytes, kernel, p->kernel_size);
	if (!FAULT(board_mapping_kept))
		memory->unmap(host, &m, 0, FAULT(written_untold) ? 4 : p->kernel_size);
	if (FAULT(used_unmapped))
		m.bytes[0] = kernel[0];
	return VR_OK;
}

static void VR_CALL reset(struct vr_board *board)
{
	if (!FAULT(board_reset_keeps))
		memset(((struct board *)board)->registers, 0, REGISTERS);
}

static void VR_CALL destroy_board(struct vr_board *board)
{
	free(board);
}

static void VR_CALL pause_board(struct vr_board *board)
{
	(void)board;
}

static int32_t VR_CALL state_at(struct vr_board *board, uint32_t i, struct vr_board_state *out)
{
	(void)board;
	out->id = "org.example.registers/1";
	out->index = 0;
	out->length = 8;
	return i ? VR_E_NOENT : VR_OK;
}

static int32_t VR_CALL get_state(struct vr_board *board, const char *id, uint32_t index, void *state,
				 uint32_t length)
{
	static uint32_t counter;
	uint32_t value[2] = {8, FAULT(state_moves) ? ++counter : 0};

	(void)board, (void)id, (void)index;
	memcpy(state, value, length < sizeof(value) ? length : sizeof(value));
	return VR_OK;
}

static const struct vr_board_maker table = {
	.size = sizeof(table),
	.arch = "arm64",
	.create = create,
	.load = load,
	.reset = reset,
	.destroy = destroy_board,
	.state_at = state_at,
	.get_state = get_state,
	.pause = pause_board,
	.resume = FAULT(pauses_for_good) ? NULL : pause_board,
};

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

static const void *VR_CALL no_interface(struct vr_plugin_self *self, const char *id)
{
	(void)self, (void)id;
	return NULL;
}

VR_PLUGIN_MAGIC

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	static struct vr_plugin own;
	int32_t rc = vr_plugin_entry(host, id, "faulty", VR_BOARD_ID, &table, probe, out);

	if (rc < 0 || !FAULT(no_board_table))
		return rc;
	own = **out;
	own.query = no_interface;
	*out = &own;
	return rc;
}
