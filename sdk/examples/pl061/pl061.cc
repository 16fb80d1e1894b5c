/* SPDX-License-Identifier: MIT */
/*
 * pl061.cc: a GPIO port, Arm's PL061 (ARM DDI 0190, chapter 3: the registers), in C++.
 *
 * Eight lines, each an input or an output. What the guest drives on lines 0 to 3 arrives at lines 4 to 7, as by four wires, so
 * a guest can try outputs, inputs and interrupts. In the device tree the port is a provider: it has "#gpio-cells" and
 * "#interrupt-cells", and other devices refer to it.
 *
 * What is particular to C++: the tables are constexpr, so that no constructor runs when the library is loaded (R-LOAD-03);
 * memory comes from new (std::nothrow), and nothing else here throws; the library exports what the version script names
 * (R-LOAD-02). The lock is the system's: std::mutex::lock() may throw.
 *
 * Not there: hardware control of lines (GPIOAFSEL keeps what is written, and does nothing).
 */
#include <pthread.h>

#include <cstdint>
#include <cstring>
#include <new>

#include <host_error.h>
#include <plugin_entry.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

namespace
{

constexpr char type_name[] = "pl061";
constexpr uint64_t window_bytes = 0x1000;

/* Table 3-1. */
enum : uint32_t {
	GPIODATA_END = 0x400, /* GPIODATA: bits 9:2 of the address are a mask */
	GPIODIR = 0x400,
	GPIOIS = 0x404,
	GPIOIBE = 0x408,
	GPIOIEV = 0x40c,
	GPIOIE = 0x410,
	GPIORIS = 0x414,
	GPIOMIS = 0x418,
	GPIOIC = 0x41c,
	GPIOAFSEL = 0x420,
	GPIOPERIPHID = 0xfe0, /* eight registers, the last four GPIOPCELLID */
};

struct Plugin {
	vr_plugin_instance instance; /* first */
	const vr_host_mmio *mmio;
	const vr_host_irq *irq;
};

Plugin *plugin_of(vr_plugin_self *self)
{
	return reinterpret_cast<Plugin *>(self);
}

uint8_t byte(uint32_t value)
{
	return static_cast<uint8_t>(value);
}

class Lock
{
      public:
	explicit Lock(pthread_mutex_t &mutex) : mutex_(mutex)
	{
		pthread_mutex_lock(&mutex_);
	}
	~Lock()
	{
		pthread_mutex_unlock(&mutex_);
	}
	Lock(const Lock &) = delete;
	Lock &operator=(const Lock &) = delete;

      private:
	pthread_mutex_t &mutex_;
};

class Port
{
      public:
	Port(const Plugin &plugin, uint32_t line) : plugin_(plugin), line_(line)
	{
	}
	~Port()
	{
		pthread_mutex_destroy(&mutex_);
	}
	Port(const Port &) = delete;
	Port &operator=(const Port &) = delete;

	void reset()
	{
		Lock lock(mutex_);

		r_ = Registers{};
		update();
	}
	uint32_t read(uint32_t offset)
	{
		Lock lock(mutex_);

		if (offset < GPIODATA_END)
			return byte(levels() & offset >> 2);
		return offset >= GPIOPERIPHID ? identification((offset - GPIOPERIPHID) / 4) : register_at(offset);
	}
	void write(uint32_t offset, uint8_t data)
	{
		Lock lock(mutex_);

		if (offset < GPIODATA_END) {
			uint8_t mask = byte(offset >> 2);

			r_.out = byte((r_.out & ~mask) | (data & mask));
		} else {
			set_register(offset, data);
		}
		update();
	}

      private:
	struct Registers {
		uint8_t out, direction, level_sensed, both_edges, high, enabled, raised, alternate;
		uint8_t before; /* levels of the lines when they were last looked at */
	};

	/* 3.3.14 to 3.3.22: part 0x061, designer 0x41, revision 0; then what every PrimeCell has. */
	static uint32_t identification(uint32_t i)
	{
		constexpr uint8_t bytes[8] = {0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

		return bytes[i];
	}
	uint8_t driven() const
	{
		return r_.out & r_.direction;
	}
	uint8_t levels() const
	{
		uint8_t wires = byte((driven() & 0x0fu) << 4);

		return byte(driven() | (wires & ~r_.direction));
	}
	uint32_t register_at(uint32_t offset) const
	{
		switch (offset) {
		case GPIODIR:
			return r_.direction;
		case GPIOIS:
			return r_.level_sensed;
		case GPIOIBE:
			return r_.both_edges;
		case GPIOIEV:
			return r_.high;
		case GPIOIE:
			return r_.enabled;
		case GPIORIS:
			return r_.raised;
		case GPIOMIS:
			return r_.raised & r_.enabled;
		case GPIOAFSEL:
			return r_.alternate;
		default:
			return 0;
		}
	}
	void set_register(uint32_t offset, uint8_t data)
	{
		switch (offset) {
		case GPIODIR:
			r_.direction = data;
			break;
		case GPIOIS:
			r_.level_sensed = data;
			break;
		case GPIOIBE:
			r_.both_edges = data;
			break;
		case GPIOIEV:
			r_.high = data;
			break;
		case GPIOIE:
			r_.enabled = data;
			break;
		case GPIOIC: /* of edges only */
			r_.raised = byte(r_.raised & (~data | r_.level_sensed));
			break;
		case GPIOAFSEL:
			r_.alternate = data;
			break;
		default:
			break;
		}
	}
	/* 3.3.3 to 3.3.6: what the lines raise, now that they have these levels; then the interrupt. */
	void update()
	{
		uint8_t now = levels(), rise = byte(now & ~r_.before), fall = byte(~now & r_.before);
		uint8_t one_edge = byte((r_.high & rise) | (~r_.high & fall));
		uint8_t edges = byte((r_.both_edges & (rise | fall)) | (~r_.both_edges & one_edge));
		uint8_t held = byte(~(now ^ r_.high));
		uint32_t raised;

		r_.before = now;
		r_.raised = byte((r_.level_sensed & held) | (~r_.level_sensed & (r_.raised | edges)));
		raised = (r_.raised & r_.enabled) != 0;
		if (raised == told_)
			return;
		told_ = raised;
		plugin_.irq->set(plugin_.instance.host, VR_IRQ_SHARED, line_, raised);
	}

	const Plugin &plugin_;
	const uint32_t line_;
	pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER; /* all that follows: any vCPU may come */
	Registers r_{};
	uint32_t told_ = 0; /* the line's level */
};

Port *port_of(vr_device *device)
{
	return reinterpret_cast<Port *>(device);
}

/* Registers are words, of which bits 7:0 are used. */
constexpr vr_bus_ops make_ops()
{
	vr_bus_ops t{};

	t.size = sizeof(t);
	t.read = [](void *opaque, uint32_t, uint64_t offset, uint32_t width) -> uint64_t {
		return offset % 4 || width > 4 ? 0 : static_cast<Port *>(opaque)->read(static_cast<uint32_t>(offset));
	};
	t.write = [](void *opaque, uint32_t, uint64_t offset, uint32_t width, uint64_t data) {
		if (offset % 4 == 0 && width <= 4)
			static_cast<Port *>(opaque)->write(static_cast<uint32_t>(offset), static_cast<uint8_t>(data));
	};
	return t;
}
constexpr vr_bus_ops ops = make_ops();

int32_t create(vr_plugin_self *self, const vr_device_config *c, vr_device **out)
{
	const Plugin &p = *plugin_of(self);
	int32_t rc;

	if (std::strcmp(c->type, type_name) != 0)
		return vr_host_error(p.instance.host, VR_E_NOENT, "pl061: it makes no other device");
	auto *port = new (std::nothrow) Port(p, c->irqs[0]);
	if (!port)
		return vr_host_error(p.instance.host, VR_E_NOMEM, "pl061: out of memory");
	rc = p.mmio->attach(p.instance.host, VR_SPACE_MMIO, c->bases[0], window_bytes, &ops, port, type_name);
	if (rc < 0) { /* the host has said why */
		delete port;
		return rc;
	}
	*out = reinterpret_cast<vr_device *>(port);
	return VR_OK;
}

/* ---- the node, as Linux's binding gpio/pl061-gpio.yaml wants it -------------------------------------------------- */

constexpr uint32_t two = 2;
constexpr vr_device_reference clocks[] = {{VR_DEVICE_CLOCK, nullptr, 0, 0}};

constexpr vr_device_property flag(const char *name)
{
	vr_device_property p{};

	p.kind = VR_PROPERTY_FLAG;
	p.name = name;
	return p;
}

constexpr vr_device_property cell(const char *name, const uint32_t &value)
{
	vr_device_property p{};

	p.kind = VR_PROPERTY_CELLS;
	p.name = name;
	p.cells = &value;
	p.count = 1;
	return p;
}

constexpr vr_device_property clock_reference(const char *name)
{
	vr_device_property p{};

	p.kind = VR_PROPERTY_REFERENCES;
	p.name = name;
	p.references = clocks;
	p.count = 1;
	p.stride = sizeof(clocks[0]);
	return p;
}

constexpr vr_device_property text(const char *name, const char *value)
{
	vr_device_property p{};

	p.kind = VR_PROPERTY_STRING;
	p.name = name;
	p.text = value;
	return p;
}

constexpr vr_device_property properties[] = {
	flag("gpio-controller"),
	cell("#gpio-cells", two),
	flag("interrupt-controller"),
	cell("#interrupt-cells", two),
	clock_reference("clocks"),
	text("clock-names", "apb_pclk"),
};

int32_t describe(vr_plugin_self *, const char *, uint32_t i, vr_device_property *out)
{
	if (i >= sizeof(properties) / sizeof(properties[0]))
		return VR_E_NOENT;
	const uint32_t size = out->size; /* the host's */
	*out = properties[i];
	out->size = size;
	return VR_OK;
}

/* Linux binds its driver by the identification registers; "arm,primecell" is what makes it read them. */
const char *compatible(vr_plugin_self *, const char *, uint32_t i)
{
	constexpr const char *strings[] = {"arm,pl061", "arm,primecell"};

	return i < 2 ? strings[i] : nullptr;
}

constexpr vr_device_maker make_maker()
{
	vr_device_maker m{};

	m.size = sizeof(m);
	m.types = type_name;
	m.create = create;
	m.reset = [](vr_device *device) { port_of(device)->reset(); };
	m.destroy = [](vr_device *device) { delete port_of(device); };
	m.window = [](vr_plugin_self *, const char *, uint32_t i) -> uint64_t { return i == 0 ? window_bytes : 0; };
	m.irq = [](vr_plugin_self *, const char *, uint32_t i) -> uint32_t {
		return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
	};
	m.compatible = compatible;
	m.node_name = [](vr_plugin_self *, const char *) -> const char * { return "gpio"; };
	m.describe = describe;
	return m;
}
constexpr vr_device_maker maker = make_maker();

int32_t probe(vr_plugin_self *self)
{
	Plugin &p = *plugin_of(self);
	const vr_host *host = p.instance.host;

	p.mmio = static_cast<const vr_host_mmio *>(host->query(host, VR_MMIO_ID));
	p.irq = static_cast<const vr_host_irq *>(host->query(host, VR_IRQ_ID));
	if (!VR_HAS(p.mmio, attach) || !VR_HAS(p.irq, set))
		return vr_host_error(host, VR_E_ABI, "pl061 needs vmrun.mmio/1 and vmrun.irq/1; update vmrun");
	return VR_OK;
}

} // namespace

VR_PLUGIN("pl061", Plugin, VR_DEVICE_ID, &maker, probe)
