/* SPDX-License-Identifier: MIT */
#include "vm_host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vmrun/state_x86.h>

static struct test_vm *of(const struct vr_host *host)
{
	return (struct test_vm *)(uintptr_t)host;
}

/* ---- faults ---------------------------------------------------------------------------------- */
struct test_faults test_faults;
struct test_options test_options;

static struct kvm_run *run_page; /* of the newest vCPU */

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
void *__real_mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	if (request == KVM_CHECK_EXTENSION && test_faults.missing &&
	    (uintptr_t)argument == (uintptr_t)test_faults.missing)
		return 0;
	if (request == KVM_GET_API_VERSION && test_faults.version)
		return test_faults.version;
	if (test_faults.error && request == test_faults.ioctl && test_faults.after-- <= 0) {
		errno = test_faults.error;
		return -1;
	}
	if (request == KVM_RUN && test_faults.exit && run_page) {
		test_faults.exit(run_page);
		return 0;
	}
	return __real_ioctl(fd, request, argument);
}

int __wrap_open(const char *path, int flags, ...)
{
	if (test_faults.open_error) {
		errno = test_faults.open_error;
		return -1;
	}
	return __real_open(path, flags, 0);
}

void *__wrap_mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset)
{
	if (test_faults.mmap_error && fd >= 0) {
		errno = test_faults.mmap_error;
		return MAP_FAILED;
	}
	at = __real_mmap(at, length, prot, flags, fd, offset);
	if (fd >= 0)
		run_page = at;
	return at;
}

/* ---- errors, log, options, registry ------------------------------------------------------------ */
static void VR_CALL host_error(const struct vr_host *host, int32_t code, const char *text)
{
	struct test_vm *k = of(host);

	pthread_mutex_lock(&k->lock);
	if (!k->error_code) {
		k->error_code = code;
		snprintf(k->error, sizeof(k->error), "%s", text);
	}
	pthread_mutex_unlock(&k->lock);
}

const char *test_error(struct test_vm *k)
{
	return k->error_code ? k->error : "(no error text)";
}

static void VR_CALL log_write(const struct vr_host *host, uint32_t level, const char *text)
{
	struct test_vm *k = of(host);
	size_t n;

	(void)level;
	pthread_mutex_lock(&k->lock);
	n = strlen(k->logged);
	snprintf(k->logged + n, sizeof(k->logged) - n, "%s\n", text);
	pthread_mutex_unlock(&k->lock);
}
static const struct vr_host_log log_table = {
	.size = sizeof(log_table), .level = VR_LOG_INFO, .write = log_write};

static const char *VR_CALL config_string(const struct vr_host *host, const char *name)
{
	const struct test_vm *k = of(host);

	if (strcmp(name, "device") == 0)
		return k->device;
	return strcmp(name, "irqchip") == 0 ? k->irqchip : NULL;
}

static int32_t VR_CALL config_number(const struct vr_host *host, const char *name, uint64_t *out)
{
	(void)host;
	if (strcmp(name, "notify") == 0)
		*out = !test_options.no_notify;
	else if (strcmp(name, "nested") == 0)
		*out = test_options.nested;
	else
		return VR_E_NOENT;
	return VR_OK;
}
static const struct vr_host_config config = {
	.size = sizeof(config), .string = config_string, .number = config_number};

static int32_t VR_CALL registry_find(const struct vr_host *host, const char *interface_id,
				     const char *plugin_id, uint32_t i, struct vr_found *out)
{
	struct test_vm *k = of(host);

	(void)plugin_id;
	if (!k->assist || i || strcmp(interface_id, VR_ASSIST_ID) != 0)
		return VR_E_NOENT;
	out->table = k->assist;
	out->self = (struct vr_plugin_self *)k;
	out->id = "assistant";
	return VR_OK;
}
static const struct vr_host_registry registry = {.size = sizeof(registry), .find = registry_find};

/* ---- memory -------------------------------------------------------------------------------------- */
static int32_t VR_CALL memory_map(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t rights,
				  struct vr_mapping *out)
{
	if (test_options.no_ram || gpa >= RAM_SIZE || length > RAM_SIZE - gpa)
		return VR_E_RANGE;
	*out = (struct vr_mapping){.size = sizeof(*out),
				   .rights = rights,
				   .bytes = of(host)->ram + gpa,
				   .gpa = gpa,
				   .length = length};
	return VR_OK;
}
static void VR_CALL memory_unmap(const struct vr_host *host, const struct vr_mapping *m, uint64_t from,
				 uint64_t length)
{
	(void)host, (void)m, (void)from, (void)length;
}
static const struct vr_host_memory memory = {
	.size = sizeof(memory), .map = memory_map, .unmap = memory_unmap};

/* ---- threads --------------------------------------------------------------------------------------- */
static void VR_CALL park(const struct vr_host *host, uint32_t vcpu, uint64_t deadline)
{
	struct test_vm *k = of(host);

	(void)deadline;
	atomic_fetch_add(&k->parks, 1);
	if (k->on_park)
		k->on_park(k, vcpu);
	pthread_mutex_lock(&k->lock);
	while (!k->permit[vcpu])
		pthread_cond_wait(&k->wake, &k->lock);
	k->permit[vcpu] = false;
	pthread_mutex_unlock(&k->lock);
}

static void VR_CALL unpark(const struct vr_host *host, uint32_t vcpu)
{
	struct test_vm *k = of(host);

	pthread_mutex_lock(&k->lock);
	k->permit[vcpu] = true;
	pthread_cond_broadcast(&k->wake);
	pthread_mutex_unlock(&k->lock);
}
static const struct vr_host_thread thread = {.size = sizeof(thread), .park = park, .unpark = unpark};

/* ---- the machine -------------------------------------------------------------------------------------- */
static void kick_all(struct test_vm *k)
{
	for (uint32_t i = 0; i < k->vcpu_count; i++)
		if (k->vcpu[i])
			k->accel->vcpu_kick(k->vcpu[i]);
}

static void VR_CALL power(const struct vr_host *host, uint32_t what, int32_t code)
{
	(void)code;
	atomic_store(&of(host)->powered, what + 1);
	kick_all(of(host));
}
static const struct vr_host_machine machine = {.size = sizeof(machine), .power = power};

/* ---- devices --------------------------------------------------------------------------------- */
static uint64_t log_access(struct test_log *l, uint32_t width, bool is_write, uint64_t value)
{
	if (!is_write)
		return 0x0101010101010101ull * ++l->reads;
	if (l->count < TEST_LOG) {
		l->width[l->count] = width;
		l->value[l->count] = value;
	}
	l->count++;
	return 0;
}

static void finish(struct test_vm *k, uint32_t vcpu, _Atomic uint32_t *how, uint64_t value)
{
	k->result = (uint32_t)value;
	atomic_store(how, 1);
	if (how == &k->done)
		kick_all(k);
	else
		k->accel->vcpu_kick(k->vcpu[vcpu]);
}

static int32_t port(struct test_vm *k, uint32_t vcpu, uint64_t at, uint32_t width, bool is_write,
		    uint64_t *value)
{
	if (at == PORT_DONE && is_write) {
		finish(k, vcpu, &k->done, *value);
	} else if (at == PORT_STOP && is_write) {
		finish(k, vcpu, &k->stopped, *value);
	} else if (at >= PORT_ECHO && at + width <= PORT_ECHO + sizeof(k->echo)) {
		if (is_write)
			memcpy(k->echo + (at - PORT_ECHO), value, width);
		else
			memcpy(value, k->echo + (at - PORT_ECHO), width);
	} else if (at == PORT_LOG) {
		*value = log_access(&k->port_log, width, is_write, *value);
		if (is_write && k->on_log)
			k->on_log(k, vcpu);
	} else if (at == PORT_BELL) {
		log_access(&k->bell_log, width, is_write, *value);
	} else {
		return VR_E_NOENT;
	}
	return VR_OK;
}

static int32_t mmio(struct test_vm *k, uint32_t vcpu, uint64_t at, uint32_t width, bool is_write,
		    uint64_t *value)
{
	if (at == MMIO_DONE && is_write) {
		finish(k, vcpu, &k->done, *value);
	} else if (at == MMIO_STOP && is_write) {
		finish(k, vcpu, &k->stopped, *value);
	} else if (at >= MMIO_DEVICE && at + width <= MMIO_DEVICE + sizeof(k->page)) {
		if (is_write)
			memcpy(k->page + (at - MMIO_DEVICE), value, width);
		else
			memcpy(value, k->page + (at - MMIO_DEVICE), width);
	} else if (at == MMIO_LOG) {
		*value = log_access(&k->mmio_log, width, is_write, *value);
	} else if (at >= MMIO_BELL && at < MMIO_BELL + 16) {
		log_access(&k->bell_log, width, is_write, *value);
	} else if (at >= ROM && at < ROM + 0x10000ull) {
		log_access(&k->rom_log, width, is_write, *value | (at - ROM) << 32);
	} else {
		return VR_E_NOENT;
	}
	return VR_OK;
}

static int32_t sysreg(struct test_vm *k, uint64_t at, bool is_write, uint64_t *value)
{
	if (at == VR_X86_BUS_INTA && !is_write) {
		if (!atomic_load(&k->requests)) {
			*value = VR_X86_INTA_NONE;
			return VR_OK;
		}
		k->acknowledged++;
		*value = VECTOR;
		if (atomic_fetch_sub(&k->requests, 1) == 1)
			k->accel->vcpu_set_pin(k->vcpu[0], VR_X86_PIN_INTR, 0);
		return VR_OK;
	}
	if (at == VR_X86_BUS_EOI && is_write) {
		k->eois++;
		k->eoi_vector = (uint32_t)*value;
		return VR_OK;
	}
	if (at == VR_X86_BUS_CR8 && k->has_cr8) {
		if (is_write)
			k->cr8 = *value;
		else
			*value = k->cr8;
		return VR_OK;
	}
	if (at == 0x40000105 && k->has_msr) {
		if (is_write)
			k->msr = *value;
		else
			*value = k->msr;
		return VR_OK;
	}
	return VR_E_NOENT;
}

static int32_t VR_CALL bus_access(const struct vr_host *host, uint32_t space, uint32_t vcpu, uint64_t address,
				  uint32_t width, uint32_t is_write, uint64_t *value)
{
	struct test_vm *k = of(host);

	if (width != 1 && width != 2 && width != 4 && width != 8)
		return VR_E_INVAL;
	if (k->on_bus && k->on_bus(k, space, vcpu, address, width, is_write != 0, value) == VR_OK)
		return VR_OK;
	if (space == VR_SPACE_PORT)
		return port(k, vcpu, address, width, is_write != 0, value);
	if (space == VR_SPACE_MMIO)
		return mmio(k, vcpu, address, width, is_write != 0, value);
	return sysreg(k, address, is_write != 0, value);
}
static const struct vr_host_mmio mmio_table = {.size = sizeof(mmio_table), .access = bus_access};

void test_request(struct test_vm *k, uint32_t n)
{
	atomic_fetch_add(&k->requests, n);
	k->accel->vcpu_set_pin(k->vcpu[0], VR_X86_PIN_INTR, 1);
}

static uint64_t VR_CALL timer_now(const struct vr_host *host)
{
	return of(host)->now;
}
static const struct vr_host_timer timer = {.size = sizeof(timer), .now = timer_now};

/* ---- all of it ------------------------------------------------------------------------------- */
static const void *VR_CALL query(const struct vr_host *host, const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} tables[] = {
		{VR_LOG_ID, &log_table},   {VR_CONFIG_ID, &config}, {VR_REGISTRY_ID, &registry},
		{VR_MEMORY_ID, &memory},   {VR_THREAD_ID, &thread}, {VR_MACHINE_ID, &machine},
		{VR_MMIO_ID, &mmio_table}, {VR_TIMER_ID, &timer},
	};

	(void)host;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(id, tables[i].id) == 0)
			return tables[i].table;
	return NULL;
}

void test_host_init(struct test_vm *k)
{
	memset(k, 0, sizeof(*k));
	k->host = (struct vr_host){
		.size = sizeof(k->host),
		.abi_major = VR_ABI_MAJOR,
		.abi_minor = VR_ABI_MINOR,
		.query = query,
		.error = host_error,
	};
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->wake, NULL);
	k->ram = __real_mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	k->rom = __real_mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (k->ram == MAP_FAILED || k->rom == MAP_FAILED)
		abort();
}

void test_host_fini(struct test_vm *k)
{
	munmap(k->ram, RAM_SIZE);
	munmap(k->rom, 0x10000);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->wake);
}
