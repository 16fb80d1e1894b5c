/* SPDX-License-Identifier: MIT */
/*
 * plugin.cc: the device of the template mmio-device, in C++, with a fault in one call: PLUGIN_FAULT in the environment is CALL:MANNER.
 *
 * Calls: magic, create, probe, start, query, stop, destroy of the plugin; made, reset, gone (create, reset, destroy),
 * window, irq, compatible, node_name, describe, read, write of the device; timer and thread, which the device starts. For
 * reset the device resets the machine when the guest writes to it.
 * Manners: crash, hang, throw.
 */
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unistd.h>

#include <vmrun/device.h>
#include <vmrun/host.h>
#include <vmrun/plugin.h>

namespace
{
struct Square {
	std::mutex lock;
	uint32_t irq, result, status, enable, level;
};

const vr_host *the_host;
const vr_host_mmio *mmio;
const vr_host_irq *lines;
const vr_host_timer *timers;
const vr_host_thread *threads;
const vr_host_machine *machine;
vr_timer *the_timer;
vr_thread *the_thread;
char self;
Square square;
volatile int *volatile nowhere;

/* The manner, if this call is wanted; else NULL. */
const char *wanted(const char *call)
{
	const char *what = std::getenv("PLUGIN_FAULT");
	const size_t n = std::strlen(call);

	return what && std::strncmp(what, call, n) == 0 && what[n] == ':' ? what + n + 1 : nullptr;
}

void fault(const char *call)
{
	const char *what = wanted(call);

	if (!what)
		return;
	const std::string manner = what;
	if (manner == "throw")
		throw std::runtime_error("a planted exception");
	if (manner == "crash")
		*nowhere = 1;
	for (;;)
		pause();
}

void update_line()
{
	const uint32_t level = square.status & square.enable;

	if (level != square.level)
		lines->set(the_host, VR_IRQ_SHARED, square.irq, level);
	square.level = level;
}

uint64_t VR_CALL read_register(void *, uint32_t, uint64_t offset, uint32_t)
{
	fault("read");
	const std::lock_guard<std::mutex> hold(square.lock);
	switch (offset) {
	case 0:
		return 0x6f696d6d;
	case 4:
		return square.result;
	case 8:
		return square.status;
	default:
		return square.enable;
	}
}

void VR_CALL write_register(void *, uint32_t, uint64_t offset, uint32_t, uint64_t data)
{
	fault("write");
	if (wanted("reset"))
		machine->power(the_host, VR_POWER_RESET, 0);
	const std::lock_guard<std::mutex> hold(square.lock);
	if (offset == 4) {
		square.result = static_cast<uint32_t>(data * data);
		square.status = 1;
	} else if (offset == 8) {
		square.status &= ~static_cast<uint32_t>(data);
	} else if (offset == 12) {
		square.enable = data & 1;
	}
	update_line();
}

void VR_CALL on_timer(void *)
{
	fault("timer");
}

void VR_CALL on_thread(void *)
{
	fault("thread");
}

int32_t VR_CALL device_create(vr_plugin_self *, const vr_device_config *c, vr_device **out)
{
	static vr_bus_ops ops = {};

	ops.size = sizeof(ops);
	ops.read = read_register;
	ops.write = write_register;
	fault("made");
	square.irq = c->irqs[0];
	if (timers->create(the_host, on_timer, nullptr, &the_timer) == VR_OK)
		timers->arm(the_host, the_timer, timers->now(the_host));
	threads->spawn(the_host, PLUGIN_ID, on_thread, nullptr, &the_thread);
	*out = reinterpret_cast<vr_device *>(&square);
	return mmio->attach(the_host, VR_SPACE_MMIO, c->bases[0], 0x1000, &ops, nullptr, PLUGIN_ID);
}

void VR_CALL device_reset(vr_device *)
{
	fault("reset");
}

void VR_CALL device_destroy(vr_device *)
{
	fault("gone");
	timers->destroy(the_host, the_timer);
	threads->join(the_host, the_thread);
}

uint64_t VR_CALL window(vr_plugin_self *, const char *, uint32_t i)
{
	fault("window");
	return i == 0 ? 0x1000 : 0;
}

uint32_t VR_CALL irq(vr_plugin_self *, const char *, uint32_t i)
{
	fault("irq");
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

const char *VR_CALL compatible(vr_plugin_self *, const char *, uint32_t i)
{
	fault("compatible");
	return i == 0 ? PLUGIN_ID : nullptr;
}

const char *VR_CALL node_name(vr_plugin_self *, const char *)
{
	fault("node_name");
	return "calculator";
}

int32_t VR_CALL describe(vr_plugin_self *, const char *, uint32_t, vr_device_property *)
{
	fault("describe");
	return VR_E_NOENT;
}

template <class T> bool find(const char *id, const T *&table)
{
	table = static_cast<const T *>(the_host->query(the_host, id));
	return table != nullptr;
}

int32_t VR_CALL probe(vr_plugin_self *)
{
	fault("probe");
	return find(VR_MMIO_ID, mmio) && find(VR_IRQ_ID, lines) && find(VR_TIMER_ID, timers) && find(VR_THREAD_ID, threads) &&
			       find(VR_MACHINE_ID, machine) ? VR_OK
															     : VR_E_ABI;
}

int32_t VR_CALL start(vr_plugin_self *)
{
	fault("start");
	return VR_OK;
}

int32_t VR_CALL stop(vr_plugin_self *)
{
	fault("stop");
	return VR_OK;
}

void VR_CALL destroy(vr_plugin_self *)
{
	fault("destroy");
}

const void *VR_CALL query(vr_plugin_self *, const char *id)
{
	static vr_device_maker maker = {};

	maker.size = sizeof(maker);
	maker.types = PLUGIN_ID;
	maker.create = device_create;
	maker.reset = device_reset;
	maker.destroy = device_destroy;
	maker.window = window;
	maker.irq = irq;
	maker.compatible = compatible;
	maker.node_name = node_name;
	maker.describe = describe;
	fault("query");
	return std::strcmp(id, VR_DEVICE_ID) == 0 ? &maker : nullptr;
}
} // namespace

extern "C" const vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const vr_magic magic = VR_MAGIC_INITIALIZER;

	fault("magic");
	return &magic;
}

extern "C" int32_t VR_CALL vmrun_plugin_create(const vr_host *host, const char *, const vr_plugin **out)
{
	static vr_plugin plugin = {};

	fault("create");
	the_host = host;
	plugin.size = sizeof(plugin);
	plugin.self = reinterpret_cast<vr_plugin_self *>(&self);
	plugin.probe = probe;
	plugin.start = start;
	plugin.stop = stop;
	plugin.destroy = destroy;
	plugin.query = query;
	*out = &plugin;
	return VR_OK;
}
