// SPDX-License-Identifier: MIT
/*
 * raw.c: the protocol of --gdb without gdb: what a debugger never sends. Broken frames, packets that no
 * packet's form has, random ones; after each kind the other side must still answer as before.
 *
 *   raw SOCKET KIND    KIND: forms, random, stop, kill; prints "ok NAME" or "not ok NAME WHAT"
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CAPACITY 70000u
#define WAIT_MS 20000

static int sock;
static char answer[CAPACITY];
static int acks, naks; /* '+' and '-' since the last request */

static void result(int held, const char *name, const char *came)
{
	if (held)
		printf("ok %s\n", name);
	else
		printf("not ok %s it gave '%.200s'\n", name, came);
	fflush(stdout);
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return connect(fd, (const struct sockaddr *)&a, sizeof(a)) ? -1 : fd;
}

static void send_bytes(const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t done = send(sock, p, n, MSG_NOSIGNAL);

		if (done <= 0)
			return; /* the answer will not come */
		p += done;
		n -= (size_t)done;
	}
}

static void send_frame(const char *text, size_t n, unsigned wrong)
{
	static char frame[CAPACITY + 8];
	uint8_t sum = (uint8_t)wrong;

	frame[0] = '$';
	memcpy(frame + 1, text, n);
	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + (uint8_t)text[i]);
	snprintf(frame + 1 + n, 4, "#%02x", sum);
	send_bytes(frame, n + 4);
}

static int next_byte(void)
{
	static uint8_t buffer[4096];
	static ssize_t have, at;
	struct pollfd p = {.fd = sock, .events = POLLIN};

	if (at == have) {
		if (poll(&p, 1, WAIT_MS) <= 0)
			return -1;
		have = recv(sock, buffer, sizeof(buffer), 0);
		at = 0;
		if (have <= 0) {
			have = 0;
			return -1;
		}
	}
	return buffer[at++];
}

/* The next packet's text; NULL: none came, or its sum is wrong. */
static const char *receive(void)
{
	uint8_t sum = 0;
	uint32_t n = 0;
	char told[3] = "";
	int c;

	acks = naks = 0;
	while ((c = next_byte()) != '$') {
		if (c < 0)
			return NULL;
		acks += c == '+';
		naks += c == '-';
	}
	while ((c = next_byte()) != '#') {
		if (c < 0 || n + 1 == CAPACITY)
			return NULL;
		sum = (uint8_t)(sum + c);
		answer[n++] = (char)c;
	}
	answer[n] = 0;
	told[0] = (char)next_byte();
	told[1] = (char)next_byte();
	return strtoul(told, NULL, 16) == sum ? answer : NULL;
}

static const char *ask_n(const char *text, size_t n)
{
	const char *got;

	send_frame(text, n, 0);
	got = receive();
	return got ? got : "nothing";
}

static const char *ask(const char *text)
{
	return ask_n(text, strlen(text));
}

static int is_error(const char *got)
{
	return got[0] == 'E' && strlen(got) == 3;
}

static void still_there(const char *name)
{
	const char *got = ask("qSupported:swbreak+;hwbreak+");

	result(strstr(got, "PacketSize=4000") != NULL, name, got);
}

/* ---- forms ---- */

/* Each is refused, and does nothing. */
static const char *const malformed[] = {
	"m",
	"m,",
	"mzz,4",
	"m0",
	"m0,",
	"m0,zz",
	"m2000000000,ffffffffffffffff",
	"m0,10000000000000000",
	"m0,4x",
	"mffffffffffffffff,4",
	"m10000000000000000,4",
	"M",
	"M0,4",
	"M0,4:",
	"M0,4:0011",
	"M0,2:00112233",
	"M0,2:zzzz",
	"M0,ffffffff:00",
	"M0,ffffffffffffffff:00",
	"X",
	"X0,4:a",
	"X0,ffffffffffffffff:",
	"X0,4",
	"Z",
	"Z0",
	"Z0,",
	"Z0,,",
	"Z9,0,4",
	"Z0,0",
	"Z0,0,4;X1,00",
	"Z2,0,0",
	"Z2,ffffffffffffffff,8",
	"Z2,0,ffffffffffffffff",
	"z",
	"z9,0,4",
	"p",
	"pzz",
	"pffff",
	"pffffffffffffffff",
	"P",
	"P0",
	"P0=",
	"P0=12",
	"P0=zzzzzzzzzzzzzzzz",
	"Pffff=00",
	"G1",
	"Gzz",
	"Hg",
	"Hg9999",
	"Hgxyz",
	"Hc",
	"Hc9999",
	"T",
	"T9999",
	"T-1",
	"vCont",
	"vCont;",
	"vCont;q",
	"vCont;c:9999",
	"vCont;s:",
	"vCont;r1",
	"vCont;r1,:1",
	"vCont;C",
	"vContc",
	"qXfer:features:read:target.xml:ffffffff,10",
	"qXfer:features:read:target.xml:",
	"qXfer:features:read:target.xml:0",
	"qXfer:features:read:none:0,10",
	"qRcmd,zz",
	"qRcmd,1",
	"qThreadExtraInfo,9999",
	"qThreadExtraInfo,",
	"cxyz",
	"sxyz",
	"C",
	"Czz",
	"S",
	"c1x",
};

static void forms(void)
{
	static char huge[60000];
	const char *got;

	still_there("raw-begins");
	result(acks == 1, "raw-acknowledged", "no '+'");

	send_frame("qC", 2, 1);
	result(next_byte() == '-', "raw-wrong-sum-refused", "no '-'");
	send_bytes("-", 1);
	got = receive();
	result(got && strstr(got, "PacketSize"), "raw-sent-again", got ? got : "nothing");
	send_bytes("$qC#z!", 6);
	result(next_byte() == '-', "raw-no-sum-refused", "no '-'");
	send_bytes("$qSuppor$qC#b4", 14); /* the end of the first was lost */
	got = receive();
	result(got && !strncmp(got, "QC", 2), "raw-cut-off", got ? got : "nothing");

	memset(huge, 'A', sizeof(huge));
	memcpy(huge, "M40200000,4:", 12);
	got = ask_n(huge, sizeof(huge));
	result(is_error(got), "raw-too-long", got);
	got = ask("");
	result(!got[0], "raw-empty", got);
	got = ask("vMustReplyEmpty");
	result(!got[0], "raw-unknown", got);
	got = ask("ZZZ");
	result(is_error(got), "raw-no-kind", got);

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		char name[128];

		got = ask(malformed[i]);
		snprintf(name, sizeof(name), "raw-malformed-%.60s", malformed[i]);
		result(!got[0] || is_error(got), name, got);
	}
	got = ask("Z1,40200000,4");
	result(!strcmp(got, "OK"), "raw-point", got);
	for (unsigned i = 0; i < 400; i++) {
		char text[64];

		snprintf(text, sizeof(text), "Z0,%x,4", 0x50000000 + 8 * i);
		got = ask(text);
	}
	result(is_error(got), "raw-points-end", got);
	still_there("raw-forms-end");
}

/* ---- random ---- */

static uint64_t state = 88172645463325252u;
static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % below;
}

static void random_packets(void)
{
	/* Not those that run, end or reset the guest, or have no answer. */
	static const char *const begin[] = {"m",        "M",
					    "X",        "Z0,",
					    "Z1,",      "Z2,",
					    "Z3,",      "Z4,",
					    "z",        "p",
					    "P",        "G",
					    "Hg",       "Hc",
					    "T",        "q",
					    "Q",        "qXfer:features:read:",
					    "qRcmd,70", "qThreadExtraInfo,",
					    "vConx",    "!",
					    "?",        "g",
					    "b",        "i"};
	static const char letters[] = "0123456789abcdef,:;=-+$}x ";
	char text[512];
	unsigned answered = 0, sent = 4000;

	for (unsigned i = 0; i < sent; i++) {
		int n = snprintf(text, sizeof(text), "%s", begin[rnd(sizeof(begin) / sizeof(begin[0]))]);
		uint32_t more = rnd(rnd(8) ? 24 : 400);

		for (uint32_t k = 0; k < more; k++) {
			char c = rnd(10) ? letters[rnd(16 + rnd(11))] : (char)rnd(256);

			text[n++] = c == '#' || c == '$' || c == '}' ? '0' : c;
		}
		send_frame(text, (size_t)n, 0);
		/* monitor commands say more than one thing; "OK" or an error comes last. */
		const char *got = receive();

		while (got && got[0] == 'O' && got[1] != 'K')
			got = receive();
		if (!got)
			break;
		answered++;
	}
	snprintf(text, sizeof(text), "%u of %u answers", answered, sent);
	result(answered == sent, "raw-random-packets", text);

	/* No frames at all; an interrupt does nothing while the guest stands still. */
	for (unsigned i = 0; i < 200; i++) {
		for (uint32_t k = 0; k < sizeof(text); k++) {
			text[k] = (char)rnd(256);
			if (text[k] == '$')
				text[k] = '+';
		}
		send_bytes(text, sizeof(text));
	}
	send_bytes("#00", 3);
	send_frame("qC", 2, 0);
	/* Whatever the bytes were answered with. */
	while (poll(&(struct pollfd){.fd = sock, .events = POLLIN}, 1, 500) > 0 &&
	       recv(sock, answer, sizeof(answer), 0) > 0)
		;
	still_there("raw-random-bytes");
}

/* ---- stops ---- */

static void stops(const char *path)
{
	const char *got;
	int other;

	still_there("raw-stop-begins");
	got = ask("QStartNoAckMode");
	result(!strcmp(got, "OK"), "raw-no-acks", got);
	send_bytes("+", 1);
	send_frame("qC", 2, 9);
	got = receive();
	result(got && !strcmp(got, "QC1"), "raw-no-sums", got ? got : "nothing");
	got = ask("Hc-1");
	result(!strcmp(got, "OK"), "raw-all-threads", got);
	for (unsigned i = 0; i < 20; i++) {
		send_frame("c", 1, 0);
		usleep(20000);
		send_bytes("\3", 1);
		got = receive();
		if (!got || strncmp(got, "T02thread:", 10) != 0)
			break;
	}
	result(got && !strncmp(got, "T02thread:", 10), "raw-interrupt", got ? got : "nothing");
	other = connect_to(path);
	result(other >= 0 && recv(other, answer, 1, 0) <= 0, "raw-second-debugger-turned-away", "a byte");
	close(other);
	got = ask("vCont;s:1");
	result(!strncmp(got, "T05thread:1;", 12), "raw-step", got);
	got = ask("D");
	result(!strcmp(got, "OK"), "raw-detach", got);
	result(next_byte() < 0, "raw-detached", "a byte");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	sock = connect_to(argv[1]);
	if (sock < 0) {
		printf("not ok raw-connect %s\n", strerror(errno));
		return 1;
	}
	if (!strcmp(argv[2], "forms"))
		forms();
	else if (!strcmp(argv[2], "random"))
		random_packets();
	else if (!strcmp(argv[2], "stop"))
		stops(argv[1]);
	else if (!strcmp(argv[2], "kill"))
		result(!strcmp(ask("vKill;1"), "OK"), "raw-kill", answer);
	close(sock);
	return 0;
}
