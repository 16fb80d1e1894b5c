/* SPDX-License-Identifier: MIT */
/* test_command.c: --run against a fake machine: a guest is the calls that its device makes. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tmp.h"
#include "common/error.h"
#include "fake.h"
#include "machine/parts.h"
#include "util/log.h"

static struct machine_config config;
static struct machine *m;
static char out_text[1 << 17], err_text[1 << 16];
static const char *input = "", *out_path;

static void setup(void)
{
	fake_standard();
	config = fake_config();
	config.run.command = (char *)(uintptr_t) "it's a command";
	log_set_level(VR_LOG_WARN);
}

TestSuite(command, .init = setup, .timeout = 60);

static int text_file(void)
{
	char path[PATH_MAX];
	int fd = mkstemp(tmp_template(path, "test-command"));

	cr_assert_geq(fd, 0);
	unlink(path);
	return fd;
}

static void take_text(int fd, char *to, size_t size)
{
	ssize_t n = pread(fd, to, size - 1, 0);

	to[n > 0 ? n : 0] = 0;
	close(fd);
}

static int machine_as_a_process(int in, int out, int err)
{
	int32_t rc;

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	rc = machine_new(NULL, &config, &m);
	if (rc < 0) {
		dprintf(STDERR_FILENO, "%s\n", vr_error_text(rc));
		return 3;
	}
	rc = machine_run(m);
	machine_free(m);
	return rc;
}

/* The status of a process that runs the machine; its output is in out_text and err_text. */
static int run(void)
{
	int in[2], status = 0, out = text_file(), err = text_file();
	pid_t pid;

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(write(in[1], input, strlen(input)), (ssize_t)strlen(input));
	close(in[1]);
	pid = fork();
	if (!pid)
		_exit(machine_as_a_process(in[0], out_path ? open(out_path, O_WRONLY | O_CLOEXEC) : out,
					   err));
	close(in[0]);
	waitpid(pid, &status, 0);
	take_text(out, out_text, sizeof(out_text));
	take_text(err, err_text, sizeof(err_text));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* ---- the guest ---- */
static void prints(const char *text)
{
	console_table.write(fake_host, 0, text, (uint32_t)strlen(text));
}

static void writes(uint32_t i, const char *text)
{
	uint32_t n = (uint32_t)strlen(text);

	while (n) {
		uint32_t k = streams_table.write(fake_host, i, text, n);

		text += k;
		n -= k;
		if (n)
			usleep(1000);
	}
}

/* All of a stream to the guest, to its end. */
static const char *reads(uint32_t i)
{
	static char text[1 << 16];
	uint32_t n = 0, ended = 0;

	streams_table.set_open(fake_host, i, 1);
	while (!ended) {
		uint32_t k =
			streams_table.read(fake_host, i, text + n, (uint32_t)sizeof(text) - 1 - n, &ended);

		n += k;
		if (!k && !ended)
			usleep(1000);
	}
	text[n] = 0;
	return text;
}

static void is_answered(void)
{
	char text[8] = "";
	uint32_t ended, n;

	while (!(n = streams_table.read(fake_host, RUN_CONTROL, text, sizeof(text), &ended)))
		usleep(1000);
	cr_assert(n == 5 && !memcmp(text, "done\n", 5));
}

static uint32_t powers_off(void)
{
	machine_table.power(fake_host, VR_POWER_OFF, 0);
	return VR_EXIT_OFF;
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static uint32_t whole(uint32_t vcpu)
{
	struct vr_stream s = {.size = sizeof(s)};
	const char *agent;

	(void)vcpu;
	cr_assert_eq(streams_table.count(fake_host), RUN_STREAMS);
	cr_assert_eq(streams_table.stream(fake_host, RUN_STDERR, &s), VR_OK);
	cr_assert_str_eq(s.name, "vmrun.stderr");
	cr_assert_eq(streams_table.stream(fake_host, RUN_STREAMS, &s), VR_E_NOENT);
	prints("boot\r\nvmrun-exit: 9 is no line\r\n");
	agent = reads(RUN_AGENT);
	cr_assert(has(agent, "vmrun_kind=script\nvmrun_name='command'\nvmrun_command()\n{\n\texec /bin/sh "
			     "\"$vmrun_file\" "
			     "'a b' ''\\'''\n}\n"),
		  "%.300s", agent);
	cr_assert(has(agent, "\texport A='x\ny'\n}\nvmrun_folder='/a b'\n"), "%.300s", agent);
	cr_assert_str_eq(reads(RUN_SCRIPT), "it's a command");
	writes(RUN_CONTROL, "wait a while\nbeg");
	writes(RUN_CONTROL, "in\n");
	cr_assert_str_eq(reads(RUN_STDIN), input);
	streams_table.set_open(fake_host, RUN_STDOUT, 1);
	writes(RUN_STDOUT, "vmrun-exit: 7\r\n");
	writes(RUN_STDERR, "to stderr\n");
	prints("vmrun-exit: 8\r\n");
	writes(RUN_STDOUT, "last");
	writes(RUN_CONTROL, "exit 42\n");
	usleep(20000);
	cr_assert_not(m->run.answer, "standard output is open");
	streams_table.set_open(fake_host, RUN_STDOUT, 0);
	is_answered();
	prints("Power down\r\n");
	return powers_off();
}

Test(command, whole)
{
	static char *arguments[] = {(char *)(uintptr_t) "a b", (char *)(uintptr_t) "'", NULL};
	static char *environment[] = {(char *)(uintptr_t) "A=x\ny", NULL};

	input = "some input\n";
	config.run.arguments = arguments;
	config.run.environment = environment;
	config.run.folder = (char *)(uintptr_t) "/a b";
	fake_program = whole;
	cr_assert_eq(run(), 42, "%s", err_text);
	cr_assert_str_eq(out_text, "vmrun-exit: 7\r\nlast");
	cr_assert(has(err_text, "to stderr\n"));
	cr_assert(has(err_text, "boot\nvmrun-exit: 9 is no line\n"));
	cr_assert(has(err_text, "vmrun-exit: 8\n"));
	cr_assert(has(err_text, "Power down\n"));
}

static uint32_t command_line(uint32_t vcpu)
{
	static const char first[] = "quiet panic=-1 vmrun.agent systemd.run=\"";

	(void)vcpu;
	cr_assert_eq(strncmp(fake_cmdline, first, sizeof(first) - 1), 0, "%s", fake_cmdline);
	cr_assert_str_eq(fake_cmdline + strlen(fake_cmdline) - 7, " root=x");
	writes(RUN_CONTROL, "begin\nexit 0\n");
	return powers_off();
}

Test(command, kernel_command_line)
{
	config.append = (char *)(uintptr_t) "root=x";
	fake_program = command_line;
	cr_assert_eq(run(), 0, "%s", err_text);
}

/* A guest without ports: in pieces of every length. */
static uint32_t step;
static uint32_t plain(uint32_t vcpu)
{
	static const char text[] = "one\r\ntwo vvmrun-exit 1\r\nvmrun-exit: \nvmrun-exit: 1x\n"
				   "no newlinevmrun-exit: 17\r\nPower\r\n";
	uint32_t n = sizeof(text) - 1;

	(void)vcpu;
	for (uint32_t i = 0; i < n; i += step)
		console_table.write(fake_host, 0, text + i, n - i < step ? n - i : step);
	return powers_off();
}

Test(command, a_guest_without_ports)
{
	fake_program = plain;
	log_set_level(VR_LOG_ERROR);
	for (step = 1; step < 40; step += 3) {
		cr_assert_eq(run(), 17, "%s", err_text);
		cr_assert_str_eq(out_text,
				 "one\ntwo vvmrun-exit 1\nvmrun-exit: \nvmrun-exit: 1x\nno newline");
		cr_assert_str_eq(err_text, "");
	}
}

/* ---- guests that fail ---- */
static uint32_t no_disk(uint32_t vcpu)
{
	(void)vcpu;
	prints("no disk\r\n");
	return powers_off();
}

static uint32_t no_folder(uint32_t vcpu)
{
	(void)vcpu;
	writes(RUN_CONTROL, "failed there is no \x01 folder\n");
	is_answered();
	return powers_off();
}

static uint32_t off_during(uint32_t vcpu)
{
	(void)vcpu;
	writes(RUN_CONTROL, "begin\n");
	return powers_off();
}

static uint32_t panics(uint32_t vcpu)
{
	(void)vcpu;
	prints("KKernel panic - not syncing: a reason\r\nmore");
	machine_table.power(fake_host, VR_POWER_RESET, 0);
	return VR_EXIT_OFF;
}

static void fails(uint32_t (*guest)(uint32_t vcpu), const char *text)
{
	fake_program = guest;
	cr_assert_eq(run(), RUN_NO_STATUS);
	cr_assert_str_eq(out_text, "");
	cr_assert(has(err_text, text), "%s", err_text);
}

Test(command, guests_that_fail)
{
	log_set_level(VR_LOG_ERROR);
	fails(no_disk, "no disk\n");
	fails(no_disk, "the guest powered off and did not begin the command");
	fails(no_folder, "could not begin the command: there is no ? folder");
	fails(off_during, "the guest powered off while the command ran");
	fails(panics, "panicked before it began the command: a reason");
}

static uint32_t waits(uint32_t vcpu)
{
	(void)vcpu;
	usleep(1000);
	return GO_ON;
}

Test(command, limits)
{
	config.run.start_limit = 1000000;
	fails(waits, "has not asked for the command within 0 s (--start-limit)");
	config.run.start_limit = 0;
	config.timeout = 1000000;
	fake_program = waits;
	cr_assert_eq(run(), RUN_TIMEOUT);
	cr_assert(has(err_text, "the machine has run for 0.001 s and is ended (--timeout)"), "%s", err_text);
}

static uint32_t much(uint32_t vcpu)
{
	char piece[1001];

	(void)vcpu;
	memset(piece, 'x', sizeof(piece) - 1);
	piece[1000] = 0;
	writes(RUN_CONTROL, "begin\n");
	for (int i = 0; i < 100; i++)
		writes(RUN_STDOUT, piece);
	writes(RUN_CONTROL, "exit 0\n");
	return powers_off();
}

Test(command, output_that_is_lost)
{
	fake_program = much;
	cr_assert_eq(run(), 0, "%s", err_text);
	cr_assert_eq(strlen(out_text), 100000);
	if (access("/dev/full", W_OK))
		cr_skip_test("there is no /dev/full");
	out_path = "/dev/full";
	cr_assert_eq(run(), 1);
	cr_assert(has(err_text, "standard output can't be written: No space left on device"), "%s", err_text);
}
