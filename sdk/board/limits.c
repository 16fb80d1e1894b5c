/* SPDX-License-Identifier: MIT */
#include "limits.h"

#include <inttypes.h>
#include <string.h>

int32_t vr_board_limits_check(const struct vr_tables *t, const struct vr_board_limits *l,
			      const struct vr_board_config *c)
{
	if (c->arch && strcmp(c->arch, l->arch) != 0)
		return vr_tables_fail(t, VR_E_CONFIG, "%s is %s %s machine, not \"%s\"", l->plugin,
				      strchr("aeioux", *l->arch) ? "an" : "a", l->arch, c->arch);
	if (c->vcpu_count < 1 || c->vcpu_count > l->vcpus)
		return vr_tables_fail(t, VR_E_CONFIG, "%u vCPUs: this machine has 1 to %u; change --smp",
				      c->vcpu_count, l->vcpus);
	if (c->ram_size % VR_BOARD_RAM_GRAIN || c->ram_size < l->ram_min || c->ram_size > l->ram_max)
		return vr_tables_fail(t, VR_E_CONFIG,
				      "RAM of %" PRIu64
				      " bytes: this machine takes a multiple of 64 KiB, from %" PRIu64
				      " KiB to %" PRIu64 " GiB; change -m",
				      c->ram_size, l->ram_min >> 10, l->ram_max >> 30);
	return VR_OK;
}
