/* SPDX-License-Identifier: MIT */
/*
 * diff.c: `test-diff[-riscv64] [-n INSTRUCTIONS] [-s SEED] [-r ROW-PREFIX] [-v]`: random guest instructions
 * through tier 0, tier 2, tier 2 whose emitter refuses some ops, tier 1, and the reference (qemu's user mode): registers,
 * flags and memory compared exactly. A case that differs is printed as the instructions to disassemble and the first differing places. The last
 * line is the count of cases.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../tmp.h"
#include "engine.h"
#include "isa.h"

static unsigned shown;

static void compare_word(const char *what, int i, uint64_t want, uint64_t got, unsigned *n)
{
	char number[12] = "";

	if (want == got)
		return;
	if (i >= 0)
		snprintf(number, sizeof(number), "%d", i);
	if (shown < 12 && *n < 8)
		printf("    %s%s: reference %016llx, ours %016llx\n", what, number, (unsigned long long)want,
		       (unsigned long long)got);
	(*n)++;
}

/* Differences between two results. */
static unsigned compare(const struct diff_result *want, const struct diff_result *got)
{
	unsigned n = 0;

	if (!memcmp(want, got, sizeof(*want)))
		return 0;
	compare_word("stopped at half ", -1, want->stop, got->stop, &n);
	compare_word("why ", -1, want->why, got->why, &n);
	for (int i = 0; i < DIFF_REGISTERS; i++) {
		int named = i == 31 && diff_isa.x31;

		compare_word(named ? diff_isa.x31 : diff_isa.x, named ? -1 : i, want->x[i], got->x[i], &n);
	}
	for (int i = 0; i < DIFF_REGISTERS; i++) {
		compare_word(diff_isa.v, i, want->v[i][0], got->v[i][0], &n);
		compare_word("its high half: ", i, want->v[i][1], got->v[i][1], &n);
	}
	for (int i = 0; i < DIFF_STATUS; i++)
		if (diff_isa.status[i])
			compare_word(diff_isa.status[i], -1, want->status[i], got->status[i], &n);
	compare_word("memory hash", -1, want->hash, got->hash, &n);
	return n;
}

static void show(const struct diff_case *c, const char *tier)
{
	if (shown++ >= 12)
		return;
	printf("  %s differs;", tier);
	for (int i = 0; i < DIFF_STATUS; i++)
		if (diff_isa.status[i])
			printf(" %s %08x,", diff_isa.status[i], c->status[i]);
	printf(" %u halves:", c->halves);
	for (uint32_t i = 0, n = 0; i < c->halves; i = diff_after(c, i), n++) {
		int length = (int)(diff_after(c, i) - i);

		printf("%s%0*x", n % 12 ? " " : "\n    ", 4 * length,
		       length == 2 ? diff_insn_at(c, i) : c->code[i]);
	}
	printf("\n");
}

static int run_reference(const char *runner, const char *cases, const char *results)
{
	char command[4 * PATH_MAX];

	snprintf(command, sizeof(command), "%s '%s' '%s' '%s'", diff_isa.reference, runner, cases, results);
	return system(command);
}

static void write_all(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(data, size, 1, f) != 1 || fclose(f)) {
		perror(path);
		exit(2);
	}
}

static void end_at(struct diff_case *c, uint32_t half)
{
	for (uint32_t i = half; i < c->halves; i += diff_isa.halves(diff_isa.end)) {
		c->code[i] = (uint16_t)diff_isa.end;
		if (diff_isa.halves(diff_isa.end) == 2)
			c->code[i + 1] = (uint16_t)(diff_isa.end >> 16);
	}
}

/* The shortest prefix of the case that still differs tells which instruction is wrong. */
static void shrink(struct diff_engine *e, const char *runner, const struct diff_case *c)
{
	enum { MOST = 400 };
	static struct diff_case cases[MOST];
	static struct diff_result want[MOST];
	uint32_t n = 0, ends[MOST];
	char in[PATH_MAX], out[PATH_MAX + 4];
	int fd = mkstemp(tmp_template(in, "vmrun-diff"));

	if (fd < 0)
		return;
	close(fd);
	snprintf(out, sizeof(out), "%s.out", in);
	for (uint32_t at = diff_after(c, 0); at < c->halves && n < MOST; at = diff_after(c, at), n++) {
		cases[n] = *c;
		ends[n] = at;
		end_at(&cases[n], at);
	}
	write_all(in, cases, n * sizeof(cases[0]));
	FILE *f = run_reference(runner, in, out) == 0 ? fopen(out, "rb") : NULL;

	if (f && fread(want, sizeof(want[0]), n, f) == n)
		for (uint32_t i = 0; i < n; i++) {
			struct diff_result got;
			unsigned count = 0;

			if (diff_engine_run(e, &cases[i], &got) || !memcmp(&got, &want[i], sizeof(got)))
				continue;
			uint32_t from = i > 0 ? ends[i - 1] : 0;

			printf("    first wrong after half %u: %08x\n", from, diff_insn_at(c, from));
			shown = 0;
			count = compare(&want[i], &got);
			(void)count;
			break;
		}
	if (f)
		fclose(f);
	unlink(in);
	unlink(out);
}

int main(int argc, char **argv)
{
	struct diff_generator g = {.seed = 0x1234567, .units = 40};
	uint64_t instructions = 1000000;
	int opt, verbose = 0;
	unsigned tiers = (1u << DIFF_ENGINES) - 1;
	char runner[PATH_MAX], in[PATH_MAX], out[PATH_MAX + 4];

	while ((opt = getopt(argc, argv, "n:s:r:t:u:v")) != -1)
		switch (opt) {
		case 'n':
			instructions = strtoull(optarg, NULL, 0);
			break;
		case 's':
			g.seed = strtoull(optarg, NULL, 0) * 2 + 1;
			break;
		case 'r':
			g.only = optarg;
			break;
		case 't':
			tiers = 1u << atoi(optarg);
			break;
		case 'u':
			g.units = (uint32_t)atoi(optarg);
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			fprintf(stderr,
				"usage: %s [-n INSTRUCTIONS] [-s SEED] [-r ROW-PREFIX] [-t ENGINE] [-u "
				"UNITS] "
				"[-v]\n",
				diff_isa.name);
			return 2;
		}
	snprintf(runner, sizeof(runner), "%s-runner", argv[0]);
	int fd = mkstemp(tmp_template(in, "vmrun-diff"));

	if (fd < 0) {
		perror(diff_isa.name);
		return 2;
	}
	close(fd);
	snprintf(out, sizeof(out), "%s.out", in);

	size_t capacity = 4096, count = 0;
	struct diff_case *cases = malloc(capacity * sizeof(*cases));

	while (cases && g.instructions < instructions) {
		if (count == capacity) {
			capacity *= 2;
			cases = realloc(cases, capacity * sizeof(*cases));
			if (!cases)
				break;
		}
		diff_generate(&g, &cases[count++]);
	}
	struct diff_result *want = calloc(count, sizeof(*want));

	if (!cases || !want) {
		fprintf(stderr, "%s: no memory\n", diff_isa.name);
		return 2;
	}
	write_all(in, cases, count * sizeof(*cases));
	if (run_reference(runner, in, out)) {
		fprintf(stderr, "%s: %s could not run %s; install qemu-user\n", diff_isa.name,
			diff_isa.reference, runner);
		return 2;
	}
	FILE *f = fopen(out, "rb");

	if (!f || fread(want, sizeof(*want), count, f) != count) {
		fprintf(stderr, "%s: the reference run ended early\n", diff_isa.name);
		return 2;
	}
	fclose(f);
	unlink(in);
	unlink(out);

	static const char *const names[DIFF_ENGINES] = {"tier 0", "tier 2", "tier 2, partly refused",
							"tier 1"};
	unsigned passed = 0, failed = 0;
	uint64_t executed = 0;

	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < want[i].stop && k < cases[i].halves; k = diff_after(&cases[i], k)) {
			uint32_t insn = diff_insn_at(&cases[i], k);

			diff_cover(diff_isa.halves(insn) == 2 ? insn : insn & 0xffff);
			executed++;
		}
	}
	for (unsigned tier = 0; tier < DIFF_ENGINES; tier++) {
		if (!(tiers & 1u << tier))
			continue;
		struct diff_engine *e = diff_engine_new(tier);
		unsigned bad = 0;

		if (!e) {
			fprintf(stderr, "%s: no engine for tier %u\n", diff_isa.name, tier);
			return 2;
		}
		for (size_t i = 0; i < count; i++) {
			struct diff_result got;

			if (verbose) {
				printf("case %zu\n", i);
				fflush(stdout);
			}
			if (diff_engine_run(e, &cases[i], &got)) {
				printf("  tier %u: the engine failed on case %zu\n", tier, i);
				bad++;
				continue;
			}
			if (!memcmp(&got, &want[i], sizeof(got)))
				continue;
			if (bad++ < 6) {
				show(&cases[i], names[tier]);
				compare(&want[i], &got);
				shrink(e, runner, &cases[i]);
			}
		}
		printf("%s: %zu cases, %u differ\n", names[tier], count, bad);
		failed += bad;
		passed += (unsigned)count - bad;
		diff_engine_free(e);
	}
	unsigned rows, rows_hit, classes;

	printf("coverage by decode-table row:\n");
	unsigned missing = diff_coverage(stdout, &rows, &rows_hit, &classes);

	printf("%llu instructions in %zu cases; %u of %u rows and %u opcode classes hit, %u rows without a "
	       "test\n",
	       (unsigned long long)executed, count, rows_hit, rows, classes, g.only ? 0 : missing);
	if (!g.only)
		failed += missing;
	free(cases);
	free(want);
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
