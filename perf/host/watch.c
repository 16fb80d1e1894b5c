/* SPDX-License-Identifier: MIT */
/*
 * watch.c: run a machine and measure it from outside, the same way whichever it is.
 *
 *   watch [-t SECONDS] [-r MIB] [-m MARK] LOG COMMAND...
 *
 * The command's standard output goes to LOG, each line behind the nanoseconds since exec at which its first
 * byte came; standard error goes to LOG.err. Standard input is empty. Then, on our standard output, what was
 * measured:
 *
 *   wall NS        from exec to exit, less the time it was stopped
 *   exit N         its exit status, 128 + a signal's number, or 124 when the time was up and it was killed
 *   mark NS        when the first line with MARK came
 *   ram KIB        resident guest RAM at that time
 *   rss KIB        the rest of the process's resident memory
 *   pss KIB        the same, pages that are mapped several times by their share (smaps, proc(5))
 *
 * At the mark the process is stopped while its smaps is read. Guest RAM is the run of adjoining private
 * anonymous mappings, readable, writable and not executable, whose size is the least that reaches MIB: both
 * machines map RAM in one piece, and a kernel may show one piece as several mappings.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct memory {
	uint64_t rss, pss, ram_rss, ram_pss; /* KiB */
};

struct run {
	uint64_t length, end, rss, pss; /* bytes, address, KiB, KiB */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void end_run(const struct run *r, uint64_t ram, uint64_t *best, struct memory *m)
{
	if (r->length < ram || r->length >= *best)
		return;
	*best = r->length;
	m->ram_rss = r->rss;
	m->ram_pss = r->pss;
}

/* 1: `m` is filled. */
static int read_memory(pid_t pid, uint64_t ram, struct memory *m)
{
	char path[64], line[512], perms[5];
	uint64_t start, end, inode, kib, best = UINT64_MAX;
	struct run run = {0};
	int plain = 0;
	FILE *f;

	memset(m, 0, sizeof(*m));
	snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64, &start, &end, perms,
			   &inode) == 4) {
			plain = !strcmp(perms, "rw-p") && !inode && !strchr(line, '[');
			if (!plain || start != run.end) {
				end_run(&run, ram, &best, m);
				memset(&run, 0, sizeof(run));
			}
			if (plain) {
				run.length += end - start;
				run.end = end;
			}
		} else if (sscanf(line, "Rss: %" SCNu64, &kib) == 1) {
			m->rss += kib;
			run.rss += plain ? kib : 0;
		} else if (sscanf(line, "Pss: %" SCNu64, &kib) == 1) {
			m->pss += kib;
			run.pss += plain ? kib : 0;
		}
	}
	fclose(f);
	end_run(&run, ram, &best, m);
	return best != UINT64_MAX;
}

static pid_t start(char **argv, const char *errors, int *from)
{
	int pipe_[2];
	pid_t pid;

	if (pipe(pipe_) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);
		int err = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 0);
		dup2(pipe_[1], 1);
		dup2(err, 2);
		close(null);
		close(err);
		close(pipe_[0]);
		close(pipe_[1]);
		execvp(argv[0], argv);
		dprintf(2, "watch: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(pipe_[1]);
	*from = pipe_[0];
	return pid;
}

struct watch {
	const char *mark;
	uint64_t ram, begun, deadline, stopped;
	pid_t pid;
	FILE *log;
	char line[4096];
	size_t length;
	uint64_t line_at;
};

static void at_mark(struct watch *w)
{
	struct memory m;
	uint64_t t = now();

	printf("mark %" PRIu64 "\n", w->line_at - w->begun);
	kill(w->pid, SIGSTOP);
	if (read_memory(w->pid, w->ram, &m))
		printf("ram %" PRIu64 "\nrss %" PRIu64 "\npss %" PRIu64 "\n", m.ram_rss, m.rss - m.ram_rss,
		       m.pss - m.ram_pss);
	kill(w->pid, SIGCONT);
	w->stopped += now() - t;
	w->mark = NULL;
}

static void take(struct watch *w, const char *bytes, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i++) {
		if (!w->length)
			w->line_at = at;
		if (bytes[i] != '\n' && w->length < sizeof(w->line) - 1) {
			if (bytes[i] != '\r')
				w->line[w->length++] = bytes[i];
			continue;
		}
		w->line[w->length] = 0;
		fprintf(w->log, "%" PRIu64 " %s\n", w->line_at - w->begun, w->line);
		w->length = 0;
		if (w->mark && strstr(w->line, w->mark))
			at_mark(w);
	}
}

/* 1: the time was up. */
static int follow(struct watch *w, int from)
{
	char bytes[4096];

	for (;;) {
		uint64_t t = now();
		struct pollfd p = {.fd = from, .events = POLLIN};
		ssize_t n;

		if (t >= w->deadline)
			return 1;
		if (poll(&p, 1, (int)((w->deadline - t) / 1000000u) + 1) <= 0)
			continue;
		n = read(from, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		take(w, bytes, (size_t)n, now());
	}
}

int main(int argc, char **argv)
{
	struct watch w = {0};
	uint64_t seconds = 120, ended;
	int option, from = -1, status = 0, late;
	char errors[4096];

	while ((option = getopt(argc, argv, "+t:r:m:")) != -1) {
		if (option == 't')
			seconds = strtoull(optarg, NULL, 10);
		else if (option == 'r')
			w.ram = strtoull(optarg, NULL, 10) << 20;
		else if (option == 'm')
			w.mark = optarg;
		else
			return 2;
	}
	if (argc - optind < 2) {
		fputs("usage: watch [-t SECONDS] [-r MIB] [-m MARK] LOG COMMAND...\n", stderr);
		return 2;
	}
	w.log = fopen(argv[optind], "we");
	if (!w.log) {
		fprintf(stderr, "watch: %s: %s\n", argv[optind], strerror(errno));
		return 1;
	}
	snprintf(errors, sizeof(errors), "%s.err", argv[optind]);
	w.begun = now();
	w.deadline = w.begun + seconds * 1000000000u;
	w.pid = start(argv + optind + 1, errors, &from);
	if (w.pid < 0) {
		fprintf(stderr, "watch: %s\n", strerror(errno));
		fclose(w.log);
		return 1;
	}
	late = follow(&w, from);
	if (late)
		kill(w.pid, SIGKILL);
	while (waitpid(w.pid, &status, 0) < 0 && errno == EINTR)
		;
	ended = now();
	if (w.length)
		take(&w, "\n", 1, ended);
	fclose(w.log);
	printf("wall %" PRIu64 "\nexit %d\n", ended - w.begun - w.stopped,
	       late                  ? 124
	       : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				     : WEXITSTATUS(status));
	return 0;
}
