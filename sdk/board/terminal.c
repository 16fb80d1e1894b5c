/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <string.h>

int32_t vr_terminal_choose(struct vr_slots *s)
{
	const char *text = s->t->config ? s->t->config->string(s->t->host, "terminal") : NULL;

	s->terminal = text && strcmp(text, "virtio") == 0;
	if (!text || s->terminal || strcmp(text, "uart") == 0)
		return VR_OK;
	return vr_tables_fail(s->t, VR_E_CONFIG, "terminal=%s: say uart or virtio", text);
}

const char *vr_terminal_words(const struct vr_slots *s)
{
	return s->terminal ? "console=hvc0" : "";
}
