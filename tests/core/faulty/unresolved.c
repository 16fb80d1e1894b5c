/* SPDX-License-Identifier: MIT */
/* Needs a symbol that no library has: RTLD_NOW must find out at once. */
#include "faulty.h"

void vmrun_test_symbol_that_nobody_has(void);

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	(void)host;
	(void)id;
	(void)out;
	vmrun_test_symbol_that_nobody_has();
	return VR_OK;
}
