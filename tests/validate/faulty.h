/* SPDX-License-Identifier: MIT */
/*
 * faulty.h: plugins that are right but for one thing. Each source is a whole plugin of its class; FAULT(name)
 * is true in the library that has this one fault, and in no other. faults.def lists them all.
 */
#ifndef VR_TESTS_VALIDATE_FAULTY_H
#define VR_TESTS_VALIDATE_FAULTY_H

#include <stdlib.h>
#include <string.h>
#include <vmrun/plugin.h>

enum {
	none,
#define PLANT(class, fault, rules, what) fault,
#include "faults.def"
#undef PLANT
};
#define FAULT(name) (THE_FAULT == (name))

/* The text that a refusal needs. */
static inline int32_t faulty_refuse(const struct vr_host *host, int32_t code, const char *text)
{
	host->error(host, code, text);
	return code;
}

#endif
