/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h: what a process of vmrun gives up before it touches what an untrusted guest or network controls.
 *
 * sandbox.c says how the parts of common/sandbox.h (capabilities, Landlock, seccomp) work together.
 */
#ifndef MACHINE_SANDBOX_H
#define MACHINE_SANDBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/sandbox.h"

struct sandbox_grants {
	const struct sandbox_grant *grant;
	uint32_t count;
};

/*
 * For a helper process that has one thread: gives up everything that `profile` does not have, for good, and
 * for all threads that it starts later. grants may be NULL. Everything that needs other rights (opening the
 * plugin's library) comes before. VR_OK, also where the kernel at hand lacks Landlock or seccomp (a line at
 * level info says so); a negative code with vr_error_text() where a call failed that should not, and
 * then the caller ends.
 */
int32_t sandbox_enter_profile(enum sandbox_profile profile, const struct sandbox_grants *grants);

/* What the kernel at hand can do, for `vmrun doctor`. */
struct sandbox_support {
	bool seccomp;
	int32_t landlock; /* its ABI; 0: none */
};
void sandbox_support(struct sandbox_support *out);
/* The i-th thing that is not covered there, or NULL. */
const char *sandbox_not_covered(const struct sandbox_support *s, uint32_t i);

/* ---- the machine process: threads exist before it is entered ---- */
struct sandbox {
	atomic_bool wanted;
	atomic_bool entered;
	bool dumpable; /* other processes of the user may look: profilers, debuggers */
	enum sandbox_profile profile;
	int ruleset;                    /* Landlock; -1: none */
	_Atomic uint32_t on_their_way;  /* threads that were started and are not restricted yet */
	_Atomic uint32_t threads;       /* that are restricted, and live */
	uint32_t ioctl[SANDBOX_IOCTLS]; /* what plugins asked for */
	uint32_t ioctls;
	uint32_t listener; /* the descriptor on which connections may be accepted; when `listens` */
	bool listens;
};
/* Says once, at level info, what the kernel at hand can't do. */
void sandbox_init(struct sandbox *s, bool wanted, enum sandbox_profile profile);
/* ioctl() with this request stays possible. */
int32_t sandbox_add_ioctl(struct sandbox *s, uint64_t request);
/* accept() on this descriptor, and no other, stays possible. */
void sandbox_allow_accept(struct sandbox *s, int descriptor);
/* Other processes of the user may trace this one; says so, and that `option` is why. */
void sandbox_keep_dumpable(struct sandbox *s, const char *option);
/* First thing on a new thread that was counted in on_their_way. true: it is restricted now, and
 * sandbox_thread_ends() is its last; false: no sandbox is wanted, or not yet, and sandbox_enter() finds
 * it. */
bool sandbox_thread(struct sandbox *s);
void sandbox_thread_ends(struct sandbox *s);
void sandbox_thread_came(struct sandbox *s); /* one less is on its way */
/* The whole process; [main]. VR_OK, or the machine must not run. */
int32_t sandbox_enter(struct sandbox *s);
void sandbox_free(struct sandbox *s);

#endif
