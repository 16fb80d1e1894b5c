/* SPDX-License-Identifier: MIT */
/*
 * sandbox_landlock.c: Landlock (landlock(7)): which paths a thread may still open, and what it may reach
 * outside.
 *
 * The kernel refuses a ruleset with a bit that it does not know, so each right is asked for only from the ABI
 * on that has it. The headers may be older than the kernel: what is needed is defined here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "common/file.h"

/* ---- linux/landlock.h ---- */
#define CREATE_VERSION (1u << 0)
#define CREATE_ERRATA (1u << 1)
#define RULE_PATH 1
#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_MAKE_CHAR (1ull << 6)
#define FS_MAKE_BLOCK (1ull << 11)
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)
#define NET_BIND_TCP (1ull << 0)
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_UNIX (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)
/* Erratum 2: before it was mended, threads that each took a ruleset on could not signal each other. */
#define ERRATUM_SIGNAL (1u << 1)

struct ruleset {
	uint64_t fs, net, scoped;
};
struct path_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* ---- rights ---- */
#define FS_ABI_1 (FS_REFER - 1)
#define FS_ALL (~0ull)
#define READS (FS_READ_FILE | FS_READ_DIR)
#define OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

/* Since which ABI there are these. */
static const struct {
	int32_t abi;
	struct ruleset rights;
} since[] = {
	{1, {.fs = FS_ABI_1}},     {2, {.fs = FS_REFER}},
	{3, {.fs = FS_TRUNCATE}},  {4, {.net = NET_BIND_TCP | NET_CONNECT_TCP}},
	{5, {.fs = FS_IOCTL_DEV}}, {6, {.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL}},
};

/* What each profile gives up. A passthrough plugin's library opens files: what it opens is not known. */
static const struct ruleset given_up[SANDBOX_PROFILES] = {
	[SANDBOX_MACHINE] = {FS_ALL, NET_BIND_TCP | NET_CONNECT_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL},
	[SANDBOX_MACHINE_FILES] = {FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_BLOCK, NET_BIND_TCP | NET_CONNECT_TCP,
				   SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL},
	[SANDBOX_NET] = {FS_ALL, 0, SCOPE_SIGNAL},
	[SANDBOX_SHARE] = {FS_ALL, NET_BIND_TCP | NET_CONNECT_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL},
	[SANDBOX_SHARE_READ] = {FS_ALL, NET_BIND_TCP | NET_CONNECT_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL},
	[SANDBOX_BLOCK_NET] = {FS_ALL, NET_BIND_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL},
	[SANDBOX_GPU] = {FS_ALL, NET_BIND_TCP | NET_CONNECT_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL},
	[SANDBOX_CACHE] = {FS_ALL, NET_BIND_TCP | NET_CONNECT_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL},
};

int32_t sandbox_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_VERSION);

	return abi < 1 ? 0 : (int32_t)abi;
}

/* What this kernel has of `wanted`. */
static struct ruleset known(struct ruleset wanted)
{
	int32_t abi = sandbox_landlock_abi();
	struct ruleset all = {0};
	long errata;

	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]) && since[i].abi <= abi; i++) {
		all.fs |= since[i].rights.fs;
		all.net |= since[i].rights.net;
		all.scoped |= since[i].rights.scoped;
	}
	errata = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_ERRATA);
	if (errata < 0 || !((uint32_t)errata & ERRATUM_SIGNAL))
		all.scoped &= ~SCOPE_SIGNAL;
	return (struct ruleset){wanted.fs & all.fs, wanted.net & all.net, wanted.scoped & all.scoped};
}

int sandbox_landlock_ruleset(enum sandbox_profile profile)
{
	struct ruleset r = known(given_up[profile]);
	/* An older kernel takes a longer struct, when what it does not know is 0. */
	int fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0u);

#ifdef SANDBOX_SANITIZED
	if (fd >= 0 && sandbox_landlock_grant(fd, &(struct sandbox_grant){.path = "/"})) {
		close(fd);
		return -1;
	}
#endif
	return fd;
}

int sandbox_landlock_grant(int ruleset, const struct sandbox_grant *grant)
{
	struct path_rule rule = {.parent = file_open_plain(grant->path, O_PATH | O_CLOEXEC, 0)};
	struct stat st;
	int rc, e;

	if (rule.parent < 0)
		return -1;
	rule.allowed =
		grant->write ? FS_ALL & ~(FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_BLOCK) : READS | FS_IOCTL_DEV;
	rc = fstat(rule.parent, &st);
	if (!rc && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	/* A rule may only speak of rights that the ruleset gives up. */
	rule.allowed &= known((struct ruleset){.fs = FS_ALL}).fs;
	if (!rc)
		rc = (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0u);
	e = errno;
	close(rule.parent);
	errno = e;
	return rc;
}

int sandbox_landlock_restrict(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0u);
}
