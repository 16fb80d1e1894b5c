/* SPDX-License-Identifier: MIT */
/* faulty_device.c: a device of 64 registers, each as wide as you like, and the faults that any plugin can
 * have. */
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdbool.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vmrun/device.h>
#include <vmrun/helper.h>
#include <vmrun/sandbox.h>

#include "faulty.h"

#define WINDOW 0x200u

struct plugin {
	struct vr_plugin plugin;
	const struct vr_host *host;
	const struct vr_host_mmio *mmio;
	struct vr_timer *timer;
	pthread_t thread;
	int file;
	uint32_t probed;
};

static inline struct plugin *plugin_of(struct vr_plugin_self *self)
{
	return (struct plugin *)self;
}

struct device {
	struct plugin *p;
	uint8_t *registers;
	uint32_t dead;
	struct vr_helper_process *helper;
	struct vr_mapping mapping;
};

static inline struct device *device_of(struct vr_device *device)
{
	return (struct device *)device;
}

#if THE_FAULT_has_constructor
__attribute__((constructor)) static void begin(void)
{
	putenv((char *)"VMRUN_TEST=1");
}
#endif
#if THE_FAULT_segment_both
__asm__(".pushsection .both, \"awx\", @progbits\n\t.byte 0xc3\n\t.popsection");
#endif
#if THE_FAULT_exports_more
VR_EXPORT void one_too_many(void);
VR_EXPORT void one_too_many(void)
{
}
#endif
#if THE_FAULT_exports_cxx
VR_EXPORT void cxx_name(void) __asm__("_Z19vmrun_plugin_createPK7vr_hostPKcPPK9vr_plugin");
VR_EXPORT void cxx_name(void)
{
}
#endif
#if THE_FAULT_exports_weak
VR_EXPORT __attribute__((weak)) void instance_of_a_template(void);
VR_EXPORT void instance_of_a_template(void)
{
}
#endif
#if THE_FAULT_exports_misspelt
VR_EXPORT void vmrun_plugin_creat(void);
VR_EXPORT void vmrun_plugin_creat(void)
{
}
#endif
#if THE_FAULT_lazy_thread_local
__attribute__((tls_model("global-dynamic"))) static _Thread_local volatile uint64_t lazy;
#endif
#if THE_FAULT_missing_symbol
void vmrun_test_symbol_that_no_library_has(void);
#endif

/* ---- the device -------------------------------------------------------------------------------------- */

/* Its registers go to guest memory. */
static void transfer(const struct device *d, uint64_t gpa)
{
	const struct vr_host *host = d->p->host;
	const struct vr_host_memory *t = host->query(host, VR_MEMORY_ID);
	struct vr_mapping m = {.size = sizeof(m)};

	if (!VR_HAS(t, written) || t->map(host, gpa, WINDOW, VR_MAP_WRITE, &m) < 0)
		return;
	memcpy(m.bytes, d->registers, WINDOW);
	t->unmap(host, &m, 0, 0);
}

static void open_something(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
}

static void start_a_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* The first page of the memory that there is. */
static void map_something(struct device *d)
{
	const struct vr_host *host = d->p->host;
	const struct vr_host_memory *t = host->query(host, VR_MEMORY_ID);
	struct vr_memory_region r = {.size = sizeof(r)};

	d->mapping.size = sizeof(d->mapping);
	if (VR_HAS(t, written) && t->region(host, 0, &r) >= 0)
		t->map(host, r.gpa, 0x1000, VR_MAP_READ, &d->mapping);
}

static uint64_t VR_CALL read_(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	const struct device *d = opaque;
	uint64_t value = 0;

	(void)vcpu;
	if (offset + width <= WINDOW)
		memcpy(&value, d->registers + offset, width);
	if (FAULT(width_crash) && width == 8 && offset == 0x40)
		abort();
	if (FAULT(opens_late) && width == 4 && offset == 0x48)
		open_something();
	if ((FAULT(ioctl_unasked) || FAULT(ioctl_asked)) && width == 4 && offset == 0x48)
		value = ioctl(-1, TIOCOUTQ, NULL) == 0;
	return value;
}

static void VR_CALL write_(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct device *d = opaque;

	(void)vcpu;
	if (offset + width <= WINDOW)
		memcpy(d->registers + offset, &value, width);
	if (FAULT(dma_untold) && offset == 0x80 && width == 8)
		transfer(d, value);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_, .write = write_};

struct attaching {
	struct device *d;
	uint64_t base;
	int32_t rc;
};

static void *attach(void *arg)
{
	struct attaching *a = arg;
	struct plugin *p = a->d->p;

	a->rc = p->mmio->attach(p->host, VR_SPACE_MMIO, a->base + (FAULT(elsewhere) ? 0x8000 : 0), WINDOW,
				&ops, a->d, "faulty");
	return NULL;
}

static void VR_CALL helper_message(void *opaque, const struct vr_helper_message *m)
{
	(void)opaque;
	(void)m;
}

static void VR_CALL helper_ended(void *opaque, uint32_t how, int32_t status)
{
	(void)opaque;
	(void)how;
	(void)status;
	abort();
}

static int32_t start_helper(struct device *d)
{
	static const struct vr_helper_events events = {
		.size = sizeof(events), .message = helper_message, .ended = helper_ended};
	const struct vr_host *host = d->p->host;
	const struct vr_host_helper *t = host->query(host, VR_HOST_HELPER_ID);
	struct vr_helper_request r = {.size = sizeof(r), .events = &events};

	return VR_HAS(t, stop) ? t->start(host, &r, &d->helper) : VR_OK;
}

static void stop_helper(struct device *d)
{
	const struct vr_host *host = d->p->host;
	const struct vr_host_helper *t = host->query(host, VR_HOST_HELPER_ID);

	if (VR_HAS(t, stop))
		t->stop(host, d->helper);
}

static int32_t VR_CALL create(struct vr_plugin_self *self, const struct vr_device_config *c,
			      struct vr_device **device)
{
	struct plugin *p = plugin_of(self);
	struct device *d;
	struct attaching a = {.base = c->bases[0]};
	pthread_t thread;

	if (strcmp(c->type, "faulty") != 0 && !FAULT(any_type))
		return FAULT(type_silent)
			       ? VR_E_NOENT
			       : faulty_refuse(p->host, VR_E_NOENT, "there is only a faulty device");
	d = calloc(1, sizeof(*d));
	if (FAULT(starved_crash))
		d->p = p;
	if (!d)
		return FAULT(starved_silent) ? VR_E_NOMEM : faulty_refuse(p->host, VR_E_NOMEM, "no memory");
	d->registers = calloc(1, WINDOW);
	if (!d->registers) {
		if (!FAULT(starved_leak))
			free(d);
		return faulty_refuse(p->host, VR_E_NOMEM, "no memory for registers");
	}
	d->p = p;
	a.d = d;
	if (FAULT(process_end)) {
		int32_t rc = start_helper(d);

		if (rc < 0) {
			free(d->registers);
			free(d);
			return rc;
		}
	}
	if (FAULT(wrong_thread)) {
		pthread_create(&thread, NULL, attach, &a);
		pthread_join(thread, NULL);
	} else {
		attach(&a);
	}
	if (a.rc < 0 && !FAULT(ignores_refusal)) {
		stop_helper(d);
		free(d->registers);
		free(d);
		return a.rc;
	}
	if (FAULT(mapping_kept))
		map_something(d);
	*device = (struct vr_device *)d;
	return VR_OK;
}

static void VR_CALL reset(struct vr_device *device)
{
	struct device *d = device_of(device);

	if (FAULT(forks_late))
		start_a_process();
	if (!FAULT(reset_keeps))
		memset(d->registers, 0, WINDOW);
}

static void VR_CALL destroy_device(struct vr_device *device)
{
	struct device *d = device_of(device);

	stop_helper(d);
	if (FAULT(opens_at_end))
		open_something();
	free(d->registers);
	if (FAULT(double_free))
		free(d->registers);
	free(d);
}

/* ---- what it says of itself ---------------------------------------------------------------------------- */

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	static uint64_t turn;

	(void)self;
	(void)type;
	if (FAULT(window_none))
		return 0;
	if (FAULT(window_changes) && i == 0)
		return ++turn % 2 ? 0x1000 : 0x2000;
	if (FAULT(window_endless))
		return 0x1000;
	return i ? 0 : FAULT(window_odd) ? 0x1800 : FAULT(window_large) ? 0x20000 : 0x1000;
}

static uint32_t VR_CALL irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	if (FAULT(irq_endless))
		return VR_DEVICE_IRQ_LEVEL;
	return i > 1                ? VR_DEVICE_IRQ_NONE
	       : FAULT(irq_unknown) ? 7
	       : i                  ? VR_DEVICE_IRQ_EDGE
				    : VR_DEVICE_IRQ_LEVEL;
}

static const char *VR_CALL compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	static const char endless[][12] = {"t,0", "t,1", "t,2", "t,3", "t,4",
					   "t,5", "t,6", "t,7", "t,8", "t,9"};

	(void)self;
	(void)type;
	if (FAULT(compatible_endless))
		return endless[i % 10];
	if (i == 0)
		return FAULT(compatible_list) ? "test,faulty test,any" : "test,faulty";
	return i > 1 ? NULL : FAULT(compatible_twice) ? "test,faulty" : "test,any";
}

static const char *VR_CALL node_name(struct vr_plugin_self *self, const char *type)
{
	(void)self;
	(void)type;
	return FAULT(node_address) ? "faulty@0" : "faulty";
}

static int32_t VR_CALL describe(struct vr_plugin_self *self, const char *type, uint32_t i,
				struct vr_device_property *out)
{
	static const struct vr_device_reference clock = {.node = FAULT(reference_unknown) ? "board:flux"
											  : VR_DEVICE_CLOCK};
	static const char *const names[] = {"wdog_clk", "apb_pclk"};
	static const uint64_t size = UINT64_C(1) << 40;
	static char buffer[32];
	static uint32_t turn, handle = 2;
	const struct vr_device_property all[] = {
		{.kind = VR_PROPERTY_FLAG,
		 .name = FAULT(property_reserved)   ? "reg"
			 : FAULT(property_unnamed)  ? NULL
			 : FAULT(property_misnamed) ? "big endian"
						    : "big-endian"},
		{.kind = FAULT(property_kind) ? 99 : VR_PROPERTY_STRING, .name = "label", .text = buffer},
		{.kind = FAULT(clocks_cells) ? VR_PROPERTY_CELLS : VR_PROPERTY_REFERENCES,
		 .name = "clocks",
		 .cells = &handle,
		 .references = &clock,
		 .count = 1,
		 .stride = FAULT(reference_stride) ? 0 : sizeof(clock)},
		{.kind = VR_PROPERTY_STRINGS, .name = "clock-names", .strings = names, .count = 2},
		{.kind = VR_PROPERTY_CELLS,
		 .name = FAULT(property_twice) ? "label" : "test,number",
		 .cells = &turn,
		 .count = FAULT(property_empty) ? 0 : 1},
		{.kind = VR_PROPERTY_NUMBERS, .name = "test,size", .numbers = &size, .count = 1},
	};
	static char endless[VR_DEVICE_PROPERTIES_MAX + 1][8];
	uint32_t n = sizeof(all) / sizeof(all[0]);

	(void)self;
	(void)type;
	snprintf(buffer, sizeof(buffer), "property %u", FAULT(describe_buffer) ? i : 0);
	turn += FAULT(describe_changes);
	if (i >= n && FAULT(property_endless)) {
		char *name = endless[i % (VR_DEVICE_PROPERTIES_MAX + 1)];

		snprintf(name, sizeof(endless[0]), "n%u", i % 1000);
		*out = all[0];
		out->size = sizeof(*out);
		out->name = name;
		return VR_OK;
	}
	if (i >= n)
		return FAULT(property_error) ? VR_E_INVAL : VR_E_NOENT;
	*out = all[i];
	out->size = sizeof(*out);
	return VR_OK;
}

static const struct vr_device_maker maker = {
	.size = FAULT(table_size) ? 0 : sizeof(maker),
	.types = "faulty",
	.create = create,
	.reset = FAULT(table_hole) ? NULL : reset,
	.destroy = destroy_device,
	.window = window,
	.irq = irq,
	.compatible = compatible,
	.node_name = node_name,
	.describe = describe,
};

/* ---- the plugin ---------------------------------------------------------------------------------------- */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);
	const struct vr_host_log *log = p->host->query(p->host, VR_LOG_ID);
	const struct vr_host_config *config = p->host->query(p->host, VR_CONFIG_ID);

	p->probed = 1;
	if (FAULT(probe_silent))
		return VR_E_UNSUPPORTED;
	p->mmio = p->host->query(p->host, VR_MMIO_ID);
	if (!p->mmio && FAULT(trusts_required))
		abort();
	if (!p->mmio || (!VR_HAS(p->mmio, attach) && !FAULT(past_size)))
		return faulty_refuse(p->host, VR_E_ABI, "no vmrun.mmio/1");
	if (FAULT(trusts_optional) && !log)
		abort();
	if (VR_HAS(log, write))
		log->write(p->host, VR_LOG_DEBUG, "probed");
	if (VR_HAS(config, string))
		config->string(p->host, FAULT(secret_option) ? "secret" : "colour");
	return VR_OK;
}

static void on_signal(int number)
{
	(void)number;
}

static void at_exit(void)
{
}

static void *forever(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

/* A thread that ends when it is told: pthread_cancel() opens a library, which the sandbox refuses. */
static _Atomic uint32_t over;

static void *until_over(void *arg)
{
	while (!over)
		usleep(1000);
	return arg;
}

static void end_thread(pthread_t thread)
{
	over = 1;
	pthread_join(thread, NULL);
	over = 0;
}

/* A thread with a system call filter of its own, which allows everything. */
static _Atomic uint32_t filtered;

static void *filter(void *arg)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = {1, &allow};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	filtered = 1;
	return until_over(arg);
}

static int32_t start_filter(struct plugin *p)
{
	filtered = 0;
	if (pthread_create(&p->thread, NULL, filter, NULL))
		return faulty_refuse(p->host, VR_E_NOMEM, "no thread");
	while (!filtered)
		usleep(100);
	return VR_OK;
}

static void *volatile kept; /* what is leaked is not optimised away */

static int32_t VR_CALL start(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);
	pthread_t thread;

	if (FAULT(own_filter))
		return start_filter(p);
	if (FAULT(ioctl_asked)) {
		const struct vr_host_sandbox *sandbox = p->host->query(p->host, VR_SANDBOX_ID);

		if (VR_HAS(sandbox, allow_ioctl) && sandbox->allow_ioctl(p->host, TIOCOUTQ) < 0)
			return VR_E_PERM;
	}
	if (FAULT(crashes))
		raise(SIGSEGV);
	if (FAULT(exits))
		exit(0);
	if (FAULT(hangs))
		pause();
	if (FAULT(start_fails))
		return faulty_refuse(p->host, VR_E_BUSY, "not today");
	if (FAULT(leaks_memory))
		kept = malloc(16);
	if (FAULT(leaks_mapping))
		kept = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (FAULT(leaks_file) && open("/dev/null", O_RDONLY) < 0)
		return faulty_refuse(p->host, VR_E_IO, "no /dev/null");
	if (FAULT(leaks_thread))
		pthread_create(&thread, NULL, forever, NULL);
	if (FAULT(takes_signal))
		signal(SIGUSR1, on_signal);
	if (FAULT(sets_environment))
		setenv("VMRUN_TEST", "1", 1);
	if (FAULT(changes_directory) && chdir("/"))
		return faulty_refuse(p->host, VR_E_IO, "no /");
	if (FAULT(changes_rounding))
		fesetround(FE_UPWARD);
	if (FAULT(changes_locale))
		setlocale(LC_ALL, "C.UTF-8");
	if (FAULT(has_atexit))
		atexit(at_exit);
	if (FAULT(prints))
		printf("started\n");
#if THE_FAULT_missing_symbol
	vmrun_test_symbol_that_no_library_has();
#endif
	return VR_OK;
}

static int32_t VR_CALL stop(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);

	if (FAULT(own_filter))
		end_thread(p->thread);
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);

	if (FAULT(early_destroy) && !p->probed)
		abort();
	if (FAULT(create_thread))
		end_thread(p->thread);
	if (p->file >= 0)
		close(p->file);
	free(p);
}

#define HAS_HELPER                                                                                       \
	(FAULT(process_unasked) || FAULT(process_half) || FAULT(process_idle) || FAULT(process_needs) || \
	 FAULT(process_end))

static int32_t VR_CALL helper_run(struct vr_plugin_self *self, const struct vr_helper_channel *c)
{
	(void)self;
	(void)c;
	return VR_OK;
}

static int32_t VR_CALL helper_state(struct vr_plugin_self *self, void *buffer, uint32_t capacity)
{
	(void)self;
	(void)buffer;
	(void)capacity;
	return 0;
}

static const struct vr_helper_main helper = {
	.size = sizeof(helper),
	.run = FAULT(process_idle) ? NULL : helper_run,
	.get_state = FAULT(process_half) ? helper_state : NULL,
};

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	static struct vr_device_maker copies[16];
	static uint32_t turn;
	static const uint32_t other[4] = {16};

	(void)self;
	if (FAULT(any_interface))
		return &maker;
	if (FAULT(class_revision) && strcmp(id, "vmrun.device/2") == 0)
		return &maker;
	if (FAULT(no_device_table) && strcmp(id, VR_DEVICE_ID) == 0)
		return NULL;
	if (HAS_HELPER && strcmp(id, VR_HELPER_ID) == 0)
		return &helper;
	if (strcmp(id, "org.vmrun.faulty/1") == 0)
		return FAULT(no_second_interface) ? NULL : other;
	if (FAULT(interface_prefix) ? strncmp(id, VR_DEVICE_ID, strlen(VR_DEVICE_ID))
				    : strcmp(id, VR_DEVICE_ID))
		return NULL;
	if (!FAULT(table_moves))
		return &maker;
	copies[++turn % 16] = maker;
	return &copies[turn % 16];
}

const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = {
		32, {'V', 'M', 'R', 'N'}, VR_ABI_MAJOR, VR_ABI_MINOR, FAULT(magic_flags) ? 0x80 : 0, {0},
	};

	return &magic;
}

/* 150 ms of processor time, the first time. */
static void take_time(void)
{
	static uint32_t taken;
	clock_t until = clock() + CLOCKS_PER_SEC * 15 / 100;

	while (!taken && clock() < until)
		;
	taken = 1;
}

static void VR_CALL fire(void *opaque)
{
	(void)opaque;
}

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	const struct vr_host_timer *timer = host->query(host, VR_TIMER_ID);
	struct plugin *p;
	bool other;

#if THE_FAULT_lazy_thread_local
	lazy++;
#endif
	if (FAULT(any_id))
		other = false;
	else if (FAULT(id_prefix))
		other = !id || strncmp(id, "faulty", 6) != 0;
	else if (FAULT(id_null))
		other = strcmp(id, "faulty") != 0;
	else
		other = !id || strcmp(id, "faulty") != 0;
	if (other)
		return VR_E_NOENT;
	if (FAULT(create_slow))
		take_time();
	if (FAULT(process_needs) && !host->query(host, VR_MMIO_ID))
		return faulty_refuse(host, VR_E_ABI, "no vmrun.mmio/1");
	p = calloc(1, sizeof(*p));
	if (!p)
		return faulty_refuse(host, VR_E_NOMEM, "no memory");
	p->host = host;
	if (FAULT(create_thread))
		pthread_create(&p->thread, NULL, until_over, NULL);
	p->file = FAULT(create_file) ? open("/dev/null", O_RDONLY) : -1;
	if (FAULT(create_requests) && VR_HAS(timer, destroy) && timer->create(host, fire, p, &p->timer) < 0) {
		free(p);
		return VR_E_NOMEM;
	}
	p->plugin = (struct vr_plugin){
		.size = FAULT(small_plugin) ? offsetof(struct vr_plugin, query) : sizeof(p->plugin),
		.self = (struct vr_plugin_self *)p,
		.probe = probe,
		.start = start,
		.stop = stop,
		.destroy = destroy,
		.query = query,
	};
	*out = &p->plugin;
	return VR_OK;
}
