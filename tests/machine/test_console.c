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
	console_init(&c);
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

/* A BREAK shows as '|'. */
static const char *scan(const char *in, uint32_t n)
{
	static char out[64];
	uint16_t taken[64];
	uint32_t k = console_scan(&c, (const uint8_t *)in, n, taken);

	for (uint32_t i = 0; i < k; i++)
		out[i] = taken[i] == CONSOLE_BREAK ? '|' : (char)taken[i];
	out[k] = 0;
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
	cr_assert_str_eq(scan("a\x01"
			      "bc",
			      4),
			 "a|c");
	cr_assert_str_eq(scan("\x01\0", 2), "\x01", "a zero is no key");
	cr_assert_str_eq(scan("b\x01x", 3), "b");
	cr_assert_eq(ended, MACHINE_LEFT);
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
	c.out = out[1];
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
	c.out = out[1];
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
	c.out = out[1];
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
	if (console_init(&c) < 0 || tcgetattr(0, &before))
		return 1;
	c.end = on_end;
	if (console_start(&c, NULL, NULL, NULL) < 0 || tcgetattr(0, &during))
		return 2;
	console_write_port(&c, (const uint8_t *)"ready", 5);
	for (int i = 0; i < 5000 && ended < 0; i++)
		usleep(1000);
	console_stop(&c);
	if (tcgetattr(0, &after) || ended != MACHINE_LEFT)
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
	char text[256] = "";
	size_t n = 0;
	int master, status = 0;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (!pid)
		_exit(on_a_terminal());
	while (!strstr(text, "ready")) {
		ssize_t k = read(master, text + n, sizeof(text) - 1 - n);

		cr_assert_gt(k, 0);
		n += (size_t)k;
	}
	cr_assert_str_eq(text, "vmrun: Ctrl-A x ends the machine, Ctrl-A h lists the keys\r\nready");
	cr_assert_eq(write(master, "\x03\x01x", 3), 3, "Ctrl-C is the guest's");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned)status);
	close(master);
}
