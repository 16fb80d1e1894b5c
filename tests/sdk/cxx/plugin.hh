/* SPDX-License-Identifier: MIT */
/*
 * plugin.hh: a plugin in C++: `VR_CXX_PLUGIN(Class, INTERFACE_ID, table)`. Class is made from a `const vr_host &`, has
 * `int32_t probe()`, and is the `self` of the interface's functions. No exception crosses the boundary.
 */
#ifndef TESTS_SDK_CXX_PLUGIN_HH
#define TESTS_SDK_CXX_PLUGIN_HH

#include <cstdint>
#include <cstring>
#include <new>
#include <string>

#include <vmrun/host.h>
#include <vmrun/plugin.h>

/* An error with its text. */
inline int32_t fail(const vr_host &host, int32_t code, const std::string &text)
{
	host.error(&host, code, text.c_str());
	return code;
}

template <class T> const T *table_of(const vr_host &host, const char *id)
{
	return static_cast<const T *>(host.query(&host, id));
}

template <class Class> class Plugin
{
      public:
	static int32_t create(const vr_host *host, const char *id, const char *own, const char *interface_id,
			      const void *table, const vr_plugin **out)
	{
		if (!id || std::strcmp(id, own) != 0)
			return VR_E_NOENT;
		auto *p = new (std::nothrow) Plugin(*host, interface_id, table);
		if (!p)
			return fail(*host, VR_E_NOMEM, std::string(own) + ": out of memory");
		*out = &p->plugin_;
		return VR_OK;
	}

      private:
	Plugin(const vr_host &host, const char *interface_id, const void *table)
	    : object_(host), interface_id_(interface_id), table_(table)
	{
		plugin_.size = sizeof(plugin_);
		plugin_.self = reinterpret_cast<vr_plugin_self *>(this);
		plugin_.probe = [](vr_plugin_self *self) -> int32_t { return of(self)->object_.probe(); };
		plugin_.start = [](vr_plugin_self *) -> int32_t { return VR_OK; };
		plugin_.stop = [](vr_plugin_self *) -> int32_t { return VR_OK; };
		plugin_.destroy = [](vr_plugin_self *self) { delete of(self); };
		plugin_.query = [](vr_plugin_self *self, const char *id) -> const void * {
			return std::strcmp(id, of(self)->interface_id_) == 0 ? of(self)->table_ : nullptr;
		};
	}
	static Plugin *of(vr_plugin_self *self)
	{
		return reinterpret_cast<Plugin *>(self);
	}

	Class object_; /* first: `self` is it as well */
	const char *interface_id_;
	const void *table_;
	vr_plugin plugin_{};
};

#define VR_CXX_PLUGIN(Class, interface_id, table)                                                          \
	extern "C" const vr_magic *vmrun_plugin_magic(void)                                                \
	{                                                                                                  \
		static const vr_magic magic = VR_MAGIC_INITIALIZER;                                        \
		return &magic;                                                                             \
	}                                                                                                  \
	extern "C" int32_t vmrun_plugin_create(const vr_host *host, const char *id, const vr_plugin **out) \
	{                                                                                                  \
		return Plugin<Class>::create(host, id, PLUGIN_ID, interface_id, &(table), out);            \
	}

#endif
