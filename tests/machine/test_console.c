/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <pty.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "machine/parts.h"

static struct console c;
static _Atomic int32_t ended = -1;
static atomic_int told;

static void on_end(void *opaque, int32_t status)
{
	(void)opaque;
	ended = status;
}

static void VR_CALL on_input(void *opaque)
{
	(void)opaque;
	atomic_fetch_add(&told, 1);
}

static void setup(void)
{
	console_init(&c, false);
	c.end = on_end;
}

static void teardown(void)
{
	/* What a test left unwritten is not for our stdout. */
	if (!c.started)
		c.output_count = 0;
	console_free(&c);
}

TestSuite(console, .init = setup, .fini = teardown);

static const char *scan(const char *in, uint32_t n)
{
	static char out[64];

	out[console_scan(&c, (const uint8_t *)in, n, (uint8_t *)out)] = 0;
	return out;
}

Test(console, commands)
{
	cr_assert_str_eq(scan("hello", 5), "hello");
	cr_assert_str_eq(scan("a\x01\x01z", 4), "a\x01z");
	cr_assert_str_eq(scan("\x01", 1), "");
	cr_assert_str_eq(scan("a", 1), "\x01", "over two reads");
	cr_assert_str_eq(scan("\x01q", 2), "\x01q", "no command: sent on");
	cr_assert_eq(c.output_count, 0);
	cr_assert_str_eq(scan("\x01h", 2), "");
	cr_assert_gt(c.output_count, 0, "help");
	cr_assert_eq(ended, -1);
	cr_assert_str_eq(scan("b\x01x", 3), "b");
	cr_assert_eq(ended, 0);
}

Test(console, through_pipes)
{
	int in[2], out[2];
	uint8_t bytes[64];
	uint32_t n = 0;
	char text[64] = "";

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(pipe(out), 0);
	c.in = in[0];
	c.out = c.sink = out[1];
	cr_assert_eq(console_listen(&c, on_input, NULL), VR_OK);
	cr_assert_eq(console_start(&c, NULL, NULL, NULL), VR_OK);
	cr_assert_eq(write(in[1], "typed \x01x", 8), 8, "a pipe has no commands");
	close(in[1]); /* end of file does no harm */
	for (int i = 0; i < 5000 && n < 8; i++) {
		n += console_read_port(&c, bytes + n, sizeof(bytes) - n);
		usleep(1000);
	}
	cr_assert_eq(n, 8);
	cr_assert_arr_eq(bytes, "typed \x01x", 8);
	cr_assert_eq(atomic_load(&told), 1);
	cr_assert_eq(ended, -1);
	console_write_port(&c, (const uint8_t *)"out", 3);
	console_stop(&c);
	cr_assert_eq(read(out[0], text, sizeof(text)), 3);
	cr_assert_str_eq(text, "out");
}

struct sink {
	int fd;
	uint64_t total;
	bool right;
};

static void *drink(void *arg)
{
	struct sink *s = arg;
	uint8_t b[1000];
	ssize_t n;

	s->right = true;
	while ((n = read(s->fd, b, sizeof(b))) > 0)
		for (ssize_t i = 0; i < n; i++)
			s->right &= b[i] == (uint8_t)(s->total++ % 251);
	return NULL;
}

Test(console, nothing_is_lost_when_much_comes, .timeout = 60)
{
	struct sink s = {0};
	uint8_t b[997];
	uint64_t total = 0;
	pthread_t t;
	int out[2];

	cr_assert_eq(pipe(out), 0);
	s.fd = out[0];
	c.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	c.out = c.sink = out[1];
	pthread_create(&t, NULL, drink, &s);
	console_start(&c, NULL, NULL, NULL);
	for (int k = 0; k < 500; k++) {
		for (uint32_t i = 0; i < sizeof(b); i++)
			b[i] = (uint8_t)(total++ % 251);
		console_write_port(&c, b, sizeof(b));
	}
	console_stop(&c);
	close(out[1]);
	pthread_join(t, NULL);
	cr_assert_eq(s.total, total);
	cr_assert(s.right);
}

/* 400 KiB into a pipe that no process reads. */
static void into_a_closed_pipe(void)
{
	int out[2];
	uint8_t b[4096] = {0};

	cr_assert_eq(pipe(out), 0);
	close(out[0]);
	c.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	c.out = c.sink = out[1];
	console_start(&c, NULL, NULL, NULL);
	for (int i = 0; i < 100; i++)
		console_write_port(&c, b, sizeof(b));
	console_stop(&c);
}

Test(console, closed_output_ends_the_machine)
{
	into_a_closed_pipe();
	cr_assert_eq(ended, 128 + SIGPIPE);
	cr_assert_eq(console_lost_status(&c), 128 + SIGPIPE);
}

Test(console, closed_output_may_be_no_end)
{
	c.output_optional = true;
	into_a_closed_pipe();
	cr_assert_eq(ended, -1);
	cr_assert_eq(console_lost_status(&c), 0);
}

Test(console, a_signal_ends_the_machine)
{
	c.in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	console_start(&c, NULL, NULL, NULL);
	raise(SIGTERM);
	for (int i = 0; i < 5000 && ended < 0; i++)
		usleep(1000);
	cr_assert_eq(ended, 128 + SIGTERM);
}

/* A terminal of our own: raw while the machine runs, as it was afterwards. */
static int on_a_terminal(void)
{
	struct termios before, during, after;

	console_free(&c);
	if (console_init(&c, false) < 0 || tcgetattr(0, &before))
		return 1;
	c.end = on_end;
	if (console_start(&c, NULL, NULL, NULL) < 0 || tcgetattr(0, &during))
		return 2;
	console_write_port(&c, (const uint8_t *)"ready", 5);
	for (int i = 0; i < 5000 && ended < 0; i++)
		usleep(1000);
	console_stop(&c);
	if (tcgetattr(0, &after) || ended != 0)
		return 3;
	if (during.c_lflag & (ICANON | ECHO | ISIG))
		return 4;
	return before.c_lflag != after.c_lflag || before.c_oflag != after.c_oflag ||
			       before.c_iflag != after.c_iflag
		       ? 5
		       : 0;
}

Test(console, terminal)
{
	char text[64];
	size_t n = 0;
	int master, status = 0;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (!pid)
		_exit(on_a_terminal());
	while (n < 5) {
		ssize_t k = read(master, text + n, sizeof(text) - n);

		cr_assert_gt(k, 0);
		n += (size_t)k;
	}
	cr_assert_arr_eq(text, "ready", 5);
	cr_assert_eq(write(master, "\x03\x01x", 3), 3, "Ctrl-C is the guest's");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned)status);
	close(master);
}

/* ---- the script's marks ----------------------------------------------------------------------- */
#define MARK "0123456789abcdef"

static char output[1024], texts[1024];

static void script_took(void *opaque, bool is_output, const uint8_t *bytes, uint32_t n)
{
	(void)opaque;
	strncat(is_output ? output : texts, (const char *)bytes, n);
}

/* What comes out when it goes in by pieces of `step` bytes. */
static struct script filter(const char *in, uint32_t step, bool show)
{
	struct script s = {.mark = MARK, .show = show, .sink = script_took};
	uint32_t n = (uint32_t)strlen(in);

	output[0] = texts[0] = 0;
	for (uint32_t i = 0; i < n; i += step)
		script_filter(&s, (const uint8_t *)in + i, n - i < step ? n - i : step);
	script_finish(&s);
	return s;
}

Test(script, between_the_marks)
{
	for (uint32_t step = 1; step < 60; step++) {
		struct script s = filter("boot\r\nvmrun-begin: " MARK
					 "\r\na\r\nvmrun-exit: 1\nvvmrun-end: " MARK " 17\nPower\r\n",
					 step, true);

		cr_assert_str_eq(output, "a\r\nvmrun-exit: 1\nv");
		cr_assert_str_eq(texts, "boot\nPower\n");
		cr_assert(s.begun && s.found);
		cr_assert_eq(s.status, 17);
		filter("boot\nvmrun-begin: " MARK "\na", step, false);
		cr_assert_str_eq(output, "a");
		cr_assert_str_eq(texts, "", "nothing else is wanted");
	}
}

Test(script, what_is_no_mark_passes)
{
	static const char *const text[] = {"vmrun-end: " MARK " ",
					   "vmrun-end: " MARK " x\n",
					   "vmrun-end: " MARK "\n",
					   "vmrun-end: " MARK " 1234567890\n",
					   "vmrun-end: 0123456789abcdee 1\n",
					   "vmrun-begin: " MARK "\n",
					   "vmrunvmrun-e",
					   "a\rb\r",
					   "\r\r"};

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		for (uint32_t step = 1; step < 50; step++) {
			char in[128] = "vmrun-begin: " MARK "\n";

			strcat(in, text[i]);
			cr_assert_not(filter(in, step, true).found);
			cr_assert_str_eq(output, text[i]);
			cr_assert_str_eq(texts, "");
		}
	}
}

Test(script, an_init_without_marks)
{
	for (uint32_t step = 1; step < 40; step++) {
		struct script s = filter("one\r\ntwo vvmrun-exit 1\r\nno newlinevmrun-exit: 17\r\nPower\r\n",
					 step, false);

		cr_assert_str_eq(output, "one\ntwo vvmrun-exit 1\nno newline");
		cr_assert_str_eq(texts, "");
		cr_assert(s.begun && s.found);
		cr_assert_eq(s.status, 17);
	}
}

Test(script, more_than_is_kept_is_output)
{
	struct script s = {.mark = MARK, .sink = script_took};
	uint8_t many[65536];

	memset(many, 0, sizeof(many)); /* strncat takes none of it */
	for (int i = 0; i < 17; i++)
		script_filter(&s, many, sizeof(many));
	cr_assert(s.plain);
	script_filter(&s, (const uint8_t *)"x\nvmrun-exit: 3\n", 17);
	cr_assert(s.found);
	cr_assert_eq(s.status, 3);
	cr_assert_str_eq(output, "x\n");
	script_finish(&s);
}

Test(script, a_guest_that_fails)
{
	struct script s = filter("no disk\r\nvmrun-end: " MARK " 125\r\n", 5, false);

	cr_assert(s.found && !s.begun);
	cr_assert_str_eq(output, "");
	cr_assert_str_eq(texts, "no disk\n", "the reason is told in any case");
	cr_assert_eq(script_status(&s, false), SCRIPT_NO_STATUS);
	for (uint32_t step = 1; step < 40; step++) {
		s = filter("KKernel panic - not syncing: a reason\r\n", step, false);
		cr_assert(s.panic.seen);
		cr_assert_str_eq(s.panic.text, "a reason");
	}
}

Test(script, command_line)
{
	struct script s = {.mark = MARK};
	char *text;

	cr_assert_eq(script_append(&s, "a=b", "echo \"100%\" & ls -l /\n", &text), VR_OK);
	cr_assert_str_eq(text, "quiet panic=-1 a=b vmrun.mark=" MARK
			       " vmrun.run=echo%20%22100%25%22%20%26%20ls%20-l%20/%0a");
	free(text);
	cr_assert_eq(script_append(&s, NULL, "ls", &text), VR_OK);
	cr_assert_str_eq(text, "quiet panic=-1 vmrun.mark=" MARK " vmrun.run=ls");
	free(text);
	cr_assert_eq(script_append(&s, NULL, "", &text), VR_E_CONFIG);
}
