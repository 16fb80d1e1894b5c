/* SPDX-License-Identifier: MIT */
/* vcpu.c: see vcpu.h. */
#include <stdlib.h>
#include <string.h>
#include "has.h"
#include "vcpu.h"

int32_t VR_CALL xlate_isa_create(struct vr_plugin_self *self, const struct vr_isa_config *c,
				 struct vr_isa_vm **out)
{
	struct isa_vm *vm = calloc(1, sizeof(*vm));

	(void)self, (void)c;
	if (vm == NULL)
		return VR_E_NOMEM;
	*out = (struct vr_isa_vm *)vm;
	return VR_OK;
}

void VR_CALL xlate_isa_destroy(struct vr_isa_vm *vm)
{
	free((struct isa_vm *)vm);
}

int32_t xlate_isa_init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env,
		       uint32_t state_size, size_t system_size)
{
	struct isa_common *common = calloc(1, system_size);

	if (common == NULL)
		return VR_E_NOMEM;
	memset((uint8_t *)x + VR_EXEC_STATE, 0, state_size);
	x->env = env;
	common->vm = (struct isa_vm *)vm;
	common->host = env->host;
	common->timer = vr_host_table(env->host, VR_TIMER_ID, offsetof(struct vr_host_timer, destroy));
	common->irq = vr_host_table(env->host, VR_IRQ_ID, offsetof(struct vr_host_irq, set));
	common->mmio = vr_host_table(env->host, VR_MMIO_ID, offsetof(struct vr_host_mmio, access));
	common->machine =
		vr_host_table(env->host, VR_MACHINE_ID, offsetof(struct vr_host_machine, hypercall));
	if (pthread_mutex_init(&common->timer_lock, NULL)) {
		free(common);
		x->isa = NULL;
		return VR_E_NOMEM;
	}
	x->isa = (struct vr_isa_vcpu *)common;
	return VR_OK;
}

void xlate_isa_fini(struct vr_exec *x)
{
	struct isa_common *common = (struct isa_common *)x->isa;

	pthread_mutex_destroy(&common->timer_lock);
	free(common);
	x->isa = NULL;
}

int32_t xlate_state_arguments(const char *id, const char *known, uint32_t length, size_t needed)
{
	if (strcmp(id, known) != 0)
		return VR_E_UNSUPPORTED;
	return length < needed ? VR_E_INVAL : VR_OK;
}
