/* SPDX-License-Identifier: MIT */
/* helper.c: the half in the helper process: a letter comes, what it stands for is tried, and the errno (0: it
 * could be done), or another number, goes back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "helper/wire.h"
#include "tests/helper/test.h"

static struct test_config config;
static uint32_t count;
static pid_t session; /* the sandbox does not let it ask */
static const struct vr_helper_channel *channel;

static uint32_t result_of(int rc)
{
	return rc < 0 ? (uint32_t)errno : 0;
}

static uint32_t try_open(const char *path, int flags)
{
	int fd = path ? open(path, flags | O_CLOEXEC, 0600) : (errno = EINVAL, -1);
	uint32_t r = result_of(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

/* What a descriptor that was opened to read is enough for. 0: all of it could be done. */
static uint32_t try_change(const struct test_plugin *p)
{
	int fd = open(p->config->string(p->host, "file"), O_RDONLY | O_CLOEXEC);
	uint32_t r;

	if (fd < 0)
		return (uint32_t)errno;
	r = result_of(fchmod(fd, 0644));
	if (!r)
		r = result_of(futimens(fd, NULL));
	close(fd);
	return r;
}

static uint32_t in_folder(const struct test_plugin *p, int make)
{
	const char *folder = p->config->string(p->host, "folder");
	char path[512];

	snprintf(path, sizeof(path), "%s/made", folder ? folder : "");
	return make ? try_open(path, O_CREAT | O_WRONLY) : result_of(unlinkat(AT_FDCWD, path, 0));
}

static uint32_t try_connect(const struct test_plugin *p)
{
	uint64_t port = 0;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint32_t r;

	p->config->number(p->host, "port", &port);
	to.sin_port = htons((uint16_t)port);
	if (fd < 0)
		return (uint32_t)errno;
	r = result_of(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	close(fd);
	return r;
}

static uint32_t try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return result_of(pid);
}

static uint32_t try_exec(void)
{
	char *const argv[] = {(char *)(uintptr_t) "true", NULL};

	return result_of(execve("/bin/true", argv, argv));
}

/* Which descriptors are open, as bits. */
static uint32_t descriptors(void)
{
	uint32_t bits = 0;

	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			bits |= 1u << (fd < 31 ? fd : 31);
	}
	return bits;
}

static void *thread(void *arg)
{
	return arg;
}

static uint32_t try_thread(void)
{
	pthread_t t;
	int e = pthread_create(&t, NULL, thread, NULL);

	return e ? (uint32_t)e : (uint32_t)pthread_join(t, NULL);
}

static uint32_t read_descriptor(int64_t descriptor)
{
	char c = 0;

	if (descriptor == VR_HELPER_NO_DESCRIPTOR)
		return 0xbad;
	if (pread((int)descriptor, &c, 1, 0) != 1)
		c = 0;
	close((int)descriptor);
	return (uint8_t)c;
}

/* Without the sandbox this would end vmrun. */
static uint32_t try_trace(void)
{
	uint32_t r = result_of((int)ptrace(PTRACE_ATTACH, config.vmrun, NULL, NULL));

	if (!r)
		ptrace(PTRACE_DETACH, config.vmrun, NULL, NULL);
	return r;
}

static void crash(void)
{
	*(volatile int *)(uintptr_t)config.how[31] = 0;
}

static void hang(void)
{
	for (;;)
		pause();
}

/* Past the core: what a helper that was taken over may send. */
static uint32_t raw(uint32_t magic, uint32_t kind, uint32_t length, size_t size)
{
	static struct helper_packet_buffer b;

	b.packet =
		(struct helper_packet){.magic = magic, .kind = kind, .length = length, .total = 8, .code = 1};
	return result_of((int)send((int)channel->descriptor, &b, size, MSG_NOSIGNAL));
}
#define HEADER sizeof(struct helper_packet)

static uint32_t give_descriptor(void)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0 || write(fd[1], "x", 1) != 1)
		return 0xbad;
	channel->send(channel, "", 0, fd[0]);
	close(fd[0]);
	close(fd[1]);
	return 0;
}

/* Past the core: no byte, but a descriptor. */
static uint32_t give_nothing(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} a = {.bytes = {0}};
	struct msghdr m = {.msg_control = a.bytes, .msg_controllen = sizeof(a.bytes)};
	int fd = STDERR_FILENO;

	a.header.cmsg_level = SOL_SOCKET;
	a.header.cmsg_type = SCM_RIGHTS;
	a.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&a.header), &fd, sizeof(fd));
	return result_of((int)sendmsg((int)channel->descriptor, &m, MSG_NOSIGNAL));
}

static void leave(const struct test_plugin *p)
{
	p->log->write(p->host, VR_LOG_ERROR, "a line of the helper");
}

static uint32_t try_read_error(void)
{
	char c;

	return result_of((int)read(STDERR_FILENO, &c, 1));
}

/* One row a letter: what is tried. `p`: the plugin; `m`: the message. */
static uint32_t command(struct test_plugin *p, const struct vr_helper_message *m)
{
	switch (*(const char *)m->bytes) {
#define COMMAND(letter, what, expression) \
	case letter:                      \
		return (expression);
#include "tests/helper/commands.def"
#undef COMMAND
	default:
		return 0xbad;
	}
}

static int32_t VR_CALL init(struct vr_plugin_self *self, const void *bytes, uint32_t length)
{
	struct test_plugin *p = test_plugin_of(self);

	if (length != sizeof(config))
		return VR_E_INVAL;
	memcpy(&config, bytes, length);
	session = getsid(0);
	if (!strcmp(config.how, "init-fails")) {
		p->host->error(p->host, VR_E_UNSUPPORTED, "not on this day; wait");
		return VR_E_UNSUPPORTED;
	}
	if (!strcmp(config.how, "init-crashes"))
		crash();
	if (!strcmp(config.how, "init-hangs"))
		hang();
	if (!strcmp(config.how, "init-exits"))
		_exit(9);
	return VR_OK;
}

static int32_t VR_CALL run(struct vr_plugin_self *self, const struct vr_helper_channel *c)
{
	struct vr_helper_message m = {.size = sizeof(m)};

	channel = c;
	for (;;) {
		int32_t rc = c->receive(c, &m, -1);
		uint32_t result;
		char first;

		if (rc < 0 && strstr(config.how, "stays"))
			hang();
		if (rc < 0)
			return rc;
		first = m.length ? *(const char *)m.bytes : 0;
		result = m.length ? command(test_plugin_of(self), &m) : 0xbad;
		if (first != 'y' && first != 'g' && !(first >= '0' && first <= '9'))
			c->send(c, &result, sizeof(result), VR_HELPER_NO_DESCRIPTOR);
	}
}

static int32_t VR_CALL get_state(struct vr_plugin_self *self, void *buffer, uint32_t capacity)
{
	struct test_state *s = buffer;

	(void)self;
	if (!buffer)
		return sizeof(*s);
	if (capacity < sizeof(*s))
		return VR_E_RANGE;
	memset(s, (int)count, sizeof(*s));
	s->magic = TEST_STATE_MAGIC;
	s->count = count;
	return sizeof(*s);
}

static int32_t VR_CALL set_state(struct vr_plugin_self *self, const void *state, uint32_t length)
{
	const struct test_plugin *p = test_plugin_of(self);
	const struct test_state *s = state;

	if (length != sizeof(*s) || s->magic != TEST_STATE_MAGIC ||
	    s->filling[sizeof(s->filling) - 1] != s->count) {
		p->host->error(p->host, VR_E_INVAL, "that is no state of this helper");
		return VR_E_INVAL;
	}
	count = s->count;
	return VR_OK;
}

const struct vr_helper_main test_helper = {.size = sizeof(test_helper),
					   .init = init,
					   .run = run,
					   .get_state = get_state,
					   .set_state = set_state};
