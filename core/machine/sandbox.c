/* SPDX-License-Identifier: MIT */
/*
 * sandbox.c: what the process gives up once the guest is about to run.
 *
 * The guest is untrusted, and a fault in a device or a translator may let it run code of its own in this
 * process. All threads share their memory, so such code has the rights of every thread: only what the whole
 * process gives up counts.
 *
 * - seccomp: an allow-list of system calls and of their arguments (common/sandbox_calls.def), for all threads at
 *   once. This is the boundary: no path, socket, program or other process can be named, no memory becomes
 *   executable, nothing is sent to the terminal's input.
 * - Landlock: no file can be opened, no TCP port reached, no other process signalled, by the kernel's file
 *   and network layers. It binds a thread and what that thread starts, so every thread takes it on first. It
 *   holds even for a call that the allow-list should not have had.
 * - Capabilities: dropped in all sets, by each thread, so that the rights of root are gone as well; the same
 *   for no_new_privs.
 * - Dumpable: off, unless the user asked for what needs it (--gdb, --perf-map, --jitdump); a line on stderr
 *   says so. Other processes of the user can't trace this one or read its memory (ptrace(2)), and no core dump
 *   is written, which would hold the guest's memory.
 *
 * What is needed later is made or opened before: disks, what a reset boots again, the code cache's
 * executable mapping, smaps_rollup of --stats, an accelerator's descriptors. Descriptors that were inherited
 * are closed when vmrun starts (cli/inherited.c).
 *
 * A plugin says which ioctl requests it makes while the guest runs (vmrun.sandbox/1). A plugin of class
 * passthrough brings a vendor's library that opens device files when it suits it: with one, the process has
 * the profile SANDBOX_MACHINE_FILES, which keeps opening and reading files; that is said on stderr. It is
 * meant to end when such libraries run in a helper process of role gpu.
 *
 * In a build with sanitizers the sandbox is on, with some more calls, reading of files, and dumpable left on,
 * without which the leak checker can't stop the threads.
 */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vmrun/sandbox.h>

#include "common/error.h"
#include "machine/parts.h"
#include "util/log.h"

/* ---- what the kernel at hand can do ---- */
void sandbox_support(struct sandbox_support *out)
{
	out->seccomp = sandbox_filter_available();
	out->landlock = sandbox_landlock_abi();
}

/* What is missing where Landlock's ABI is older; seccomp covers it in the machine process, not in each
 * helper. */
static const struct {
	int32_t abi;
	const char *what;
} since[] = {
	{1, "opening files is not limited by path"},
	{2, "files can't be moved between granted folders"},
	{3, "truncating files is not limited by path"},
	{4, "TCP ports are not limited"},
	{5, "ioctl on device files is not limited by path"},
	{6, "signals and abstract unix sockets to other processes are not limited"},
};

const char *sandbox_not_covered(const struct sandbox_support *s, uint32_t i)
{
	if (!s->seccomp && i-- == 0)
		return "no seccomp filters: system calls are not limited";
	for (size_t k = 0; k < sizeof(since) / sizeof(since[0]); k++)
		if (since[k].abi > s->landlock && i-- == 0)
			return since[k].what;
	return NULL;
}

static void tell_support(void)
{
	struct sandbox_support s;
	const char *what;

	if (log_get_level() < VR_LOG_INFO)
		return;
	sandbox_support(&s);
	for (uint32_t i = 0; (what = sandbox_not_covered(&s, i)); i++)
		log_print(VR_LOG_INFO, "sandbox: not covered on this kernel: %s", what);
}

/* ---- entering ---- */
static int32_t enter(enum sandbox_profile profile, int ruleset, bool dumpable,
		     const struct sandbox_given *given)
{
	if (sandbox_restrict_thread(ruleset))
		return vr_error_set(VR_E_PERM, "sandbox: rights can't be given up: %s", strerror(errno));
#ifdef SANDBOX_SANITIZED
	dumpable = true;
#endif
	if (!dumpable && prctl(PR_SET_DUMPABLE, 0ul, 0ul, 0ul, 0ul))
		return vr_error_set(VR_E_PERM, "sandbox: PR_SET_DUMPABLE: %s", strerror(errno));
	/* What the kernel does not have tell_support() told. */
	if (!sandbox_filter_install(profile, given) || !sandbox_filter_available())
		return VR_OK;
	return vr_error_set(
		VR_E_PERM,
		"sandbox: the system call filter can't be installed: %s%s; --no-sandbox runs without",
		strerror(errno), errno == EBUSY ? " (a plugin's thread has a filter of its own)" : "");
}

/* ---- helper processes ---- */
int32_t sandbox_enter_profile(enum sandbox_profile profile, const struct sandbox_grants *grants)
{
	bool writes = false;
	int32_t rc;
	int ruleset;

	for (uint32_t i = 0; grants && i < grants->count; i++)
		writes |= grants->grant[i].write;
	if (profile == SANDBOX_SHARE && !writes)
		profile = SANDBOX_SHARE_READ;
	ruleset = sandbox_landlock_ruleset(profile);
	tell_support();
	for (uint32_t i = 0; ruleset >= 0 && grants && i < grants->count; i++)
		if (sandbox_landlock_grant(ruleset, &grants->grant[i])) {
			rc = vr_error_set(errno == ENOENT ? VR_E_NOENT : VR_E_PERM, "sandbox: '%s': %s",
					  grants->grant[i].path, strerror(errno));
			close(ruleset);
			return rc;
		}
	rc = enter(profile, ruleset, false, &(struct sandbox_given){0});
	if (ruleset >= 0)
		close(ruleset);
	return rc;
}

/* ---- the machine process ---- */
void sandbox_init(struct sandbox *s, bool wanted, enum sandbox_profile profile)
{
	s->profile = profile;
	s->ruleset = -1;
	if (!wanted)
		return;
	tell_support();
	s->ruleset = sandbox_landlock_ruleset(profile);
	if (s->ruleset < 0 && sandbox_landlock_abi())
		log_print(VR_LOG_INFO, "sandbox: Landlock: %s", strerror(errno));
	/* Last: a thread that begins now looks at this first. */
	s->wanted = true;
}

int32_t sandbox_add_ioctl(struct sandbox *s, uint64_t request)
{
	if (sandbox_ioctl_refused(request))
		return vr_error_set(VR_E_PERM, "sandbox: ioctl 0x%llx reaches outside this process",
				    (unsigned long long)request);
	if (s->entered)
		return vr_error_set(VR_E_STATE, "sandbox: the guest runs, no more rights are given");
	if (request > UINT32_MAX)
		return vr_error_set(VR_E_INVAL, "sandbox: an ioctl request has 32 bits");
	if (s->ioctls == SANDBOX_IOCTLS)
		return vr_error_set(VR_E_RANGE, "sandbox: more than %u ioctl requests", SANDBOX_IOCTLS);
	s->ioctl[s->ioctls++] = (uint32_t)request;
	return VR_OK;
}

void sandbox_allow_accept(struct sandbox *s, int descriptor)
{
	s->listener = (uint32_t)descriptor;
	s->listens = true;
}

void sandbox_keep_dumpable(struct sandbox *s, const char *option)
{
	s->dumpable = true;
	if (s->wanted && log_get_level() >= VR_LOG_WARN)
		fprintf(stderr,
			"vmrun: with %s this process stays dumpable: other programs of this user can trace "
			"it and read the guest's memory\n",
			option);
}

bool sandbox_thread(struct sandbox *s)
{
	bool restricted = s->wanted;

	if (restricted && sandbox_restrict_thread(s->ruleset))
		log_print(VR_LOG_WARN, "sandbox: a thread keeps rights: %s", strerror(errno));
	if (restricted)
		atomic_fetch_add(&s->threads, 1);
	sandbox_thread_came(s);
	return restricted;
}

void sandbox_thread_came(struct sandbox *s)
{
	if (atomic_fetch_sub(&s->on_their_way, 1) == 1)
		syscall(SYS_futex, (uint32_t *)&s->on_their_way, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void sandbox_thread_ends(struct sandbox *s)
{
	atomic_fetch_sub(&s->threads, 1);
}

int32_t sandbox_enter(struct sandbox *s)
{
	const struct sandbox_given given = {.ioctls = s->ioctl,
					    .ioctl_count = s->ioctls,
					    .listeners = &s->listener,
					    .listener_count = s->listens};
	uint32_t n, left;

	if (!s->wanted || s->entered)
		return VR_OK;
	/* Under the filter a thread could not take the rest on any more. */
	while ((n = atomic_load(&s->on_their_way)))
		syscall(SYS_futex, (uint32_t *)&s->on_their_way, FUTEX_WAIT_PRIVATE, n, NULL, NULL, 0);
	s->entered = true;
	left = sandbox_restrict_others(s->ruleset, atomic_load(&s->threads));
	if (left)
		log_print(VR_LOG_WARN, "sandbox: %u threads of plugins keep their capabilities", left);
	return enter(s->profile, s->ruleset, s->dumpable, &given);
}

void sandbox_free(struct sandbox *s)
{
	if (s->ruleset >= 0)
		close(s->ruleset);
	s->ruleset = -1;
}

/* ---- the table ---- */
static int32_t VR_CALL sandbox_allow_ioctl(const struct vr_host *host, uint64_t request)
{
	struct machine *m = machine_of(host);

	return m ? sandbox_add_ioctl(&m->sandbox, request)
		 : vr_error_set(VR_E_STATE, "sandbox: there is no machine yet");
}

const struct vr_host_sandbox sandbox_table = {
	.size = sizeof(struct vr_host_sandbox),
	.allow_ioctl = sandbox_allow_ioctl,
};
