/* SPDX-License-Identifier: MIT */
/* device.cc: a device in C++: the template's scratch register and alarm. */
#include <mutex>

#include <vmrun/device.h>

#include "plugin.hh"

namespace
{

struct Maker {
	explicit Maker(const vr_host &h) : host(h)
	{
	}
	int32_t probe()
	{
		mmio = table_of<vr_host_mmio>(host, VR_MMIO_ID);
		irq = table_of<vr_host_irq>(host, VR_IRQ_ID);
		timer = table_of<vr_host_timer>(host, VR_TIMER_ID);
		config = table_of<vr_host_config>(host, VR_CONFIG_ID);
		if (!VR_HAS(mmio, attach) || !VR_HAS(irq, set) || !VR_HAS(timer, now) ||
		    !VR_HAS(timer, create) || !VR_HAS(timer, arm) || !VR_HAS(timer, cancel) ||
		    !VR_HAS(timer, destroy))
			return fail(host, VR_E_ABI,
				    PLUGIN_ID " needs " VR_MMIO_ID ", " VR_IRQ_ID " and " VR_TIMER_ID
					      "; use a newer vmrun");
		return VR_OK;
	}
	const vr_host &host;
	const vr_host_mmio *mmio = nullptr;
	const vr_host_irq *irq = nullptr;
	const vr_host_timer *timer = nullptr;
	const vr_host_config *config = nullptr;
};

struct Device {
	const Maker &m;
	uint32_t line;
	vr_timer *alarm = nullptr;
	std::mutex lock;
	uint32_t scratch = 0, count = 0, status = 0;

	Device(const Maker &maker, uint32_t l) : m(maker), line(l)
	{
	}
	~Device()
	{
		if (alarm)
			m.timer->destroy(&m.host, alarm);
	}
	void set_status(uint32_t s)
	{
		status = s;
		m.irq->set(&m.host, VR_IRQ_SHARED, line, s);
	}
	void reset()
	{
		uint64_t value = 0;

		if (VR_HAS(m.config, number))
			m.config->number(&m.host, "scratch", &value);
		m.timer->cancel(&m.host, alarm);
		std::lock_guard<std::mutex> guard(lock);
		scratch = static_cast<uint32_t>(value);
		count = 0;
		set_status(0);
	}
};

constexpr vr_bus_ops make_registers()
{
	vr_bus_ops t{};

	t.size = sizeof(t);
	t.read = [](void *opaque, uint32_t, uint64_t offset, uint32_t) -> uint64_t {
		auto &d = *static_cast<Device *>(opaque);
		std::lock_guard<std::mutex> guard(d.lock);

		switch (offset) {
		case 0x00:
			return 0x52444d56;
		case 0x04:
			return d.scratch;
		case 0x0c:
			return d.count;
		case 0x10:
			return d.status;
		default:
			return 0;
		}
	};
	t.write = [](void *opaque, uint32_t, uint64_t offset, uint32_t, uint64_t value) {
		auto &d = *static_cast<Device *>(opaque);
		std::lock_guard<std::mutex> guard(d.lock);

		if (offset == 0x04)
			d.scratch = static_cast<uint32_t>(value);
		else if (offset == 0x08)
			d.m.timer->arm(&d.m.host, d.alarm, d.m.timer->now(&d.m.host) + (value & 0xffffffffu) * 1000);
		else if (offset == 0x10 && (value & 1))
			d.set_status(0);
	};
	return t;
}
constexpr vr_bus_ops registers = make_registers();

constexpr vr_device_maker make_table()
{
	vr_device_maker t{};

	t.size = sizeof(t);
	t.types = PLUGIN_ID;
	t.create = [](void *self, const vr_device_config *c, void **out) -> int32_t {
		const Maker &m = *static_cast<Maker *>(self);
		int32_t rc;

		if (std::strcmp(c->type, PLUGIN_ID) != 0)
			return fail(m.host, VR_E_NOENT, PLUGIN_ID " makes no devices of other types");
		auto *d = new (std::nothrow) Device(m, c->irq);
		if (!d)
			return fail(m.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
		rc = m.timer->create(
			&m.host,
			[](void *opaque) {
				auto &device = *static_cast<Device *>(opaque);
				std::lock_guard<std::mutex> guard(device.lock);

				device.count++;
				device.set_status(1);
			},
			d, &d->alarm);
		if (rc >= 0)
			rc = m.mmio->attach(&m.host, VR_SPACE_MMIO, c->base, 0x1000, &registers, d,
					    PLUGIN_ID);
		if (rc < 0) {
			delete d;
			return rc;
		}
		d->reset();
		*out = d;
		return VR_OK;
	};
	t.reset = [](void *device) { static_cast<Device *>(device)->reset(); };
	t.destroy = [](void *device) { delete static_cast<Device *>(device); };
	t.window = [](void *, const char *) -> uint64_t { return 0x1000; };
	t.compatible = [](void *, const char *) -> const char * { return PLUGIN_ID; };
	return t;
}
constexpr vr_device_maker table = make_table();

} // namespace

VR_CXX_PLUGIN(Maker, VR_DEVICE_ID, table)
