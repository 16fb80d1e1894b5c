/* SPDX-License-Identifier: MIT */
/*
 * diff.c: `test-diff [-n INSTRUCTIONS] [-s SEED] [-r ROW-PREFIX] [-v]`: random A64 through tier 0, tier 1 and
 * qemu-aarch64, registers, flags and memory compared exactly. A case that differs is printed as the words to
 * disassemble and the first differing places. The last line is the count of cases.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "generate.h"

static unsigned shown;

static void compare_word(const char *what, int i, uint64_t want, uint64_t got, unsigned *n)
{
	if (want == got)
		return;
	if (shown < 12 && *n < 8)
		printf("    %s%.0d: reference %016llx, ours %016llx\n", what, i, (unsigned long long)want,
		       (unsigned long long)got);
	(*n)++;
}

/* Differences between two results. */
static unsigned compare(const struct diff_result *want, const struct diff_result *got)
{
	unsigned n = 0;

	if (!memcmp(want, got, sizeof(*want)))
		return 0;
	compare_word("stopped at word ", 0, want->stop, got->stop, &n);
	compare_word("why ", 0, want->why, got->why, &n);
	for (int i = 0; i < 31; i++)
		compare_word("x", i, want->x[i], got->x[i], &n);
	compare_word("sp", 0, want->sp, got->sp, &n);
	for (int i = 0; i < 32; i++) {
		compare_word("v.d0 ", i, want->v[i][0], got->v[i][0], &n);
		compare_word("v.d1 ", i, want->v[i][1], got->v[i][1], &n);
	}
	compare_word("nzcv", 0, want->nzcv, got->nzcv, &n);
	compare_word("fpcr", 0, want->fpcr, got->fpcr, &n);
	compare_word("fpsr", 0, want->fpsr, got->fpsr, &n);
	compare_word("memory hash", 0, want->hash, got->hash, &n);
	return n;
}

static void show(const struct diff_case *c, const char *tier)
{
	if (shown++ >= 12)
		return;
	printf("  %s differs; fpcr %08x, %u words:", tier, c->fpcr, c->words);
	for (uint32_t i = 0; i < c->words; i++)
		printf("%s%08x", i % 12 ? " " : "\n    ", c->code[i]);
	printf("\n");
}

static int run_reference(const char *runner, const char *cases, const char *results)
{
	char command[1024];

	snprintf(command, sizeof(command), "qemu-aarch64 -cpu neoverse-n1 %s %s %s", runner, cases, results);
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

/* The shortest prefix of the case that still differs tells which word is wrong. */
static void shrink(struct diff_engine *e, const char *runner, const struct diff_case *c)
{
	enum { MOST = 400 };
	static struct diff_case cases[MOST];
	static struct diff_result want[MOST];
	uint32_t n = 0;
	char in[] = "/tmp/vmrun-diff-XXXXXX", out[64];
	int fd = mkstemp(in);

	if (fd < 0)
		return;
	close(fd);
	snprintf(out, sizeof(out), "%s.out", in);
	for (uint32_t words = 1; words < c->words && n < MOST; words++, n++) {
		cases[n] = *c;
		cases[n].code[words] = 0xd4200000u | DIFF_END << 5;
		for (uint32_t i = words + 1; i < c->words; i++)
			cases[n].code[i] = cases[n].code[words];
	}
	write_all(in, cases, n * sizeof(cases[0]));
	FILE *f = run_reference(runner, in, out) == 0 ? fopen(out, "rb") : NULL;

	if (f && fread(want, sizeof(want[0]), n, f) == n)
		for (uint32_t i = 0; i < n; i++) {
			struct diff_result got;
			unsigned count = 0;

			if (diff_engine_run(e, &cases[i], &got) || !memcmp(&got, &want[i], sizeof(got)))
				continue;
			printf("    first wrong after word %u: %08x (before it %08x %08x)\n", i, c->code[i],
			       i > 1 ? c->code[i - 2] : 0, i > 0 ? c->code[i - 1] : 0);
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
	unsigned tiers = 3;
	char runner[512], in[] = "/tmp/vmrun-diff-XXXXXX", out[64];

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
			fprintf(stderr, "usage: test-diff [-n INSTRUCTIONS] [-s SEED] [-r ROW-PREFIX] [-t "
					"TIER] [-u UNITS] [-v]\n");
			return 2;
		}
	snprintf(runner, sizeof(runner), "%s-runner", argv[0]);
	int fd = mkstemp(in);

	if (fd < 0) {
		perror("test-diff");
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
		fprintf(stderr, "test-diff: no memory\n");
		return 2;
	}
	write_all(in, cases, count * sizeof(*cases));
	if (run_reference(runner, in, out)) {
		fprintf(stderr, "test-diff: qemu-aarch64 could not run %s; install qemu-user\n", runner);
		return 2;
	}
	FILE *f = fopen(out, "rb");

	if (!f || fread(want, sizeof(*want), count, f) != count) {
		fprintf(stderr, "test-diff: the reference run ended early\n");
		return 2;
	}
	fclose(f);
	unlink(in);
	unlink(out);

	unsigned passed = 0, failed = 0;
	uint64_t executed = 0;

	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < want[i].stop && k < cases[i].words; k++)
			diff_cover(cases[i].code[k]);
		executed += want[i].stop;
	}
	for (unsigned tier = 0; tier < 2; tier++) {
		if (!(tiers & 1u << tier))
			continue;
		struct diff_engine *e = diff_engine_new(tier);
		unsigned bad = 0;

		if (!e) {
			fprintf(stderr, "test-diff: no engine for tier %u\n", tier);
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
				show(&cases[i], tier ? "tier 1" : "tier 0");
				compare(&want[i], &got);
				shrink(e, runner, &cases[i]);
			}
		}
		printf("tier %u: %zu cases, %u differ\n", tier, count, bad);
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
