/* SPDX-License-Identifier: MIT */
/*
 * main.c: run rows and time them by the machine's own clock.
 *
 *   bench [ROW...]            for each: "@ NAME NS CHECKSUM ok|WRONG"; all without names
 *   bench clock               "clock NS", to compare with a clock outside
 *   bench data BYTES          text to compress, on standard output
 *   bench exec NAME FILE COMMAND   "@ NAME NS CRC ok|exit-N" for a program; CRC-32 of what it printed and
 * left in FILE
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static const struct row {
	const char *name;
	uint64_t (*run)(uint64_t n);
	uint64_t n, checksum;
} rows[] = {
#define ROW(name, amount, checksum) {#name, bench_##name, amount, checksum},
#include "rows.def"
#undef ROW
};

static uint64_t started, took;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void bench_start(void)
{
	started = now();
}

void bench_stop(void)
{
	took = now() - started;
}

void bench_fail(const char *what)
{
	perror(what);
	exit(1);
}

void *bench_memory(uint64_t bytes)
{
	void *p =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		bench_fail("mmap");
	return p;
}

static int run(const struct row *r)
{
	uint64_t sum = r->run(r->n);
	int right = sum == r->checksum;

	printf("@ %s %" PRIu64 " %016" PRIx64 " %s\n", r->name, took, sum, right ? "ok" : "WRONG");
	fflush(stdout);
	return !right;
}

/* Words of a small vocabulary and some digits: compresses to about a third, like text. */
static int data(uint64_t bytes)
{
	uint64_t x = 88172645463325252u, done = 0;
	char line[80];

	while (done < bytes) {
		size_t n = 0;

		while (n < 64) {
			uint64_t word = bench_random(&x) % 4096, length = 2 + word % 7;

			for (uint64_t i = 0; i < length; i++)
				line[n++] = (char)('a' + (word >> i) * (i + 3) % 26);
			line[n++] = word % 11 ? ' ' : (char)('0' + (x >> 40) % 10);
		}
		line[n++] = '\n';
		if (n > bytes - done)
			n = bytes - done;
		if (fwrite(line, 1, n, stdout) != n)
			return 1;
		done += n;
	}
	return 0;
}

static uint32_t crc32(uint32_t c, const unsigned char *p, size_t n)
{
	static uint32_t table[256];

	for (uint32_t i = 0; !table[255] && i < 256; i++) {
		table[i] = i;
		for (int k = 0; k < 8; k++)
			table[i] = table[i] >> 1 ^ (0xedb88320u & -(table[i] & 1));
	}
	while (n--)
		c = table[(c ^ *p++) & 255] ^ c >> 8;
	return c;
}

static uint32_t crc_of(uint32_t c, int fd)
{
	unsigned char bytes[16384];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		c = crc32(c, bytes, (size_t)n);
	return c;
}

/* The file's part of the answer is read when the clock has stopped. */
static int exec(const char *name, const char *file, char **argv)
{
	uint32_t c = UINT32_MAX;
	int pipe_[2], status, fd;
	uint64_t begun;
	pid_t pid;

	if (pipe(pipe_) < 0)
		bench_fail("pipe");
	begun = now();
	pid = fork();
	if (pid < 0)
		bench_fail("fork");
	if (!pid) {
		dup2(pipe_[1], 1);
		close(pipe_[0]);
		close(pipe_[1]);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	close(pipe_[1]);
	c = crc_of(c, pipe_[0]);
	if (waitpid(pid, &status, 0) < 0)
		bench_fail("waitpid");
	took = now() - begun;
	fd = open(file, O_RDONLY);
	if (fd >= 0)
		c = crc_of(c, fd);
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	printf("@ %s %" PRIu64 " %08" PRIx32 " ", name, took, ~c);
	if (status)
		printf("exit-%d\n", status);
	else
		puts("ok");
	return status;
}

int main(int argc, char **argv)
{
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	cpu_set_t one;
	int bad = 0;

	/* One processor, as the guests have: two processes that talk must take turns. */
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);

	if (argc == 2 && !strcmp(argv[1], "clock"))
		return printf("clock %" PRIu64 "\n", now()) < 0;
	if (argc == 3 && !strcmp(argv[1], "data"))
		return data(strtoull(argv[2], NULL, 10));
	if (argc >= 5 && !strcmp(argv[1], "exec"))
		return exec(argv[2], argv[3], argv + 4);
	for (int a = 1; a < argc || (argc == 1 && a == 1); a++) {
		size_t i;

		for (i = 0; i < count; i++)
			if (argc == 1 || !strcmp(argv[a], rows[i].name)) {
				bad |= run(&rows[i]);
				if (argc > 1)
					break;
			}
		if (argc > 1 && i == count) {
			fprintf(stderr, "bench: no row %s\n", argv[a]);
			bad = 1;
		}
	}
	return bad;
}
