/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <vmrun/abi.h>
#include "boot/unpack_codec.h"
#include "common/error.h"

/* Two machines of one process may come here at once. A library stays open: what it gave is in use. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int32_t load(struct unpack_library *l, const char *name)
{
	void *library = dlopen(l->file, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		const char *why = dlerror();

		return vr_error_set(VR_E_UNSUPPORTED,
				    "%s: unpacking it needs a library: %s; install the package %s", name,
				    why ? why : l->file, l->package);
	}
	for (size_t i = 0; i < l->symbol_count; i++) {
		void *function = dlsym(library, l->symbols[i].name);

		if (!function) {
			vr_error_set(VR_E_UNSUPPORTED, "%s: unpacking it needs %s of %s, which is too old",
				     name, l->symbols[i].name, l->file);
			dlclose(library);
			return VR_E_UNSUPPORTED;
		}
		memcpy((char *)l->functions + l->symbols[i].offset, &function, sizeof(function));
	}
	l->ready = true;
	return VR_OK;
}

int32_t unpack_library_open(struct unpack_library *l, const char *name, bool may_load)
{
	int32_t rc = VR_OK;

	pthread_mutex_lock(&lock);
	if (!l->ready && may_load)
		rc = load(l, name);
	else if (!l->ready)
		rc = vr_error_set(VR_E_STATE,
				  "%s: unpacking it needs %s, and no library is opened once a guest has run; "
				  "end vmrun and start it again",
				  name, l->file);
	pthread_mutex_unlock(&lock);
	return rc;
}
