/* SPDX-License-Identifier: MIT */
/*
 * test_machines.c: two machines in one process, of two guest architectures or of one, each on a thread of its own and with
 * a host of its own. Both translate at the same time: each turn changes the program, so that it is translated again. One
 * machine goes on while the other is taken apart, and a new one is made beside it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <criterion/criterion.h>
#include <emit/x86/x86.h>
#include <fake_host/fake_host.h>
#include <isa/arm64/isa.h>
#include <isa/riscv64/isa.h>
#include <vmrun/accel.h>
#include <vmrun/plugin.h>
#include <vmrun/state_arm64.h>
#include <vmrun/state_riscv64.h>

#define PAGES 32u
#define PAGE 4096u

/* sum = 0; do sum += n while (--n); then a call of the firmware, which ends the run. */
static const uint32_t arm64_code[] = {
	0xd2800000, /* movz x0, #0 */
	0xd2800001, /* movz x1, #n */
	0x8b010000, /* add x0, x0, x1 */
	0xf1000421, /* subs x1, x1, #1 */
	0x54ffffc1, /* b.ne -8 */
	0xd4000002, /* hvc #0 */
};
static const uint32_t riscv64_code[] = {
	0x00000513, /* addi a0, zero, 0 */
	0x00000593, /* addi a1, zero, n */
	0x00b50533, /* add a0, a0, a1 */
	0xfff58593, /* addi a1, a1, -1 */
	0xfe059ce3, /* bne a1, zero, -8 */
	0x00000073, /* ecall */
};

struct guest {
	const struct vr_isa *isa;
	const uint32_t *code;
	uint32_t words, n_shift; /* where the program's second instruction holds n */
	uint64_t ram;
	uint32_t pc, result, state_size; /* offsets in the state */
	void (*mode)(void *state);       /* one that may call the firmware */
};

static void arm64_mode(void *state)
{
	((struct vr_state_arm64 *)state)->pstate = 0x3c5; /* EL1h, DAIF */
}

static void riscv64_mode(void *state)
{
	((struct vr_state_riscv64 *)state)->privilege = 1;
}

static const struct guest arm64 = {&a64_isa,
				   arm64_code,
				   sizeof(arm64_code) / 4,
				   5,
				   0x40000000,
				   offsetof(struct vr_state_arm64, pc),
				   offsetof(struct vr_state_arm64, x),
				   sizeof(struct vr_state_arm64),
				   arm64_mode};
static const struct guest riscv64 = {&rv_isa,
				     riscv64_code,
				     sizeof(riscv64_code) / 4,
				     20,
				     0x80000000,
				     offsetof(struct vr_state_riscv64, pc),
				     offsetof(struct vr_state_riscv64, x[10]),
				     sizeof(struct vr_state_riscv64),
				     riscv64_mode};

struct box {
	const struct guest *g;
	struct vr_fake_host *host;
	const struct vr_plugin *plugin;
	const struct vr_accel *a;
	struct vr_vm *vm;
	struct vr_vcpu *vcpu;
	uint8_t *ram;
	uint32_t turns;     /* 0: until stop */
	atomic_uint stop;   /* set by the other side */
	atomic_uint turned; /* programs that ran */
	const char *wrong;
};

static int32_t VR_CALL ends(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct box *b = opaque;

	(void)vcpu, (void)kind, (void)regs;
	b->a->vcpu_kick(b->vcpu);
	return VR_OK;
}

static void box_open(struct box *b, const struct guest *g, uint32_t turns)
{
	const struct vr_vm_config c = {.size = sizeof(c),
				       .vcpu_count = 1,
				       .arch = g->isa->arch,
				       .isa = g->isa,
				       .emitter = &x86_emit,
				       .translator_id = g->isa->arch,
				       .flags = VR_VM_STATS};

	memset(b, 0, sizeof(*b));
	b->g = g;
	b->turns = turns;
	b->host = vr_fake_host_new(g->isa->arch, 1, PAGES * PAGE);
	cr_assert(b->host);
	b->host->hypercall_opaque = b;
	b->host->hypercall = ends;
	cr_assert_eq(vmrun_plugin_create(b->host->host, "soft", &b->plugin), VR_OK);
	cr_assert_eq(b->plugin->probe(b->plugin->self), VR_OK);
	b->a = b->plugin->query(b->plugin->self, VR_ACCEL_ID);
	b->ram = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_eq(b->a->vm_create(b->plugin->self, &c, &b->vm), VR_OK);
	cr_assert_eq(b->a->memory_map(b->vm, 0, g->ram, PAGES * PAGE, b->ram, 0), VR_OK);
}

/* One program, in page `turn`; NULL, or what is wrong. */
static const char *turn_once(struct box *b, uint32_t turn)
{
	static _Thread_local union {
		uint8_t bytes[sizeof(struct vr_state_arm64) + sizeof(struct vr_state_riscv64)];
		uint64_t align;
	} state;
	const struct guest *g = b->g;
	uint32_t page = turn % PAGES, code[8];
	uint64_t n = 1 + turn % 1000, pc = g->ram + page * PAGE, sum;
	struct vr_exit e = {.size = sizeof(e)};

	memcpy(code, g->code, g->words * 4);
	code[1] |= (uint32_t)n << g->n_shift;
	memcpy(b->ram + page * PAGE, code, g->words * 4);
	b->a->memory_written(b->vm, pc, g->words * 4);
	memset(&state, 0, sizeof(state));
	memcpy(state.bytes, &g->state_size, sizeof(g->state_size));
	memcpy(state.bytes + g->pc, &pc, sizeof(pc));
	g->mode(&state);
	if (b->a->vcpu_set_state(b->vcpu, g->isa->state_id, state.bytes, g->state_size) < 0)
		return "vcpu_set_state";
	if (b->a->vcpu_run(b->vcpu, &e) < 0 || e.reason != VR_EXIT_KICK)
		return "vcpu_run";
	if (b->a->vcpu_get_state(b->vcpu, g->isa->state_id, state.bytes, g->state_size) < 0)
		return "vcpu_get_state";
	memcpy(&sum, state.bytes + g->result, sizeof(sum));
	return sum == n * (n + 1) / 2 ? NULL : "the sum";
}

static void *box_run(void *arg)
{
	struct box *b = arg;

	if (b->a->vcpu_create(b->vm, 0, &b->vcpu) < 0) {
		b->wrong = "vcpu_create";
		return NULL;
	}
	for (uint32_t t = 0; !b->wrong && (b->turns ? t < b->turns : !atomic_load(&b->stop)); t++) {
		b->wrong = turn_once(b, t);
		atomic_fetch_add(&b->turned, 1);
	}
	return NULL;
}

struct wanted {
	const char *name;
	uint64_t value;
};

static void VR_CALL note(void *opaque, const char *name, uint32_t kind, uint64_t value)
{
	struct wanted *w = opaque;

	(void)kind;
	if (!strcmp(name, w->name))
		w->value = value;
}

static uint64_t counter(struct box *b, const char *name)
{
	struct wanted w = {.name = name, .value = UINT64_MAX};

	b->a->stats(b->vm, note, &w);
	return w.value;
}

static void box_close(struct box *b)
{
	cr_expect_null(b->wrong, "%s: %s, turn %u", b->g->isa->arch, b->wrong, atomic_load(&b->turned));
	/* Each turn was translated anew, and the code was entered. */
	cr_expect_geq(counter(b, "translations"), atomic_load(&b->turned));
	cr_expect_geq(counter(b, "region_entries"), atomic_load(&b->turned));
	cr_expect_eq(counter(b, "interpreted_blocks"), 0);
	b->a->vcpu_destroy(b->vcpu);
	b->a->vm_destroy(b->vm);
	munmap(b->ram, PAGES * PAGE);
	b->plugin->destroy(b->plugin->self);
	cr_expect_eq(b->host->finding_count, 0, "%s", b->host->finding[0]);
	vr_fake_host_free(b->host);
}

#define TURNS 6000u

static void two(const struct guest *one, const struct guest *other)
{
	static struct box a, b, c;
	pthread_t ta, tb, tc;

	box_open(&a, one, TURNS);
	box_open(&b, other, 0);
	cr_assert_eq(pthread_create(&ta, NULL, box_run, &a), 0);
	cr_assert_eq(pthread_create(&tb, NULL, box_run, &b), 0);
	pthread_join(ta, NULL);
	box_close(&a);
	/* The other one goes on without it, and beside a new one. */
	box_open(&c, one, TURNS);
	cr_assert_eq(pthread_create(&tc, NULL, box_run, &c), 0);
	pthread_join(tc, NULL);
	box_close(&c);
	atomic_store(&b.stop, 1);
	pthread_join(tb, NULL);
	cr_expect_gt(atomic_load(&b.turned), 1);
	box_close(&b);
}

Test(machines, of_two_architectures, .timeout = 120)
{
	two(&arm64, &riscv64);
}

Test(machines, of_one_architecture, .timeout = 120)
{
	two(&arm64, &arm64);
	two(&riscv64, &riscv64);
}
