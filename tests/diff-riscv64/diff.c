/* SPDX-License-Identifier: MIT */
/*
 * diff.c: `test-diff-riscv64 [-n INSTRUCTIONS] [-s SEED] [-r ROW-PREFIX] [-v]`: random RV64GC through tier 0,
 * tier 1 and qemu-riscv64, registers, flags and memory compared exactly. A case that differs is printed as
 * the words to disassemble and the first differing places. The last line is the count of cases.
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
	compare_word("stopped at half ", 0, want->stop, got->stop, &n);
	compare_word("why ", 0, want->why, got->why, &n);
	for (int i = 0; i < 32; i++)
		compare_word("x", i, want->x[i], got->x[i], &n);
	for (int i = 0; i < 32; i++)
		compare_word("f", i, want->f[i], got->f[i], &n);
	compare_word("fcsr", 0, want->fcsr, got->fcsr, &n);
	compare_word("memory hash", 0, want->hash, got->hash, &n);
	return n;
}

/* One instruction at half i. */
static uint32_t insn_at(const struct diff_case *c, uint32_t i)
{
	uint32_t low = c->code[i];

	return (low & 3) == 3 ? low | (uint32_t)c->code[i + 1] << 16 : low;
}

static uint32_t next_after(const struct diff_case *c, uint32_t i)
{
	return i + ((c->code[i] & 3) == 3 ? 2 : 1);
}

static void show(const struct diff_case *c, const char *tier)
{
	if (shown++ >= 12)
		return;
	printf("  %s differs; fcsr %02x, %u halves:", tier, c->fcsr, c->halves);
	for (uint32_t i = 0, n = 0; i < c->halves; i = next_after(c, i), n++)
		printf("%s%0*x", n % 12 ? " " : "\n    ", (c->code[i] & 3) == 3 ? 8 : 4, insn_at(c, i));
	printf("\n");
}

static int run_reference(const char *runner, const char *cases, const char *results)
{
	char command[1024];

	snprintf(command, sizeof(command), "qemu-riscv64 -cpu rv64 %s %s %s", runner, cases, results);
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
	uint32_t ends[MOST];

	for (uint32_t at = next_after(c, 0); at < c->halves && n < MOST; at = next_after(c, at), n++) {
		cases[n] = *c;
		ends[n] = at;
		for (uint32_t i = at; i < c->halves; i++)
			cases[n].code[i] = DIFF_END;
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

			printf("    first wrong after half %u: %08x\n", from, insn_at(c, from));
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
			fprintf(stderr,
				"usage: test-diff-riscv64 [-n INSTRUCTIONS] [-s SEED] [-r ROW-PREFIX] [-t "
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
		fprintf(stderr, "test-diff-riscv64: no memory\n");
		return 2;
	}
	write_all(in, cases, count * sizeof(*cases));
	if (run_reference(runner, in, out)) {
		fprintf(stderr, "test-diff-riscv64: qemu-riscv64 could not run %s; install qemu-user\n",
			runner);
		return 2;
	}
	FILE *f = fopen(out, "rb");

	if (!f || fread(want, sizeof(*want), count, f) != count) {
		fprintf(stderr, "test-diff-riscv64: the reference run ended early\n");
		return 2;
	}
	fclose(f);
	unlink(in);
	unlink(out);

	unsigned passed = 0, failed = 0;
	uint64_t executed = 0;

	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < want[i].stop && k < cases[i].halves; k = next_after(&cases[i], k)) {
			diff_cover(insn_at(&cases[i], k));
			executed++;
		}
	}
	for (unsigned tier = 0; tier < 2; tier++) {
		if (!(tiers & 1u << tier))
			continue;
		struct diff_engine *e = diff_engine_new(tier);
		unsigned bad = 0;

		if (!e) {
			fprintf(stderr, "test-diff-riscv64: no engine for tier %u\n", tier);
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
	free(cases);
	free(want);

	unsigned rows, rows_hit, classes;

	printf("coverage by decode-table row:\n");
	unsigned missing = diff_coverage(stdout, &rows, &rows_hit, &classes);

	printf("%llu instructions in %zu cases; %u of %u rows and %u opcode classes hit, %u rows without a "
	       "test\n",
	       (unsigned long long)executed, count, rows_hit, rows, classes, g.only ? 0 : missing);
	if (!g.only)
		failed += missing;
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
