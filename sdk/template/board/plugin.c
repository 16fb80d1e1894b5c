/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: a board: the tiny machine around its processor (the map is in <tiny/tiny.h>).
 *
 * create() adds RAM and devices, load() puts what is to be booted into RAM and vCPU 0 at its start, again
 * after each reset. The serial port, the places for devices and the host's tables come from the SDK's board
 * kit, <board/...>; the interrupt lines and the power register are the board's own.
 */
#include <board/plugin_entry.h>
#include <board/slots.h>
#include <board/tables.h>
#include <board/uart.h>
#include <host_error.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <tiny/tiny.h>

#define REGISTER_BYTES 0x1000u
#define RAM_MAX (1ull << 30)

struct board {
	struct vr_tables t;
	struct vr_uart *uart;
	struct vr_slots slots;
	uint64_t ram_size;
	uint32_t lines; /* atomic; bit n: line n is high */
};

static inline struct board *board_of(struct vr_board *board)
{
	return (struct board *)board;
}

/* ---- interrupt lines: all of them drive the processor's one input ---- */

static void VR_CALL set_line(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level)
{
	struct board *b = opaque;
	uint32_t before, after, bit = line < 32 ? 1u << line : 0;

	(void)vcpu;
	if (level) {
		before = __atomic_fetch_or(&b->lines, bit, __ATOMIC_ACQ_REL);
		after = before | bit;
	} else {
		before = __atomic_fetch_and(&b->lines, ~bit, __ATOMIC_ACQ_REL);
		after = before & ~bit;
	}
	if (!before != !after)
		b->t.irq->set_pin(b->t.host, 0, 0, after != 0);
}

static const struct vr_irq_controller controller = {.size = sizeof(controller), .set = set_line};

static uint64_t VR_CALL read_lines(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct board *b = opaque;

	(void)vcpu, (void)width;
	return offset == 0 ? __atomic_load_n(&b->lines, __ATOMIC_ACQUIRE) : 0;
}

static void VR_CALL write_nothing(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width,
				  uint64_t value)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width, (void)value;
}

static const struct vr_bus_ops lines_ops = {
	.size = sizeof(lines_ops), .read = read_lines, .write = write_nothing};

/* ---- power ---- */

static uint64_t VR_CALL read_nothing(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width;
	return 0;
}

static void VR_CALL write_power(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct board *b = opaque;

	(void)vcpu, (void)width;
	if (offset == 0)
		b->t.machine->power(b->t.host, VR_POWER_OFF, (int32_t)(value & 0xff));
}

static const struct vr_bus_ops power_ops = {
	.size = sizeof(power_ops), .read = read_nothing, .write = write_power};

/* ---- vmrun.board/1 ---- */

static void VR_CALL board_destroy(struct vr_board *board)
{
	struct board *b = board_of(board);

	vr_slots_free(&b->slots);
	if (b->uart)
		vr_uart_free(b->uart);
	free(b);
}

static int32_t check(const struct vr_tables *t, const struct vr_board_config *c)
{
	if (!c->arch || strcmp(c->arch, TINY_ARCH) != 0)
		return vr_tables_fail(t, VR_E_CONFIG,
				      PLUGIN_ID " is a board for " TINY_ARCH " guests, not %s",
				      c->arch ? c->arch : "(none)");
	if (c->vcpu_count != 1)
		return vr_tables_fail(t, VR_E_CONFIG,
				      PLUGIN_ID ": %u vCPUs: this machine has one; leave out --smp",
				      c->vcpu_count);
	if (!c->ram_size || c->ram_size > RAM_MAX)
		return vr_tables_fail(t, VR_E_CONFIG,
				      PLUGIN_ID ": %" PRIu64 " bytes of RAM: at most 1 GiB; change -m",
				      c->ram_size);
	return VR_OK;
}

/* RAM, the board's own registers, the serial port, and what device plugins offer. */
static int32_t build(struct board *b)
{
	static const struct vr_uart_config uart = {
		.space = VR_SPACE_MMIO, .irq = TINY_UART_LINE, .base = TINY_UART, .length = REGISTER_BYTES};
	const struct vr_tables *t = &b->t;
	int32_t rc = t->memory->add(t->host, TINY_RAM, b->ram_size, 0, "ram");

	if (rc >= 0)
		rc = t->irq->set_controller(t->host, &controller, b);
	if (rc >= 0)
		rc = t->mmio->attach(t->host, VR_SPACE_MMIO, TINY_LINES, REGISTER_BYTES, &lines_ops, b,
				     "lines");
	if (rc >= 0)
		rc = t->mmio->attach(t->host, VR_SPACE_MMIO, TINY_POWER, REGISTER_BYTES, &power_ops, b,
				     "power");
	if (rc >= 0)
		rc = vr_uart_new(t, &uart, &b->uart);
	b->slots.t = t;
	b->slots.base = TINY_VIRTIO;
	b->slots.stride = TINY_VIRTIO_STRIDE;
	b->slots.irq = TINY_VIRTIO_LINE;
	b->slots.max = TINY_VIRTIO_SLOTS;
	b->slots.window_base = TINY_WINDOWS;
	b->slots.window_size = TINY_WINDOWS_SIZE;
	b->slots.window_irq = TINY_WINDOW_LINE;
	b->slots.window_irqs = TINY_WINDOW_LINES;
	b->slots.clock_hz = TINY_CLOCK_HZ;
	b->slots.window_max = TINY_WINDOW_COUNT;
	return rc < 0 ? rc : vr_slots_fill(&b->slots);
}

static int32_t VR_CALL board_create(struct vr_plugin_self *self, const struct vr_board_config *c,
				    struct vr_board **board)
{
	const struct vr_host *host = ((struct vr_plugin_instance *)self)->host;
	struct board *b = calloc(1, sizeof(*b));
	int32_t rc;

	if (!b)
		return vr_host_error(host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
	rc = vr_tables_bind(&b->t, host, PLUGIN_ID);
	if (rc >= 0)
		rc = check(&b->t, c);
	b->ram_size = c->ram_size;
	if (rc >= 0)
		rc = build(b);
	if (rc < 0) {
		board_destroy((struct vr_board *)b);
		return rc;
	}
	*board = (struct vr_board *)b;
	return VR_OK;
}

static int32_t VR_CALL board_load(struct vr_board *board, const struct vr_boot_payload *p)
{
	const struct board *b = board_of(board);
	const struct vr_tables *t = &b->t;
	struct tiny_state s = {.size = sizeof(s), .pc = TINY_ENTRY};
	int32_t rc;

	if (p->kernel_size < 8 || memcmp(p->kernel, TINY_MAGIC, 4) != 0)
		return vr_tables_fail(t, VR_E_IMAGE,
				      "%s: no program for the tiny machine: it must begin with \"%s\"",
				      p->kernel_name, TINY_MAGIC);
	if (p->kernel_size > b->ram_size)
		return vr_tables_fail(t, VR_E_CONFIG,
				      "%s: %" PRIu64 " bytes do not fit into the RAM; give more with -m",
				      p->kernel_name, p->kernel_size);
	rc = vr_tables_copy(t, TINY_RAM, p->kernel, p->kernel_size);
	if (rc >= 0)
		rc = t->machine->vcpu_set_state(t->host, 0, TINY_STATE_ID, &s, sizeof(s));
	return rc < 0 ? rc : VR_OK;
}

static void VR_CALL board_reset(struct vr_board *board)
{
	struct board *b = board_of(board);

	vr_slots_reset(&b->slots);
	vr_uart_reset(b->uart);
}

static const struct vr_board_maker board_table = {
	.size = sizeof(board_table),
	.arch = TINY_ARCH,
	.create = board_create,
	.load = board_load,
	.reset = board_reset,
	.destroy = board_destroy,
};

VR_BOARD_PLUGIN(PLUGIN_ID, board_table)
