/* SPDX-License-Identifier: MIT */
/* emitters.h: the emitters that this build has for its own processor. Tests take one as a parameter. */
#ifndef VR_TESTS_EMIT_EMITTERS_H
#define VR_TESTS_EMIT_EMITTERS_H

#include <stdbool.h>
#include <vmrun/emitter.h>

struct test_emitter {
	const char *name;
	const struct vr_emit *emit;
	void (*prepare)(struct vr_emit_vm *vm); /* after create(); NULL: nothing to do */
	uint32_t gap;                           /* bytes of the code cache left free after the thunks */
	bool relocated; /* regions are emitted for another address, and run relocated to theirs */
};
/* Ends with a name of NULL. */
extern const struct test_emitter test_emitters[];

#endif
