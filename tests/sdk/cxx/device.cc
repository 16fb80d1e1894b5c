/* SPDX-License-Identifier: MIT */
/* device.cc: a virtio device in C++: the template's, which answers texts. */
#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include <vmrun/virtio.h>

#include "plugin.hh"

namespace
{

constexpr uint32_t device_id = 63;
constexpr uint64_t feature_reverse = 1;
constexpr uint32_t queue_size = 64;
constexpr uint32_t text_max = 256;

struct Maker {
	explicit Maker(const vr_host &h) : host(h)
	{
	}
	int32_t probe()
	{
		options = table_of<vr_host_config>(host, VR_CONFIG_ID);
		return VR_OK;
	}
	const vr_host &host;
	const vr_host_config *options = nullptr;
};

struct Config {
	uint32_t answered, longest;
};

} // namespace

/* The ABI's opaque type. */
struct vr_virtio_device {
	vr_virtio_device(const Maker &maker, const vr_virtio_config &c)
	    : m(maker), io(*c.host), transport(c.transport)
	{
		reset();
	}
	void reset()
	{
		uint64_t longest = text_max;

		if (VR_HAS(m.options, number))
			m.options->number(&m.host, "longest", &longest);
		config = {0, static_cast<uint32_t>(std::min<uint64_t>(longest, text_max))};
		reverse = false;
	}
	uint32_t answer(const vr_virtio_buffer &b)
	{
		std::array<char, text_max> text;
		uint64_t n = std::min<uint64_t>(io.read(transport, &b, 0, text.data(), text.size()), config.longest);

		std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(n), text.begin(),
			       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
		if (reverse)
			std::reverse(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(n));
		config.answered++;
		return static_cast<uint32_t>(io.write(transport, &b, 0, text.data(), n));
	}
	void notify(uint32_t queue)
	{
		vr_virtio_buffer b{};

		b.size = sizeof(b);
		b.segment_stride = sizeof(segment[0]);
		b.segment = segment.data();
		b.segment_max = queue_size;
		do {
			while (io.pop(transport, queue, &b) > 0)
				io.push(transport, queue, &b, answer(b));
		} while (io.listen(transport, queue));
		io.signal(transport, queue);
	}

	const Maker &m;
	const vr_virtio_host &io;
	vr_virtio_transport *transport;
	bool reverse = false;
	Config config{};
	std::array<vr_virtio_segment, queue_size> segment{};
};

namespace
{

constexpr vr_virtio_maker make_table()
{
	vr_virtio_maker t{};

	t.size = sizeof(t);
	t.types = PLUGIN_ID;
	t.create = [](vr_plugin_self *self, const vr_virtio_config *c, vr_virtio_info *info, vr_virtio_device **out) -> int32_t {
		const Maker &m = *reinterpret_cast<Maker *>(self);

		if (std::strcmp(c->type, PLUGIN_ID) != 0)
			return fail(m.host, VR_E_NOENT, PLUGIN_ID " makes no devices of other types");
		auto *d = new (std::nothrow) vr_virtio_device(m, *c);
		if (!d)
			return fail(m.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
		info->device_id = device_id;
		info->features[0] = feature_reverse;
		info->queue_count = 1;
		info->config_length = sizeof(d->config);
		*out = d;
		return VR_OK;
	};
	t.destroy = [](vr_virtio_device *d) { delete d; };
	t.queue_size = [](vr_virtio_device *, uint32_t) -> uint32_t { return queue_size; };
	t.notify = [](vr_virtio_device *d, uint32_t queue) { d->notify(queue); };
	t.features = [](vr_virtio_device *d, uint64_t low, uint64_t) -> int32_t {
		d->reverse = (low & feature_reverse) != 0;
		return VR_OK;
	};
	t.reset = [](vr_virtio_device *d) { d->reset(); };
	t.config_read = [](vr_virtio_device *d, uint32_t offset, void *to, uint32_t length) {
		std::memcpy(to, reinterpret_cast<const char *>(&d->config) + offset, length);
	};
	t.config_write = [](vr_virtio_device *d, uint32_t offset, const void *from, uint32_t length) {
		if (offset == offsetof(Config, longest) && length == sizeof(d->config.longest))
			std::memcpy(&d->config.longest, from, length);
		d->config.longest = std::min(d->config.longest, text_max);
	};
	t.config_generation = [](vr_virtio_device *d) -> uint32_t { return d->config.answered; };
	return t;
}
constexpr vr_virtio_maker table = make_table();

} // namespace

VR_CXX_PLUGIN(Maker, VR_VIRTIO_ID, table)
