/* SPDX-License-Identifier: MIT */
/*
 * In a child each, since there is no way out of a sandbox. tests/security/sandbox.sh tries a whole vmrun from
 * inside; here are the profiles of helper processes, and what has to go on working.
 */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "machine/parts.h"
#include "common/sandbox.h"

static int in_child(int (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* ---- the machine process ---- */
static struct sandbox s;
static _Atomic uint32_t ran;
static atomic_bool go;

static void *thread(void *arg)
{
	char *p = malloc(1 << 20);

	while (!atomic_load(&go))
		usleep(1000);
	if (p && open("/etc/passwd", O_WRONLY | O_CLOEXEC) < 0 && prctl(PR_GET_SECCOMP) == 2)
		atomic_fetch_add(&ran, 1);
	free(p);
	return arg;
}

static int works(void)
{
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	struct vr_code_memory c, later;
	pthread_t early, late;
	char b;

	sandbox_init(&s, true, SANDBOX_MACHINE);
	if (codecache_table.create(NULL, 1 << 20, &c) < 0 || c.write == c.execute)
		return 1;
	if (threads_start(&early, &s, "early", thread, NULL) < 0)
		return 2;
	if (sandbox_add_ioctl(&s, TIOCOUTQ) < 0 || sandbox_add_ioctl(&s, TIOCSTI) != VR_E_PERM)
		return 3;
	if (sandbox_enter(&s) < 0)
		return 4;
	if (sandbox_add_ioctl(&s, TIOCOUTQ) != VR_E_STATE)
		return 5;
	if (threads_start(&late, &s, "late", thread, NULL) < 0)
		return 6;
	atomic_store(&go, true);
	pthread_join(early, NULL);
	pthread_join(late, NULL);
	if (atomic_load(&ran) != 2)
		return 7;
	if (pread(file, &b, 1, 0) != 1)
		return 8;
	/* The code cache that is there can be written, and there is no other one. */
	((uint8_t *)c.write)[0] = 0xc3;
	if (((uint8_t *)c.execute)[0] != 0xc3 || mprotect(c.write, 4096, PROT_READ))
		return 9;
	if (codecache_table.create(NULL, 1 << 20, &later) != VR_E_PERM)
		return 10;
	/* What a plugin asked for reaches the kernel's file layer; the next request does not. */
	if (ioctl(file, TIOCOUTQ, &b) != -1 || errno != ENOTTY)
		return 11;
	if (ioctl(file, TIOCMGET, &b) != -1 || errno != EPERM)
		return 12;
	return 0;
}

static int off(void)
{
	sandbox_init(&s, false, SANDBOX_MACHINE);
	if (sandbox_enter(&s) < 0)
		return 2;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
}

Test(sandbox, works)
{
	cr_assert_eq(in_child(works), 0);
}

Test(sandbox, off)
{
	cr_assert_eq(in_child(off), 0);
}

/* ---- helper processes: what each may, with a folder granted to be written and a file to be read ---- */
#define M (1u << SANDBOX_MACHINE)
#define N (1u << SANDBOX_NET)
#define S (1u << SANDBOX_SHARE)
#define B (1u << SANDBOX_BLOCK_NET)
#define G (1u << SANDBOX_GPU)
#define C (1u << SANDBOX_CACHE)
#define NONE 0u
#define EACH (M | N | S | B | G | C)

static char folder[64], inside[96], renamed[96], made[96], granted[96], outside[96];
static int channel[2], tcp_port;

static int open_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int try_map(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

/* A port where nothing listens: refused by the other side is allowed by this one. */
static int try_tcp(int (*fn)(int, const struct sockaddr *, socklen_t), int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -1;
	rc = fn(fd, (struct sockaddr *)&a, sizeof(a));
	rc = rc && errno == ECONNREFUSED ? 0 : rc;
	close(fd);
	return rc;
}

static int try_channel(void)
{
	char b;
	struct iovec v = {&b, 1};
	struct msghdr h = {.msg_iov = &v, .msg_iovlen = 1};

	return sendmsg(channel[0], &h, 0) == 1 && recvmsg(channel[1], &h, 0) == 1 &&
			       send(channel[0], &b, 1, 0) == 1
		       ? 0
		       : -1;
}

static void *nothing(void *arg)
{
	return arg;
}

static int try_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, nothing, NULL) ? -1 : pthread_join(t, NULL);
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static int reaches_driver(unsigned long request)
{
	int rc = ioctl(channel[0], request, "x");

	return rc && errno == EPERM ? -1 : 0; /* no terminal: the kernel got as far as that */
}

/* TRY(profiles where it works, expression: 0 or -1). A build with sanitizers may read files. */
/* clang-format off */
#define TRIES(TRY)                                                                       \
	TRY(EACH, try_channel())                                                         \
	TRY(EACH, try_thread())                                                          \
	TRY(EACH, try_map(PROT_READ | PROT_WRITE))                                       \
	TRY(EACH, kill(getpid(), 0))                                                     \
	TRY(NONE, kill(getppid(), 0))                                                    \
	TRY(NONE, try_fork())                                                            \
	TRY(NONE, execl("/bin/true", "true", NULL))                                      \
	TRY(NONE, (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0))                           \
	TRY(NONE, mount("none", folder, "tmpfs", 0, NULL))                               \
	TRY(NONE, unshare(CLONE_NEWUSER))                                                \
	TRY(NONE, try_map(PROT_READ | PROT_WRITE | PROT_EXEC))                           \
	TRY(NONE, reaches_driver(TIOCSTI))                                               \
	TRY(NONE, chmod(inside, 0600))                                                   \
	TRY(NONE, open_close(outside, O_WRONLY))                                         \
	TRY(NONE, open_close(granted, O_WRONLY))                                         \
	TRY(G, try_map(PROT_READ | PROT_EXEC))                                           \
	TRY(G, reaches_driver(0x46c8))                                                   \
	TRY(N | S | B | G | C | SANDBOX_READS, open_close(granted, O_RDONLY))            \
	TRY(SANDBOX_READS, open_close(outside, O_RDONLY))                                \
	TRY(S | G | C, open_close(inside, O_RDWR))                                       \
	TRY(S | G | C, open_close(made, O_CREAT | O_WRONLY))                             \
	TRY(S | C, renameat(AT_FDCWD, made, AT_FDCWD, renamed))                          \
	TRY(S | C, unlinkat(AT_FDCWD, renamed, 0))                                       \
	TRY(NONE, renameat(AT_FDCWD, inside, AT_FDCWD, outside))                         \
	TRY(N | B, try_tcp(connect, tcp_port))                                           \
	TRY(N, try_tcp(bind, 0))                                                         \
	TRY(N, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ? -1 : 0)               \
	TRY(NONE, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? -1 : 0)           \
	TRY(NONE, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? -1 : 0)           \
	TRY(NONE, socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? -1 : 0)
/* clang-format on */
#ifdef SANDBOX_SANITIZED
#define SANDBOX_READS EACH
#else
#define SANDBOX_READS NONE
#endif

static enum sandbox_profile profile;

static int tries(void)
{
	const struct sandbox_grant grant[] = {{folder, true}, {granted, false}};
	const struct sandbox_grants grants = {grant, 2};
	int n = 0;

	if (sandbox_enter_profile(profile, &grants) < 0)
		return 255;
#define TRY(profiles, expression)                               \
	n++;                                                    \
	if (((expression) == 0) != ((profiles) >> profile & 1)) \
		return n;
	TRIES(TRY)
#undef TRY
	return 0;
}

static const char *const text[] = {"", /* the first is number 1 */
#define TRY(profiles, expression) #expression,
				   TRIES(TRY)
#undef TRY
};

static void put_file(char *path, const char *in, const char *name)
{
	int fd;

	snprintf(path, 96, "%s/%s", in, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	cr_assert(fd >= 0);
	close(fd);
}

static void profile_is_kept(void)
{
	char around[32];
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), n;

	if (!sandbox_landlock_abi())
		cr_skip_test("this kernel has no Landlock, which limits the helpers' paths");

	/* A port that nothing listens on: taken, and never listened on. */
	cr_assert(!bind(fd, (struct sockaddr *)&a, length) &&
		  !getsockname(fd, (struct sockaddr *)&a, &length));
	tcp_port = ntohs(a.sin_port);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
	strcpy(around, "/tmp/vmrun-sandbox-XXXXXX");
	cr_assert(mkdtemp(around));
	snprintf(folder, sizeof(folder), "%s/granted", around);
	cr_assert_eq(mkdir(folder, 0700), 0);
	put_file(inside, folder, "inside");
	put_file(granted, around, "file");
	put_file(outside, around, "outside");
	snprintf(made, sizeof(made), "%s/made", folder);
	snprintf(renamed, sizeof(renamed), "%s/renamed", folder);
	n = in_child(tries);
	unlink(made);
	unlink(inside);
	unlink(granted);
	unlink(outside);
	rmdir(folder);
	rmdir(around);
	close(fd);
	cr_assert_neq(n, 255, "it can't be entered");
	cr_assert_eq(n, 0, "not as the table says: %s", text[n]);
}

#define PROFILE(name, which)       \
	Test(sandbox, name)        \
	{                          \
		profile = which;   \
		profile_is_kept(); \
	}
PROFILE(machine, SANDBOX_MACHINE)
PROFILE(net, SANDBOX_NET)
PROFILE(share, SANDBOX_SHARE)
PROFILE(block_net, SANDBOX_BLOCK_NET)
PROFILE(gpu, SANDBOX_GPU)
PROFILE(cache, SANDBOX_CACHE)

static int grant_of_nothing(void)
{
	const struct sandbox_grant grant = {"/tmp/vmrun-no-such-folder", true};
	const struct sandbox_grants grants = {&grant, 1};

	return sandbox_enter_profile(SANDBOX_SHARE, &grants) != VR_E_NOENT;
}

Test(sandbox, grant_of_nothing)
{
	if (!sandbox_landlock_abi())
		cr_skip_test("this kernel has no Landlock");
	cr_assert_eq(in_child(grant_of_nothing), 0);
}
