/* SPDX-License-Identifier: MIT */
/*
 * main.c: `vmrun-check [options] FILE`: runs the rules of rules.def against one plugin, each in a process of
 * its own, and says what it found.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define LIMIT 60 /* seconds; a rule takes a fraction of one */

static const struct check_rule check_rules[] = {
#define RULE(id, classes, fn, what, why, where) {id, classes, fn, what, why, where},
#define MANUAL(id, classes, what, why, where) {id, classes, NULL, what, why, where},
#include "rules.def"
#undef RULE
#undef MANUAL
};
#define RULE_COUNT (sizeof(check_rules) / sizeof(check_rules[0]))

static const char *const state_names[] = {"running", "pass", "FAIL", "skip"};

/* ---- one rule --------------------------------------------------------------------------------------- */

static void child(struct vr_check *c, int output)
{
	const struct rlimit none = {0, 0};

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	c->rule->fn(c);
	check_alloc_arm(0);
	__atomic_store_n(&c->report->state, CHECK_PASSED, __ATOMIC_SEQ_CST);
	__atomic_store_n(&c->report->ended, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

static uint64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Waits for the child; what ended it when it did not end by itself. */
static void watch(pid_t pid, struct check_report *r, uint32_t limit)
{
	static bool
		hung; /* what hung once on the way to a rule will hang again: that costs less from now on */
	uint64_t begin = milliseconds();
	char how[96] = "";
	int status = 0;

	for (;;) {
		uint64_t most = 1000ull * (limit ? limit : r->limit ? r->limit : LIMIT);
		pid_t done = waitpid(pid, &status, WNOHANG);

		if (done == pid || (done < 0 && errno != EINTR))
			break;
		if (hung && r->given)
			most = 200;
		if (milliseconds() - begin > most) {
			hung = true;
			snprintf(how, sizeof(how), "did not return within %u.%u s", (unsigned)(most / 1000),
				 (unsigned)(most % 1000 / 100));
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		usleep(milliseconds() - begin < 50 ? 300 : 3000);
	}
	kill(-pid, SIGKILL); /* the processes that it started and did not end */
	if (r->ended)
		return;
	if (!how[0] && WIFSIGNALED(status))
		snprintf(how, sizeof(how), "crashed: signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (!how[0])
		snprintf(how, sizeof(how), "ended the process (exit status %d)", WEXITSTATUS(status));
	r->state = r->given ? CHECK_SKIPPED : CHECK_FAILED;
	snprintf(r->text, sizeof(r->text), "%s%s%s %s", r->context, r->context[0] ? ": " : "",
		 r->phase[0] ? r->phase : "the plugin", how);
}

static void run(const struct check_target *t, const struct check_rule *rule, const struct check_settings *s,
		struct check_report *r)
{
	struct vr_check c = {.target = t, .rule = rule, .settings = s, .report = r, .random = s->seed};
	int output = memfd_create("output", 0);
	pid_t pid;

	memset(r, 0, sizeof(*r));
	for (const char *p = rule->id; *p; p++)
		c.random = c.random * 31 + (uint8_t)*p; /* the same alone or with the others */
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(&c, output);
	if (pid < 0) {
		r->state = CHECK_SKIPPED;
		snprintf(r->text, sizeof(r->text), "fork: %s", strerror(errno));
	} else {
		watch(pid, r, s->limit);
	}
	close(output);
}

/* ---- output ---------------------------------------------------------------------------------------------
 */

static void json_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((uint8_t)*s < 0x20)
			printf("\\u%04x", (unsigned)(uint8_t)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void show(const struct check_rule *rule, const struct check_report *r, bool json, bool first)
{
	if (!json) {
		printf("%-4s  %-10s  %s%s%s\n", state_names[r->state], rule->id, rule->what,
		       r->text[0] ? ": " : "", r->text);
		if (r->warning[0])
			printf("warn  %-10s  %s\n", rule->id, r->warning);
		return;
	}
	printf("%s\n    {\"rule\": \"%s\", \"state\": \"%s\", \"what\": ", first ? "" : ",", rule->id,
	       r->state == CHECK_FAILED ? "fail" : state_names[r->state]);
	json_text(rule->what);
	printf(", \"reason\": ");
	json_text(r->text);
	printf(", \"warning\": ");
	json_text(r->warning);
	putchar('}');
}

static const char *classes_of(uint32_t bits)
{
	static const char *const names[] = {"accel", "translator", "board", "device", "passthrough"};
	static char text[64];

	if (bits == CHECK_ALL)
		return "all";
	text[0] = 0;
	for (uint32_t i = 0; i < 5; i++)
		if (bits & 1u << i)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 text[0] ? ", " : "", names[i]);
	return text;
}

static void list(bool markdown)
{
	if (markdown)
		printf("| rule | plugins | what | why | stated in |\n| --- | --- | --- | --- | --- |\n");
	for (uint32_t i = 0; i < RULE_COUNT; i++) {
		const struct check_rule *r = &check_rules[i];

		if (!markdown)
			printf("%-10s  %-12s  %s%s\n", r->id, classes_of(r->classes), r->what,
			       r->fn ? "" : " (not checked by machine)");
		else
			printf("| %s | %s | %s%s | %s | %s |\n", r->id, classes_of(r->classes), r->what,
			       r->fn ? "" : " (not checked by machine: read for it)", r->why, r->where);
	}
}

/* ---- command line
 * ------------------------------------------------------------------------------------------ */

static const char usage[] =
	"usage: vmrun plugins check [options] FILE\n"
	"\n"
	"Checks a plugin against the rules of the ABI (sdk/doc/RULES.md). FILE is its manifest (.yaml), or "
	"its\n"
	"library with the manifest beside it. The exit status is 0 when no rule failed, 1 when one did, 2 "
	"when\n"
	"there was nothing to check.\n"
	"\n"
	"  -o, --option NAME=VALUE  an option of the plugin\n"
	"  -r, --rule ID            only this rule, or those that begin so (R-LOAD); may be given again\n"
	"  -w, --with ID            another plugin to test it with (an accelerator's translator ...)\n"
	"      --plugin-path DIRS   more folders to look for those in\n"
	"      --repro SEED         the same random numbers again\n"
	"  -n, --instructions N     of each differential test (default 20000)\n"
	"      --timeout SECONDS    a rule may take (default 60)\n"
	"  -q, --quiet              only what failed, and the sum\n"
	"      --json               for programs\n"
	"  -l, --list               the rules\n"
	"      --rules              the rules as a table of Markdown\n"
	"  -h, --help               this\n";

static int wrong(const char *format, const char *what)
{
	fprintf(stderr, "vmrun-check: error: ");
	fprintf(stderr, format, what); /* NOLINT: the formats are below */
	fprintf(stderr, "; --help says more\n");
	return 2;
}

static int add_option(struct check_settings *s, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text || s->option_count == VR_FAKE_HOST_OPTIONS)
		return -1;
	*equals = 0;
	s->name[s->option_count] = text;
	s->value[s->option_count++] = equals + 1;
	return 0;
}

static bool selected(const struct check_rule *rule, char *const *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (strncmp(rule->id, ids[i], strlen(ids[i])) == 0)
			return true;
	return n == 0;
}

static int check_all(const struct check_target *t, const struct check_settings *s, char *const *ids,
		     uint32_t id_count, bool json, bool quiet)
{
	struct check_report *r =
		mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t count[4] = {0};
	bool first = true;

	if (r == MAP_FAILED)
		return wrong("%s", strerror(errno));
	if (json) {
		printf("{\"plugin\": ");
		json_text(t->id ? t->id : "");
		printf(", \"manifest\": ");
		json_text(t->manifest);
		printf(", \"seed\": \"0x%llx\", \"rules\": [", (unsigned long long)s->seed);
	} else if (!quiet) {
		printf("%s (%s), seed 0x%llx\n", t->manifest, t->id ? t->class_name : "no plugin",
		       (unsigned long long)s->seed);
	}
	for (uint32_t i = 0; i < RULE_COUNT; i++) {
		const struct check_rule *rule = &check_rules[i];

		if (!rule->fn || !selected(rule, ids, id_count) || (t->id && !(rule->classes & t->class_bit)))
			continue;
		run(t, rule, s, r);
		count[r->state]++;
		if (json || !quiet || r->state == CHECK_FAILED) {
			show(rule, r, json, first);
			first = false;
			fflush(stdout);
		}
	}
	if (json)
		printf("\n  ], \"passed\": %u, \"failed\": %u, \"skipped\": %u}\n", count[CHECK_PASSED],
		       count[CHECK_FAILED], count[CHECK_SKIPPED]);
	else
		printf("%u passed, %u failed, %u skipped\n", count[CHECK_PASSED], count[CHECK_FAILED],
		       count[CHECK_SKIPPED]);
	if (!json && count[CHECK_FAILED])
		printf("the same again: --repro 0x%llx\n", (unsigned long long)s->seed);
	if (fflush(stdout) != 0)
		return wrong("%s", "standard output: can't write");
	return count[CHECK_FAILED] ? 1 : 0;
}

int main(int argc, char **argv)
{
	enum { SEED = 256, PATH, TIME, JSON, RULES };
	static const struct option options[] = {
		{"option", 1, NULL, 'o'},  {"rule", 1, NULL, 'r'},
		{"with", 1, NULL, 'w'},    {"plugin-path", 1, NULL, PATH},
		{"repro", 1, NULL, SEED},  {"timeout", 1, NULL, TIME},
		{"quiet", 0, NULL, 'q'},   {"instructions", 1, NULL, 'n'},
		{"json", 0, NULL, JSON},   {"list", 0, NULL, 'l'},
		{"rules", 0, NULL, RULES}, {"help", 0, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct check_settings s = {.seed = (uint64_t)time(NULL) << 16 ^ (uint64_t)getpid(),
				   .instructions = 20000};
	static struct check_target t;
	char *ids[64];
	uint32_t id_count = 0;
	bool json = false, quiet = false;
	int o;

	while ((o = getopt_long(argc, argv, "o:r:w:n:qlh", options, NULL)) != -1) {
		switch (o) {
		case 'o':
			if (add_option(&s, optarg) < 0)
				return wrong("-o %s: write NAME=VALUE", optarg);
			break;
		case 'r':
			if (id_count == sizeof(ids) / sizeof(ids[0]))
				return wrong("--rule %s: too many", optarg);
			ids[id_count++] = optarg;
			break;
		case 'w':
			if (s.with_count == sizeof(s.with) / sizeof(s.with[0]))
				return wrong("--with %s: too many", optarg);
			s.with[s.with_count++] = optarg;
			break;
		case PATH:
			s.plugin_path = optarg;
			break;
		case SEED:
			s.seed = strtoull(optarg, NULL, 0);
			break;
		case TIME:
			s.limit = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'n':
			s.instructions = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'q':
			quiet = true;
			break;
		case JSON:
			json = true;
			break;
		case 'l':
		case RULES:
			list(o == RULES);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind + 1 != argc)
		return wrong("%s", optind == argc ? "no FILE is named" : "name one FILE");
	for (uint32_t i = 0; i < id_count; i++) {
		uint32_t k = 0;

		while (k < RULE_COUNT && !selected(&check_rules[k], ids + i, 1))
			k++;
		if (k == RULE_COUNT)
			return wrong("--rule %s: there is no such rule", ids[i]);
	}
	if (check_target_read(argv[optind], &t) < 0)
		return wrong("%s", t.error);
	return check_all(&t, &s, ids, id_count, json, quiet);
}
