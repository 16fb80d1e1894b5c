/* SPDX-License-Identifier: MIT */
/* board.cc: a board in C++: the tiny machine without device slots; of its serial port only output. */
#include <atomic>

#include <tiny/tiny.h>
#include <vmrun/board.h>

#include "plugin.hh"

namespace
{

struct Self {
	explicit Self(const vr_host &h) : host(h)
	{
	}
	int32_t probe()
	{
		memory = table_of<vr_host_memory>(host, VR_MEMORY_ID);
		mmio = table_of<vr_host_mmio>(host, VR_MMIO_ID);
		irq = table_of<vr_host_irq>(host, VR_IRQ_ID);
		machine = table_of<vr_host_machine>(host, VR_MACHINE_ID);
		console = table_of<vr_host_console>(host, VR_CONSOLE_ID);
		if (!VR_HAS(memory, written) || !VR_HAS(mmio, attach) || !VR_HAS(irq, set_pin) ||
		    !VR_HAS(machine, power) || !VR_HAS(console, write))
			return fail(host, VR_E_ABI,
				    PLUGIN_ID " needs this vmrun's host tables; use a newer vmrun");
		return VR_OK;
	}
	const vr_host &host;
	const vr_host_memory *memory = nullptr;
	const vr_host_mmio *mmio = nullptr;
	const vr_host_irq *irq = nullptr;
	const vr_host_machine *machine = nullptr;
	const vr_host_console *console = nullptr;
};

struct Board {
	const Self &p;
	uint64_t ram_size;
	std::atomic<uint32_t> lines{0};

	Board(const Self &self, uint64_t bytes) : p(self), ram_size(bytes)
	{
	}
};

Board &of(vr_board *board)
{
	return *reinterpret_cast<Board *>(board);
}
Board &of(void *opaque)
{
	return *static_cast<Board *>(opaque);
}

template <uint64_t (*read_fn)(Board &, uint64_t), void (*write_fn)(Board &, uint64_t, uint64_t)>
constexpr vr_bus_ops bus_ops()
{
	vr_bus_ops t{};

	t.size = sizeof(t);
	t.read = [](void *o, uint32_t, uint64_t offset, uint32_t) -> uint64_t {
		return read_fn(of(o), offset);
	};
	t.write = [](void *o, uint32_t, uint64_t offset, uint32_t, uint64_t value) {
		write_fn(of(o), offset, value);
	};
	return t;
}

uint64_t read_lines(Board &b, uint64_t offset)
{
	return offset == 0 ? b.lines.load() : 0;
}
uint64_t read_zero(Board &, uint64_t)
{
	return 0;
}
/* A 16550 whose transmitter is always empty. */
uint64_t read_uart(Board &, uint64_t offset)
{
	return offset == 5 ? 0x60 : 0;
}
void write_nothing(Board &, uint64_t, uint64_t)
{
}
void write_power(Board &b, uint64_t offset, uint64_t value)
{
	if (offset == 0)
		b.p.machine->power(&b.p.host, VR_POWER_OFF, static_cast<int32_t>(value & 0xff));
}
void write_uart(Board &b, uint64_t offset, uint64_t value)
{
	auto byte = static_cast<uint8_t>(value);

	if (offset == 0)
		b.p.console->write(&b.p.host, 0, &byte, 1);
}
constexpr vr_bus_ops lines_ops = bus_ops<read_lines, write_nothing>();
constexpr vr_bus_ops power_ops = bus_ops<read_zero, write_power>();
constexpr vr_bus_ops uart_ops = bus_ops<read_uart, write_uart>();

constexpr vr_irq_controller make_controller()
{
	vr_irq_controller t{};

	t.size = sizeof(t);
	t.set = [](void *opaque, uint32_t, uint32_t line, uint32_t level) {
		Board &b = of(opaque);
		uint32_t bit = line < 32 ? 1u << line : 0;
		uint32_t before = level ? b.lines.fetch_or(bit) : b.lines.fetch_and(~bit);
		uint32_t after = level ? before | bit : before & ~bit;

		if (!before != !after)
			b.p.irq->set_pin(&b.p.host, 0, 0, after != 0);
	};
	return t;
}
constexpr vr_irq_controller controller = make_controller();

int32_t build(Board *b)
{
	const Self &p = b->p;
	int32_t rc = p.memory->add(&p.host, TINY_RAM, b->ram_size, 0, "ram");

	if (rc >= 0)
		rc = p.irq->set_controller(&p.host, &controller, b);
	if (rc >= 0)
		rc = p.mmio->attach(&p.host, VR_SPACE_MMIO, TINY_LINES, 0x1000, &lines_ops, b, "lines");
	if (rc >= 0)
		rc = p.mmio->attach(&p.host, VR_SPACE_MMIO, TINY_POWER, 0x1000, &power_ops, b, "power");
	if (rc >= 0)
		rc = p.mmio->attach(&p.host, VR_SPACE_MMIO, TINY_UART, 0x1000, &uart_ops, b, "uart");
	return rc;
}

constexpr vr_board_maker make_table()
{
	vr_board_maker t{};

	t.size = sizeof(t);
	t.arch = TINY_ARCH;
	t.create = [](vr_plugin_self *self, const vr_board_config *c, vr_board **out) -> int32_t {
		const Self &p = *reinterpret_cast<Self *>(self);

		if (!c->arch || std::strcmp(c->arch, TINY_ARCH) != 0)
			return fail(p.host, VR_E_CONFIG,
				    PLUGIN_ID " is a board for " TINY_ARCH " guests only");
		if (c->vcpu_count != 1)
			return fail(p.host, VR_E_CONFIG,
				    PLUGIN_ID ": this machine has one vCPU; leave out --smp");
		if (!c->ram_size || c->ram_size > 1ull << 30)
			return fail(p.host, VR_E_CONFIG, PLUGIN_ID ": at most 1 GiB of RAM; change -m");
		auto *b = new (std::nothrow) Board(p, c->ram_size);
		if (!b)
			return fail(p.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
		int32_t rc = build(b);
		if (rc < 0) {
			delete b;
			return rc;
		}
		*out = reinterpret_cast<vr_board *>(b);
		return VR_OK;
	};
	t.load = [](vr_board *board, const vr_boot_payload *k) -> int32_t {
		const Board &b = of(board);
		const Self &p = b.p;
		tiny_state s{};

		if (k->kernel_size < 8 || std::memcmp(k->kernel, TINY_MAGIC, 4) != 0)
			return fail(p.host, VR_E_IMAGE,
				    std::string(k->kernel_name) + ": no program for the tiny machine");
		if (k->kernel_size > b.ram_size)
			return fail(p.host, VR_E_CONFIG,
				    std::string(k->kernel_name) +
					    ": does not fit into the RAM; give more with -m");
		vr_mapping m{};
		m.size = sizeof(m);
		if (p.memory->map(&p.host, TINY_RAM, k->kernel_size, VR_MAP_WRITE, &m) < 0)
			return fail(p.host, VR_E_INTERNAL, PLUGIN_ID ": there is no RAM");
		std::memcpy(m.bytes, k->kernel, k->kernel_size);
		p.memory->unmap(&p.host, &m, 0, k->kernel_size);
		s.size = sizeof(s);
		s.pc = TINY_ENTRY;
		int32_t rc = p.machine->vcpu_set_state(&p.host, 0, TINY_STATE_ID, &s, sizeof(s));
		return rc < 0 ? rc : VR_OK;
	};
	t.reset = [](vr_board *board) {
		of(board).lines = 0;
		of(board).p.irq->set_pin(&of(board).p.host, 0, 0, 0);
	};
	t.destroy = [](vr_board *board) { delete &of(board); };
	return t;
}
constexpr vr_board_maker table = make_table();

} // namespace

VR_CXX_PLUGIN(Self, VR_BOARD_ID, table)
