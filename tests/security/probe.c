/* SPDX-License-Identifier: MIT */
/*
 * probe.c: a device plugin that stands for an attacker's code in the machine process: while the guest runs it
 * makes the system calls of probe_calls.def and tells whether each ends as the table says.
 *
 * The guest writes the number of a thread to register 0, and reads there how many threads have answered:
 *	1  the vCPU's, at once
 *	2  the timers'
 *	3  one of the plugin's own that was started (not by the host) before the sandbox was entered
 * A line for each call on stderr: "ok THREAD-NAME", or "not ok THREAD-NAME WHAT".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#define ID "com.example.probe"
#define WINDOW 0x1000u

static struct {
	const struct vr_host *host;
	const struct vr_host_mmio *mmio;
	const struct vr_host_timer *timer;
	const char *dir, *kernel, *crash;
	bool control, filter;
	bool has_32_bit_calls;
	struct vr_timer *alarm;
	pthread_t early;
	bool have_early;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ready, go, end;
	_Atomic uint32_t done;
} p = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- what expressions of the table use ---- */
static const char *in_dir(const char *name)
{
	static _Thread_local char path[512];

	snprintf(path, sizeof(path), "%s/%s", p.dir, name);
	return path;
}

static void *nothing_to_do(void *arg)
{
	return arg;
}

static long start_thread(void)
{
	pthread_t t;
	int e = pthread_create(&t, NULL, nothing_to_do, NULL);

	if (!e)
		e = pthread_join(t, NULL);
	errno = e;
	return e ? -1 : 0;
}

static long use_malloc(void)
{
	void *volatile large = malloc(8 << 20), *volatile small = malloc(100);
	long rc = large && small ? 0 : -1;

	free(small);
	free(large);
	malloc_trim(0);
	return rc;
}

static long use_timer(void)
{
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	const struct itimerspec off = {{0}, {0}};
	timer_t t;

	return timer_create(CLOCK_MONOTONIC, &none, &t) || timer_settime(t, 0, &off, NULL) ? -1
											   : timer_delete(t);
}

static long map(int protection)
{
	void *at = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : munmap(at, 4096);
}

#ifdef __x86_64__
/* The 32-bit ABI, which every program has beside its own. */
static long int_0x80(int number)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long rc;

	if (low == MAP_FAILED)
		return -1;
	strcpy(low, "/etc/passwd");
	__asm__ volatile("int $0x80"
			 : "=a"(rc)
			 : "a"(number), "b"(low), "c"(0), "d"(0)
			 : "r8", "r9", "r10", "r11", "memory");
	munmap(low, 4096);
	errno = rc < 0 ? (int)-rc : 0;
	return rc < 0 ? -1 : rc;
}
#endif

/* Where the kernel has none the instruction raises SIGSEGV: tried in a process of its own. */
static bool has_32_bit_calls(void)
{
#ifdef __x86_64__
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(int_0x80(20) < 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
#else
	return false;
#endif
}

/* ---- trying ---- */
enum expected { NO, NOSYS, YES, SAN, TTY };
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

static void say(const char *thread, const char *name, enum expected expected, long rc, int e)
{
	static const char *const words[] = {"EPERM", "ENOSYS", "it works", "EPERM", "it works or ENOTTY"};
	bool right = expected == NO      ? rc == -1 && e == EPERM
		     : expected == NOSYS ? rc == -1 && e == ENOSYS
		     : expected == YES   ? rc != -1
		     : expected == SAN   ? (SANITIZED ? rc != -1 : rc == -1 && e == EPERM)
					 : rc != -1 || e == ENOTTY;
	char line[200];
	int n;

	if (p.control)
		right = rc != -1;
	if (right)
		n = snprintf(line, sizeof(line), "ok %s-%s\r\n", thread, name);
	else
		n = snprintf(line, sizeof(line), "not ok %s-%s expected %s, came %s\r\n", thread, name,
			     p.control ? "it works" : words[expected],
			     rc == -1 ? strerrorname_np(e) : "it works");
	/* One write a line, since the console's thread writes as well. */
	if (write(STDERR_FILENO, line, (size_t)n) != n)
		abort();
}

static void skip(const char *thread, const char *name, const char *why)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "skip %s-%s %s\r\n", thread, name, why);

	if (write(STDERR_FILENO, line, (size_t)n) != n)
		abort();
}

static void attack(const char *thread)
{
	char buf[64] = "", room[512] = "";
	char canary[512], dir[512], kernel[512];
	int pair[2], number = 0;
	struct stat st;
	struct termios tio;
	struct winsize size;
	struct timespec ts = {0};
	struct timex tx = {0};
	struct sched_param one = {.sched_priority = 1};
	const uint64_t core_limit[2] = {0, 0};
	uint32_t capabilities[2] = {0x20080522, 0};
	siginfo_t si = {.si_code = SI_QUEUE};
	struct iovec local = {buf, 8}, remote = {(void *)(uintptr_t)0x400000, 8};
	cpu_set_t cpus;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	snprintf(canary, sizeof(canary), "%s/canary", p.dir);
	snprintf(dir, sizeof(dir), "%s", p.dir);
	snprintf(kernel, sizeof(kernel), "%s", p.kernel);
#define TRY(name, expected, control_, expression)                             \
	if (p.control && !(control_)) {                                       \
		;                                                             \
	} else if (!p.has_32_bit_calls && !strncmp(name, "int-0x80-", 9)) {   \
		skip(thread, name, "this kernel has no 32-bit system calls"); \
	} else {                                                              \
		long rc_;                                                     \
		errno = 0;                                                    \
		rc_ = (long)(expression);                                     \
		say(thread, name, expected, rc_, errno);                      \
	}
#include "probe_calls.def"
#undef TRY
	munmap(page, 4096);
	p.done++;
}

/* Allows everything; but the host's filter can't be put on all threads then. */
static void own_filter(void)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	const struct sock_fprog program = {1, &allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		abort();
}

static void *early_main(void *arg)
{
	if (p.filter)
		own_filter();
	pthread_mutex_lock(&p.lock);
	p.ready = true;
	pthread_cond_broadcast(&p.wake);
	while (!p.go && !p.end)
		pthread_cond_wait(&p.wake, &p.lock);
	pthread_mutex_unlock(&p.lock);
	if (p.go)
		attack("early");
	return arg;
}

static void VR_CALL goes_off(void *opaque)
{
	(void)opaque;
	attack("timer");
}

/* ---- the device ---- */
static uint64_t VR_CALL read_register(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width;
	return p.done;
}

static void VR_CALL write_register(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width,
				   uint64_t value)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width;
	switch (value) {
	case 1:
		if (p.crash && !strcmp(p.crash, "abort"))
			abort();
		if (p.crash)
			*(volatile int *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 0;
		attack("vcpu");
		break;
	case 2:
		p.timer->arm(p.host, p.alarm, p.timer->now(p.host) + 1000);
		break;
	case 3:
		pthread_mutex_lock(&p.lock);
		p.go = true;
		pthread_cond_broadcast(&p.wake);
		pthread_mutex_unlock(&p.lock);
		break;
	}
}

static const struct vr_bus_ops registers = {
	.size = sizeof(registers), .read = read_register, .write = write_register};

static void VR_CALL device_reset(struct vr_device *device)
{
	(void)device;
}

static void VR_CALL device_destroy(struct vr_device *device)
{
	(void)device;
	p.timer->destroy(p.host, p.alarm);
}

static int32_t VR_CALL device_create(struct vr_plugin_self *self, const struct vr_device_config *c,
				     struct vr_device **out)
{
	int32_t rc = p.timer->create(p.host, goes_off, NULL, &p.alarm);

	if (rc >= 0)
		rc = p.mmio->attach(p.host, VR_SPACE_MMIO, c->bases[0], WINDOW, &registers, NULL, ID);
	*out = (struct vr_device *)self;
	return rc;
}

static uint64_t VR_CALL device_window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? WINDOW : 0;
}

static const char *VR_CALL device_compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? ID : NULL;
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = ID,
	.create = device_create,
	.reset = device_reset,
	.destroy = device_destroy,
	.window = device_window,
	.compatible = device_compatible,
};

/* ---- the plugin ---- */
static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	(void)self;
	p.mmio = p.host->query(p.host, VR_MMIO_ID);
	p.timer = p.host->query(p.host, VR_TIMER_ID);
	return p.mmio && p.timer ? VR_OK : VR_E_ABI;
}

static int32_t VR_CALL start(struct vr_plugin_self *self)
{
	const struct vr_host_config *config = p.host->query(p.host, VR_CONFIG_ID);
	uint64_t control = 0, filter = 0;

	(void)self;
	p.dir = config->string(p.host, "dir");
	p.kernel = config->string(p.host, "kernel");
	p.crash = config->string(p.host, "crash");
	if (config->number(p.host, "control", &control) >= 0)
		p.control = control != 0;
	if (config->number(p.host, "filter", &filter) >= 0)
		p.filter = filter != 0;
	if (!p.dir || !p.kernel) {
		p.host->error(p.host, VR_E_INVAL, ID ": needs dir= and kernel=");
		return VR_E_INVAL;
	}
	p.has_32_bit_calls = has_32_bit_calls();
	p.have_early = pthread_create(&p.early, NULL, early_main, NULL) == 0;
	pthread_mutex_lock(&p.lock);
	while (p.have_early && !p.ready)
		pthread_cond_wait(&p.wake, &p.lock);
	pthread_mutex_unlock(&p.lock);
	return p.have_early ? VR_OK : VR_E_NOMEM;
}

static int32_t VR_CALL stop(struct vr_plugin_self *self)
{
	(void)self;
	pthread_mutex_lock(&p.lock);
	p.end = true;
	pthread_cond_broadcast(&p.wake);
	pthread_mutex_unlock(&p.lock);
	if (p.have_early)
		pthread_join(p.early, NULL);
	p.have_early = false;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	(void)self;
}

/* ---- a plugin of class passthrough beside it, which does nothing ---- */
static int32_t VR_CALL nothing(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

static const void *VR_CALL query_nothing(struct vr_plugin_self *self, const char *interface_id)
{
	return strcmp(interface_id, "com.example.nothing/1") == 0 ? self : NULL;
}

static const struct vr_plugin passthrough = {
	.size = sizeof(passthrough),
	.self = (struct vr_plugin_self *)&p,
	.probe = nothing,
	.start = nothing,
	.stop = nothing,
	.destroy = destroy,
	.query = query_nothing,
};

static const void *VR_CALL query(struct vr_plugin_self *self, const char *interface_id)
{
	(void)self;
	return strcmp(interface_id, VR_DEVICE_ID) == 0 ? &maker : NULL;
}

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	return &magic;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	static const struct vr_plugin plugin = {
		.size = sizeof(plugin),
		.self = (struct vr_plugin_self *)&p,
		.probe = probe,
		.start = start,
		.stop = stop,
		.destroy = destroy,
		.query = query,
	};

	if (strcmp(id, ID) != 0) {
		*out = &passthrough;
		return VR_OK;
	}
	p.host = host;
	*out = &plugin;
	return VR_OK;
}
