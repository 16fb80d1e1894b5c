/* SPDX-License-Identifier: MIT */
/*
 * sandbox.c: what the process gives up once the guest is about to run.
 *
 * Landlock: no file that is not open yet can be opened, but for reading what a reset boots again. It binds a
 * thread and what that thread starts, so every thread takes it on as its first act. seccomp: no new programs,
 * sockets, mounts, tracing ... for all threads at once. Memory, threads and files that are open are
 * untouched. A kernel that lacks one of them runs the guest all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine/parts.h"
#include "util/log.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ull << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_ARCH AUDIT_ARCH_RISCV64
#endif

/* Refused with EPERM: a library that tries finds out and goes on. */
/* clang-format off */
static const uint32_t denied[] = {
	SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
#ifdef SYS_fork
	SYS_fork, SYS_vfork,
#endif
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_swapon,
	SYS_swapoff, SYS_reboot, SYS_sethostname, SYS_setdomainname, SYS_acct, SYS_quotactl,
	SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_bpf, SYS_perf_event_open,
	SYS_userfaultfd, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_open_by_handle_at,
	SYS_name_to_handle_at, SYS_socket, SYS_socketpair, SYS_bind, SYS_connect, SYS_setuid, SYS_setgid,
	SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid,
	SYS_setfsgid, SYS_capset, SYS_personality, SYS_clock_settime, SYS_settimeofday, SYS_adjtimex,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
#endif
#ifdef SYS_open_tree
	SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
#endif
#ifdef SYS_pidfd_open
	SYS_pidfd_open, SYS_pidfd_send_signal,
#endif
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
#ifdef SYS_mount_setattr
	SYS_mount_setattr,
#endif
	SYS_tkill,
};
/* clang-format on */

#define DENIED ((uint32_t)(sizeof(denied) / sizeof(denied[0])))

struct program {
	struct sock_filter code[2 * DENIED + 40];
	uint16_t length;
};

static void put(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	p->code[p->length++] = (struct sock_filter){code, yes, no, k};
}

/* Return `action` when the accumulator equals k. */
static void when_equal(struct program *p, uint32_t k, uint32_t action)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, k);
	put(p, BPF_RET | BPF_K, 0, 0, action);
}

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
#define LOW(i) ((uint32_t)(offsetof(struct seccomp_data, args) + 8 * (i))) /* little-endian hosts */
#define FAIL(e) (SECCOMP_RET_ERRNO | ((uint32_t)(e)&SECCOMP_RET_DATA))

#ifdef THIS_ARCH
static int filter(void)
{
	struct program p = {.length = 0};
	struct sock_fprog prog;
	long rc;

	/* Calls of another ABI of this kernel have other numbers: none of them is ours. */
	put(&p, LOAD, 0, 0, FIELD(arch));
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, THIS_ARCH);
	put(&p, BPF_RET | BPF_K, 0, 0, FAIL(EPERM));
	put(&p, LOAD, 0, 0, FIELD(nr));
#ifdef __x86_64__
	put(&p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0x40000000u); /* x32 */
	put(&p, BPF_RET | BPF_K, 0, 0, FAIL(EPERM));
#endif
	/* clone3 hides its flags from a filter; without it libraries take clone. */
#ifdef SYS_clone3
	when_equal(&p, SYS_clone3, FAIL(ENOSYS));
#endif
	/* clone only for threads. */
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_clone);
	put(&p, LOAD, 0, 0, LOW(0));
	put(&p, BPF_JMP | BPF_JSET | BPF_K, 1, 0, CLONE_THREAD);
	put(&p, BPF_RET | BPF_K, 0, 0, FAIL(EPERM));
	put(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	/* Signals only to ourselves. */
	for (int i = 0; i < 2; i++) {
		put(&p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, i ? SYS_tgkill : SYS_kill);
		put(&p, LOAD, 0, 0, LOW(0));
		put(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)getpid());
		put(&p, BPF_RET | BPF_K, 0, 0, FAIL(EPERM));
		put(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	}
	for (uint32_t i = 0; i < DENIED; i++)
		when_equal(&p, denied[i], FAIL(EPERM));
	put(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	prog.len = p.length;
	prog.filter = p.code;
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		     SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog);
	if (rc > 0) {
		errno = EBUSY; /* a thread has a filter of its own */
		return -1;
	}
	return (int)rc;
}
#else
static int filter(void)
{
	errno = ENOSYS;
	return -1;
}
#endif

int32_t sandbox_enter_profile(enum sandbox_profile profile, const struct sandbox_grants *grants)
{
	/* The table comes next. */
	(void)profile, (void)grants;
	return prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul) ? VR_E_IO : VR_OK;
}

void vr_sandbox_init(struct vr_sandbox *s, bool wanted, bool keep_files)
{
	struct landlock_ruleset_attr attr = {0};
	long abi;

	s->wanted = wanted;
	s->entered = false;
	s->ruleset = -1;
#if defined(__SANITIZE_ADDRESS__)
	/* The leak checker starts a tracer and reads /proc when the process ends. */
	s->wanted = false;
#endif
	if (!s->wanted || keep_files)
		return;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1) {
		vr_log(VR_LOG_INFO, "sandbox: this kernel has no Landlock (%s)", strerror(errno));
		return;
	}
	attr.handled_access_fs = (1ull << 13) - 1; /* all of its first version */
	if (abi >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	s->ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0);
	if (s->ruleset < 0)
		vr_log(VR_LOG_INFO, "sandbox: Landlock: %s", strerror(errno));
}

void vr_sandbox_allow(const struct vr_sandbox *s, const char *path)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE};

	if (s->ruleset < 0 || !path)
		return;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (syscall(SYS_landlock_add_rule, s->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		vr_log(VR_LOG_INFO, "sandbox: '%s': %s", path, strerror(errno));
	close(rule.parent_fd);
}

void vr_sandbox_thread(const struct vr_sandbox *s)
{
	if (s->ruleset < 0)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul) ||
	    syscall(SYS_landlock_restrict_self, s->ruleset, 0))
		vr_log(VR_LOG_INFO, "sandbox: Landlock: %s", strerror(errno));
}

void vr_sandbox_enter(struct vr_sandbox *s)
{
	if (!s->wanted || s->entered)
		return;
	vr_sandbox_thread(s);
	s->entered = true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul) || filter())
		vr_log(VR_LOG_INFO, "sandbox: seccomp: %s", strerror(errno));
}

void vr_sandbox_free(struct vr_sandbox *s)
{
	if (s->ruleset >= 0)
		close(s->ruleset);
	s->ruleset = -1;
}
