/* SPDX-License-Identifier: MIT */
/*
 * count.c: how much host code the translator makes of fixed guest snippets.
 *
 * Each snippet of the file runs on the software engine, tier 2, in a loop of the driver's. The emitter's
 * table is wrapped: the wrapper decodes the code of every region of the snippet's page. Then the snippet runs
 * once and twice under the processor's trap flag, where each trap inside the code cache is an instruction
 * that ran: the difference is what a run costs once code is linked and its data are in the TLB. Nothing is
 * timed, so the numbers are the same on a busy machine. They are compared with the file that is committed.
 *
 * A row: name, guest bytes, host instructions, host bytes, host instructions that a run executes. What the
 * row `empty` has (the entry, and the way back to the driver) is taken away from the other rows.
 */
#include <Zydis/Zydis.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <ucontext.h>
#include <unistd.h>

#include <emit/x86/x86.h>

#include "../../tests/diff/isa.h"
#include "snippets.h"

#define PAGE (DIFF_CODE_PAGE + 0x1000) /* the snippet lies at its start */
_Static_assert(DIFF_CODE + COUNT_AWAY == PAGE, "the driver goes to the snippet");
#define TRAP_FLAG 0x100ull

struct counts {
	long guest, host, bytes, run;
};

static struct counts now;
static uint64_t first, end; /* of the code cache */
static int stepping;
static ZydisDecoder decoder;

/* After the call of the slow path for memory come 8 bytes of data, the access's descriptor:
 * emit/common/ool.c. */
static int is_slow_call(const struct vr_emit_job *job, uint32_t at, size_t length)
{
	if (length != 5 || job->write[at] != 0xe8)
		return 0;
	for (uint32_t i = 0; i < job->point_count; i++)
		if (vr_fault_offset(job->points[i]) == at + 5)
			return 1;
	return 0;
}

static void add_code(const struct vr_emit_job *job)
{
	ZydisDecodedInstruction insn;

	now.bytes += job->code_size;
	for (uint32_t at = 0; at < job->code_size;) {
		if (job->write[at] == 0xcc) { /* padding */
			at++;
			continue;
		}
		if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, job->write + at,
								job->code_size - at, &insn))) {
			fprintf(stderr, "count: host code that Zydis does not know at offset %u\n", at);
			exit(1);
		}
		now.host++;
		at += insn.length + (is_slow_call(job, at, insn.length) ? 8u : 0u);
	}
}

static int32_t VR_CALL region(struct vr_emit_vm *vm, struct vr_emit_job *job)
{
	int32_t rc = x86_emit.region(vm, job);

	if (rc == VR_OK && job->pc_base == PAGE)
		add_code(job);
	return rc;
}

static int32_t VR_CALL create(const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
			      uint64_t capacity, uint64_t *used, struct vr_emit_vm **out)
{
	first = execute;
	end = execute + capacity;
	return x86_emit.create(e, write, execute, capacity, used, out);
}

/*
 * C code that generated code calls is not stepped through: it may clear megabytes. At its first instruction
 * the return address, which lies in the code cache, is replaced by that of resume, which sets the trap flag
 * again and goes on there.
 */
uint64_t count_return;
extern const char count_resume[];
__asm__(".pushsection .text\n"
	"count_resume:\n\t"
	"push count_return(%rip)\n\t"
	"pushfq\n\t"
	"orq $0x100, (%rsp)\n\t"
	"popfq\n\t"
	"ret\n"
	".popsection");

static void trapped(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	greg_t *r = u->uc_mcontext.gregs;
	uint64_t rip = (uint64_t)r[REG_RIP], *top = (uint64_t *)(uintptr_t)r[REG_RSP];

	/* The instruction before was generated code's. Without that, a word which an earlier call has left on the stack of
	 * C code that enters generated code might look like a return address. */
	static bool from_generated;

	(void)number, (void)info;
	if (rip >= first && rip < end) {
		now.run++;
		from_generated = true;
		return;
	}
	if (from_generated && *top >= first && *top < end) {
		count_return = *top;
		*top = (uint64_t)(uintptr_t)count_resume;
		r[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	}
	from_generated = false;
}

static void trap_flag(int on)
{
	uint64_t flags;

	/* The red zone is stepped over: push would write into it. */
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tpop %0\n\tlea 128(%%rsp), %%rsp" : "=r"(flags));
	flags = on ? flags | TRAP_FLAG : flags & ~TRAP_FLAG;
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %0\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
			 :
			 : "r"(flags)
			 : "cc", "memory");
}

static void VR_CALL enter(struct vr_emit_vm *vm, struct vr_exec *x, uint64_t target)
{
	if (stepping)
		trap_flag(1);
	x86_emit.enter(vm, x, target);
	if (stepping)
		trap_flag(0);
}

/* Run the snippet `times` times; 0, or -1: it did not come to the driver's end. */
static int run(struct diff_machine *m, uint32_t times)
{
	static struct diff_case c;

	for (uint32_t i = 0; i < DIFF_REGISTERS; i++) {
		c.x[i] = 3 * i + 7;
		c.v[i][0] = c.v[i][1] =
			0x3ff800003fc00000; /* 1.5 as a double, and in its low half as a float */
	}
	c.x[19] = DIFF_WINDOW + 0x1000;
	c.x[20] = DIFF_WINDOW + 0x2000;
	c.x[21] = 16;
	c.x[22] = times + 1;
	for (uint64_t at = DIFF_WINDOW; at < DIFF_WINDOW + DIFF_WINDOW_BYTES; at += 8)
		memcpy(m->ram + (at - DIFF_RAM), &c.v[0][0], 8);
	return diff_isa.enter(m, &c) || diff_machine_run(m) ? -1 : 0;
}

static int count(struct diff_machine *m, const uint8_t *block)
{
	uint32_t length;
	long once;
	int rc;

	memcpy(&length, block + COUNT_CODE - 4, 4);
	memcpy(m->ram + (PAGE - DIFF_RAM), block + COUNT_CODE, COUNT_BLOCK - COUNT_CODE);
	m->accel->memory_written(m->vm, DIFF_CODE_PAGE, DIFF_CODE_BYTES);
	now = (struct counts){.guest = length};
	/* The second run links what the first one translated. */
	rc = run(m, 2) || run(m, 2);
	stepping = 1;
	rc = rc || run(m, 1);
	once = now.run;
	now.run = 0;
	rc = rc || run(m, 2);
	now.run -= once;
	stepping = 0;
	return rc ? -1 : 0;
}

static int count_file(const char *path)
{
	static uint8_t block[COUNT_BLOCK];
	static struct vr_emit emit;
	struct counts empty = {0};
	struct diff_machine m;
	FILE *f = fopen(path, "rb");
	int rows = 0;

	emit = x86_emit;
	emit.region = region;
	emit.create = create;
	emit.enter = enter;
	if (!f || diff_machine_open(&m, 2, diff_isa.isa, &emit, DIFF_RAM, DIFF_RAM_BYTES)) {
		fprintf(stderr, "count: can't open '%s' or the engine\n", path);
		return 1;
	}
	diff_isa.vectors(m.ram + (DIFF_VECTORS - DIFF_RAM));
	if (fread(block, sizeof(block), 1, f) == 1)
		memcpy(m.ram + (DIFF_CODE - DIFF_RAM), block + COUNT_CODE, COUNT_AWAY);
	printf("# %-18s %6s %6s %6s %6s\n", "snippet", "guest", "host", "bytes", "run");
	for (; fread(block, sizeof(block), 1, f) == 1; rows++) {
		if (count(&m, block)) {
			fprintf(stderr, "count: snippet '%.*s' did not run to its end\n", COUNT_NAME,
				(const char *)block);
			return 1;
		}
		printf("%-20.*s %6ld %6ld %6ld %6ld\n", COUNT_NAME, (const char *)block, now.guest,
		       now.host - empty.host, now.bytes - empty.bytes, now.run - empty.run);
		if (!rows)
			empty = now;
	}
	fclose(f);
	diff_machine_close(&m);
	return rows ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};

	if (argc != 2) {
		fprintf(stderr, "usage: count SNIPPETS.bin\n");
		return 2;
	}
	/* How long an address is in an instruction must not depend on where the kernel put things. */
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE) && personality(ADDR_NO_RANDOMIZE) != -1)
		execv("/proc/self/exe", argv);
	sigaction(SIGTRAP, &act, NULL);
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return count_file(argv[1]);
}
