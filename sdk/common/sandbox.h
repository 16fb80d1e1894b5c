/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h: the parts that a sandbox is made of: the filter of system calls, Landlock, what belongs to a thread.
 *
 * vmrun puts them together (core/machine/sandbox.c says how); the validator takes the same ones for one life of a
 * plugin, so that both refuse the same. A profile is a column of the table in sandbox_calls.def.
 * SANDBOX_MACHINE is the machine process; the others are the roles of helper processes.
 */
#ifndef VR_COMMON_SANDBOX_H
#define VR_COMMON_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

enum sandbox_profile {
	SANDBOX_MACHINE,       /* the machine process: no path, socket or exec rights */
	SANDBOX_MACHINE_FILES, /* the same, but opens files: a passthrough plugin is there */
	SANDBOX_NET,           /* role net: makes sockets, binds and connects them */
	SANDBOX_SHARE,         /* role share: opens what lies below the granted folders */
	SANDBOX_SHARE_READ,    /* role share, when no path is granted for writing */
	SANDBOX_BLOCK_NET,     /* role block-net: connects sockets */
	SANDBOX_GPU,           /* role gpu: opens the granted device files, ioctl, mmap */
	SANDBOX_CACHE,         /* role cache: opens, renames and unlinks below the granted folder */
	SANDBOX_PROFILES
};

/* A file, or a folder with all below it, that may be opened by path after the sandbox has been entered. */
struct sandbox_grant {
	const char *path;
	bool write; /* false: read only */
};

#define SANDBOX_IOCTLS 128u /* that plugins may ask for, all together */

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
/* The same filter, but a call that it refuses waits until it is answered by the descriptor that is returned
 * (seccomp_unotify(2)). -1 and errno; ESRCH: a thread has a filter of its own; EBUSY: this process's refusals are
 * answered by another one already; EINVAL: this kernel has no such answers for all threads (Linux 5.7 has). */
int sandbox_filter_watched(enum sandbox_profile profile, const struct sandbox_given *given);

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
