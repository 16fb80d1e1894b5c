/* SPDX-License-Identifier: MIT */
#include "vm.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>
#include <vmrun/facts.h>

/* ---- tests ------------------------------------------------------------------------------------ */
static char reason[2048];

int test_fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	return FAIL;
}

int test_skip(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	return SKIP;
}

int test_main(const struct test_case *tests, size_t n)
{
	unsigned count[3] = {0};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < n; i++) {
		int result;

		reason[0] = 0;
		memset(&test_faults, 0, sizeof(test_faults));
		memset(&test_options, 0, sizeof(test_options));
		result = tests[i].run();
		count[result]++;
		if (result == SKIP)
			printf("skipped %s: %s\n", tests[i].name, reason);
		else if (result == FAIL)
			printf("FAILED %s\n", tests[i].name);
		else
			printf("ok %s\n", tests[i].name);
	}
	printf("%u passed, %u failed, %u skipped\n", count[PASS], count[FAIL], count[SKIP]);
	return count[FAIL] != 0;
}

/* ---- facts -------------------------------------------------------------------------------------- */
static struct {
	char name[32], text[96];
} facts[32];
static uint32_t fact_count;
static char no_kvm[1024];
static bool asked;

static void VR_CALL remember(void *opaque, const char *name, const char *text)
{
	(void)opaque;
	if (fact_count == sizeof(facts) / sizeof(facts[0]))
		return;
	snprintf(facts[fact_count].name, sizeof(facts[0].name), "%s", name);
	snprintf(facts[fact_count].text, sizeof(facts[0].text), "%s", text);
	fact_count++;
}

static void ask(void)
{
	static struct test_vm k;
	const struct vr_plugin *p;
	const struct vr_facts *f;

	if (asked)
		return;
	asked = true;
	test_host_init(&k);
	vmrun_plugin_create(&k.host, "kvm", &p);
	f = p->query(p->self, VR_FACTS_ID);
	if (p->probe(p->self) < 0 || f->facts(p->self, remember, NULL) < 0)
		snprintf(no_kvm, sizeof(no_kvm), "%s", test_error(&k));
	p->destroy(p->self);
	test_host_fini(&k);
	for (uint32_t i = 0; i < fact_count; i++)
		printf("KVM: %s: %s\n", facts[i].name, facts[i].text);
}

const char *test_fact(const char *name)
{
	ask();
	for (uint32_t i = 0; i < fact_count; i++)
		if (strcmp(facts[i].name, name) == 0)
			return facts[i].text;
	return "";
}

bool test_native(void)
{
	return strcmp(test_fact("kernel mode"), "native") == 0;
}

const char *test_no_kvm(void)
{
	ask();
	return no_kvm[0] ? no_kvm : NULL;
}

/* ---- machines -------------------------------------------------------------------------------------- */
int test_start(struct test_vm *k, uint32_t vcpus, const char *irqchip)
{
	struct vr_vm_config c = {.size = sizeof(c), .vcpu_count = vcpus, .arch = "x86_64"};

	c.flags = test_options.debug ? VR_VM_DEBUG : 0;
	test_host_init(k);
	if (test_no_kvm())
		return test_skip("no KVM: %s", test_no_kvm());
	k->irqchip = irqchip;
	k->vcpu_count = vcpus;
	vmrun_plugin_create(&k->host, "kvm", &k->plugin);
	k->self = k->plugin->self;
	k->accel = k->plugin->query(k->self, VR_ACCEL_ID);
	if (k->plugin->probe(k->self) < 0 || k->accel->vm_create(k->self, &c, &k->vm) < 0) {
		k->vm = NULL;
		return test_fail("%s", test_error(k));
	}
	if (k->accel->memory_map(k->vm, 0, 0, SLOT1, k->ram, 0) < 0 ||
	    k->accel->memory_map(k->vm, 1, SLOT1, RAM_SIZE - SLOT1, k->ram + SLOT1, 0) < 0)
		return test_fail("%s", test_error(k));
	test_tables(k);
	return PASS;
}

int test_vcpu(struct test_vm *k, uint32_t index)
{
	if (k->accel->vcpu_create(k->vm, index, &k->vcpu[index]) == VR_OK)
		return PASS;
	k->vcpu[index] = NULL;
	return test_fail("%s", test_error(k));
}

void test_load(struct test_vm *k, const uint8_t *guest, size_t size)
{
	if (size > AP_CODE - ORG)
		abort();
	memcpy(k->ram + ORG, guest, size);
}

int test_get(struct test_vm *k, uint32_t vcpu, struct vr_state_x86 *s)
{
	if (k->accel->vcpu_get_state(k->vcpu[vcpu], VR_STATE_X86_ID, s, sizeof(*s)) == VR_OK)
		return PASS;
	return test_fail("get state: %s", test_error(k));
}

int test_set(struct test_vm *k, uint32_t vcpu, const struct vr_state_x86 *s)
{
	if (k->accel->vcpu_set_state(k->vcpu[vcpu], VR_STATE_X86_ID, s, sizeof(*s)) == VR_OK)
		return PASS;
	return test_fail("set state: %s", test_error(k));
}

int test_enter(struct test_vm *k, uint32_t vcpu, uint32_t mode)
{
	static _Thread_local struct vr_state_x86 s;
	int result = test_get(k, vcpu, &s);

	if (result != PASS)
		return result;
	test_entry(&s, mode);
	return test_set(k, vcpu, &s);
}

int test_open(struct test_vm *k, uint32_t vcpus, const char *irqchip, const uint8_t *guest, size_t size,
	      uint32_t mode)
{
	int result = test_start(k, vcpus, irqchip);

	if (result == PASS)
		result = test_vcpu(k, 0);
	if (result != PASS)
		return result;
	test_load(k, guest, size);
	return test_enter(k, 0, mode);
}

void test_close(struct test_vm *k)
{
	for (uint32_t i = 0; i < TEST_VCPUS; i++)
		if (k->vcpu[i])
			k->accel->vcpu_destroy(k->vcpu[i]);
	if (k->vm)
		k->accel->vm_destroy(k->vm);
	if (k->plugin)
		k->plugin->destroy(k->self);
	k->plugin = NULL;
	test_host_fini(k);
}

/* ---- running ------------------------------------------------------------------------------------------ */
struct watch {
	struct test_vm *k;
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool ended;
};

uint32_t test_patience(void)
{
	const char *slow = getenv("VMRUN_SLOW");
	unsigned long factor = slow ? strtoul(slow, NULL, 10) : 1;

	return 5 * (factor > 0 && factor < 1000 ? (uint32_t)factor : 1);
}

static void *watchdog(void *arg)
{
	struct watch *w = arg;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += test_patience();
	pthread_mutex_lock(&w->lock);
	while (!w->ended) {
		if (pthread_cond_timedwait(&w->over, &w->lock, &until) == ETIMEDOUT) {
			atomic_store(&w->k->timed_out, 1);
			for (uint32_t i = 0; i < w->k->vcpu_count; i++)
				if (w->k->vcpu[i])
					w->k->accel->vcpu_kick(w->k->vcpu[i]);
			until.tv_sec++;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static bool over(struct test_vm *k)
{
	return atomic_load(&k->done) || atomic_load(&k->stopped) || atomic_load(&k->powered) ||
	       atomic_load(&k->timed_out);
}

int test_run(struct test_vm *k)
{
	struct watch w = {.k = k, .lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER};
	struct vr_exit e = {.size = sizeof(e)};
	pthread_t thread;
	int32_t rc = VR_OK;

	atomic_store(&k->stopped, 0);
	pthread_create(&thread, NULL, watchdog, &w);
	while (rc == VR_OK && !over(k)) {
		rc = k->accel->vcpu_run(k->vcpu[0], &e);
		if (rc == VR_OK && e.reason != VR_EXIT_KICK)
			rc = VR_E_INTERNAL;
	}
	pthread_mutex_lock(&w.lock);
	w.ended = true;
	pthread_cond_signal(&w.over);
	pthread_mutex_unlock(&w.lock);
	pthread_join(thread, NULL);
	if (rc < 0 && !test_native() && strstr(test_error(k), "can't emulate"))
		return test_skip("kernel mode is emulated here, and %s", test_error(k));
	if (rc < 0)
		return test_fail("the guest stopped: %s\n%s", test_error(k), k->logged);
	if (atomic_load(&k->timed_out))
		return test_fail("the guest hung");
	return PASS;
}

int test_expect(struct test_vm *k, uint32_t wanted)
{
	int result = test_run(k);

	if (result != PASS)
		return result;
	if (!atomic_load(&k->done) || k->result != wanted)
		return test_fail("result 0x%x, not 0x%x (power %u)\n%s", k->result, wanted,
				 atomic_load(&k->powered), k->logged);
	return PASS;
}

uint64_t test_u64(const struct test_vm *k, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, k->ram + OUT_AREA + offset, sizeof(value));
	return value;
}

uint32_t test_u32(const struct test_vm *k, uint32_t offset)
{
	return (uint32_t)test_u64(k, offset);
}
