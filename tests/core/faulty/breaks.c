/* SPDX-License-Identifier: MIT */
/*
 * breaks.c: a plugin that breaks the process, where and how the variable VMRUN_TEST_BREAK says: STEP:MANNER,
 * such as "create:segv". Steps: open (a constructor), magic, create, probe, start, stop, destroy, facts
 * (many), and, of its device while the guest runs: access (the guest's first access),
 * timer, thread; unload (a destructor).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmrun/device.h>
#include <vmrun/facts.h>
#include <vmrun/host.h>

#include "faulty.h"

static const struct vr_host *the_host;
static struct vr_thread *the_thread;
static struct vr_timer *the_timer;
static char path[] = "/tmp/vmrun-breaks-XXXXXX";

/* The compiler must see neither the fault nor that it never returns. */
static volatile int zero;
static char *volatile null;

__attribute__((noinline)) static int deeper(int n)
{
	volatile char room[4096];

	room[n & 4095] = (char)n;
	return zero ? 0 : deeper(n + 1) + room[n & 4095];
}

static void cut_short(void)
{
	int fd = mkstemp(path);
	volatile char *p;

	unlink(path);
	if (fd < 0 || ftruncate(fd, 4096) < 0)
		return;
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (ftruncate(fd, 0) == 0)
		zero = p[0];
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void break_now(const char *how)
{
	if (!strcmp(how, "segv")) {
		null[0] = 1;
	} else if (!strcmp(how, "libc")) {
		memset(null, 1, (size_t)zero + 100); /* the program counter is in the C library */
	} else if (!strcmp(how, "bus")) {
		cut_short();
	} else if (!strcmp(how, "ill")) {
#if defined(__x86_64__)
		__asm__ volatile("ud2");
#else
		raise(SIGILL);
#endif
	} else if (!strcmp(how, "fpe")) {
#if defined(__x86_64__)
		zero = 100 / zero;
#else
		raise(SIGFPE);
#endif
	} else if (!strcmp(how, "abort")) {
		abort();
	} else if (!strcmp(how, "overflow")) {
		zero = deeper(1);
	} else if (!strcmp(how, "exit")) {
		exit(0);
	} else if (!strcmp(how, "quick")) {
		quick_exit(0);
	} else if (!strcmp(how, "_exit")) {
		_exit(0);
	} else if (!strcmp(how, "child")) {
		/* A child of its own that ends is no fault. */
		if (fork() == 0)
			_exit(0);
	} else if (!strcmp(how, "slow")) {
		for (int i = 0; i < 15; i++)
			usleep(100000);
	} else if (!strcmp(how, "hang")) {
		for (;;)
			pause();
	} else if (!strcmp(how, "spin")) {
		while (!zero)
			;
	} else if (!strcmp(how, "alarm")) {
		signal(SIGALRM, on_alarm); /* its own handler, which destroy() needs */
	} else if (!strcmp(how, "closes")) {
		/* Nothing of vmrun's watch is left in this process. */
		sigset_t all;

		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		for (;;)
			pause();
	}
}

static void may_break(const char *step)
{
	const char *what = getenv("VMRUN_TEST_BREAK");
	size_t n = strlen(step);

	if (what && !strncmp(what, step, n) && what[n] == ':')
		break_now(what + n + 1);
}

__attribute__((constructor)) static void opened(void)
{
	may_break("open");
}

/* With "unload": when the process ends. */
__attribute__((destructor)) static void closed(void)
{
	may_break("unload");
}

const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	may_break("magic");
	return &magic;
}

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	(void)self;
	may_break("probe");
	return VR_OK;
}

static int32_t VR_CALL start(struct vr_plugin_self *self)
{
	(void)self;
	may_break("start");
	return VR_OK;
}

static int32_t VR_CALL stop(struct vr_plugin_self *self)
{
	(void)self;
	may_break("stop");
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	const char *what = getenv("VMRUN_TEST_BREAK");

	(void)self;
	may_break("destroy");
	if (what && strstr(what, ":alarm")) {
		raise(SIGALRM);
		if (alarms != 1)
			abort();
	}
}

/* More than any report has room for. */
static int32_t VR_CALL many_facts(struct vr_plugin_self *self, vr_fact_fn fn, void *opaque)
{
	(void)self;
	for (int i = 0; i < 20000; i++)
		fn(opaque, "a fact", "a text of it");
	return VR_OK;
}

/* ---- the device ---------------------------------------------------------------------------------------- */

static uint64_t VR_CALL device_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width;
	may_break("access");
	return 0;
}

static void VR_CALL device_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	(void)opaque, (void)vcpu, (void)offset, (void)width, (void)value;
}

static void VR_CALL on_timer(void *opaque)
{
	(void)opaque;
	may_break("timer");
}

static void VR_CALL on_thread(void *opaque)
{
	(void)opaque;
	usleep(200000);
	may_break("thread");
}

static int32_t VR_CALL device_create(struct vr_plugin_self *self, const struct vr_device_config *c,
				     struct vr_device **device)
{
	static const struct vr_bus_ops ops = {
		.size = sizeof(ops), .read = device_read, .write = device_write};
	const struct vr_host_mmio *mmio = the_host->query(the_host, VR_MMIO_ID);
	const struct vr_host_timer *timer = the_host->query(the_host, VR_TIMER_ID);
	const struct vr_host_thread *thread = the_host->query(the_host, VR_THREAD_ID);

	*device = (struct vr_device *)self;
	if (timer->create(the_host, on_timer, NULL, &the_timer) == VR_OK)
		timer->arm(the_host, the_timer, timer->now(the_host) + 200000000);
	thread->spawn(the_host, "breaks", on_thread, NULL, &the_thread);
	return mmio->attach(the_host, VR_SPACE_MMIO, c->bases[0], 0x200, &ops, NULL, "breaks");
}

static void VR_CALL device_reset(struct vr_device *device)
{
	(void)device;
}

static void VR_CALL device_destroy(struct vr_device *device)
{
	const struct vr_host_timer *timer = the_host->query(the_host, VR_TIMER_ID);
	const struct vr_host_thread *thread = the_host->query(the_host, VR_THREAD_ID);

	(void)device;
	timer->destroy(the_host, the_timer);
	thread->join(the_host, the_thread);
}

static uint64_t VR_CALL device_window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? 0x200 : 0;
}

/* What a guest's kernel has a driver for, so that it accesses the device. */
static const char *VR_CALL device_compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? "virtio,mmio" : NULL;
}

static uint32_t VR_CALL device_irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = "breaks",
	.create = device_create,
	.reset = device_reset,
	.destroy = device_destroy,
	.window = device_window,
	.irq = device_irq,
	.compatible = device_compatible,
};

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	static const struct vr_facts facts = {.size = sizeof(facts), .facts = many_facts};
	const char *what = getenv("VMRUN_TEST_BREAK");

	if (!strcmp(id, VR_FACTS_ID))
		return what && !strcmp(what, "facts:many") ? &facts : NULL;
	return !strcmp(id, VR_DEVICE_ID) ? &maker : faulty_query(self, id);
}

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	static char self;
	static const struct vr_plugin plugin = {
		.size = sizeof(plugin),
		.self = (struct vr_plugin_self *)&self,
		.probe = probe,
		.start = start,
		.stop = stop,
		.destroy = destroy,
		.query = query,
	};

	(void)id;
	the_host = host;
	may_break("create");
	*out = &plugin;
	return VR_OK;
}
