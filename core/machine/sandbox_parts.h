/* SPDX-License-Identifier: MIT */
/* sandbox_parts.h: what the files of the sandbox share. */
#ifndef MACHINE_SANDBOX_PARTS_H
#define MACHINE_SANDBOX_PARTS_H

#include "machine/sandbox.h"

/* The sanitizers need some rights of their own (the end of sandbox_calls.def). */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#endif

/* ---- sandbox_filter.c: seccomp ---- */
bool sandbox_filter_available(void);
/* Whatever a plugin asks for. */
bool sandbox_ioctl_refused(uint64_t request);
/* What depends on what the user and plugins asked for. */
struct sandbox_given {
	const uint32_t *ioctls; /* further requests that are allowed */
	uint32_t ioctl_count;
	const uint32_t *listeners; /* descriptors of `accept4` in the machine process */
	uint32_t listener_count;
};
/* For all threads of this process. 0, or -1 and errno; ENOSYS: this kernel has no seccomp filters. */
int sandbox_filter_install(enum sandbox_profile profile, const struct sandbox_given *given);

/* ---- sandbox_landlock.c ---- */
/* The ABI of the kernel at hand; 0: it has no Landlock. */
int32_t sandbox_landlock_abi(void);
/* A descriptor of a ruleset, or -1 and errno. */
int sandbox_landlock_ruleset(enum sandbox_profile profile);
/* 0, or -1 and errno. */
int sandbox_landlock_grant(int ruleset, const struct sandbox_grant *grant);
/* The calling thread, which has no_new_privs, and those that it starts later on. 0, or -1 and errno. */
int sandbox_landlock_restrict(int ruleset);

/* ---- sandbox_threads.c: what belongs to a thread ---- */
/* The calling thread, and those that it starts later on. 0, or -1 and errno. */
int sandbox_restrict_thread(int ruleset);
/* The same for all other threads, when there are more than the `known` ones that did it. How many did not. */
uint32_t sandbox_restrict_others(int ruleset, uint32_t known);

#endif
