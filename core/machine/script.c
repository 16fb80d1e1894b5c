/* SPDX-License-Identifier: MIT */
/*
 * script.c: --run, one command instead of a terminal. vmrun(1), "PROTOCOL OF --run", is for authors of an
 * init.
 *
 * The guest's init finds two kernel parameters: `vmrun.run=`, the command, percent-encoded, and
 * `vmrun.mark=`, a random word. It prints on the console
 *
 *     vmrun-begin: MARK
 *     (what the command prints)
 *     vmrun-end: MARK STATUS
 *
 * and powers off. Between the two lines every byte is the command's, so it goes to stdout as it came; the
 * second line may stand in the middle of one, since output need not end with a newline. All else is text of
 * the kernel, the firmware and init: it goes to stderr if it is wanted, without the CR that terminals put
 * before each LF.
 *
 * An init that knows no marks prints `vmrun-exit: STATUS` after the output. Only then it shows that what came
 * before was output, so text before a begin is also kept. When there is more of it than is worth keeping, or
 * the guest ends so, it is the output of such an init.
 *
 * A kernel that panics prints over the command's output and resets the machine (panic=-1). A command that
 * resets the machine does not, as a rule, print what a panic prints, so both together tell a panic.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "machine/parts.h"
#include "util/log.h"

#define MOST_KEPT (1u << 20)

int32_t script_init(struct script *s, bool show)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t random[sizeof(s->mark) - 1];

	memset(s, 0, sizeof(*s));
	s->show = show;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return vr_error_set(VR_E_IO, "--run: no random numbers can be had: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(random); i++)
		s->mark[i] = hex[random[i] & 15];
	return VR_OK;
}

/* Does a kernel command line say how much the kernel prints (Linux, Documentation/admin-guide/kernel-parameters)? */
static bool says_log_level(const char *append)
{
	static const char *const words[] = {"quiet", "debug", "ignore_loglevel", "loglevel="};

	for (const char *w = append; w && *w; w += strcspn(w, " \t")) {
		w += strspn(w, " \t");
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			size_t n = strlen(words[i]);

			if (!strncmp(w, words[i], n) && (words[i][n - 1] == '=' || strchr(" \t", w[n])))
				return true;
		}
	}
	return false;
}

int32_t script_append(const struct script *s, const char *append, const char *command, char **out)
{
	static const char hex[] = "0123456789abcdef";
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,+@";
	size_t base = append ? strlen(append) : 0, n = strlen(command);
	char *p, *text;

	if (!n)
		return vr_error_set(VR_E_CONFIG, "the command to run in the guest is empty");
	text = malloc(base + 3 * n + 128);
	if (!text)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	/* What the user gives comes later, and the kernel takes the last one. But a log level that comes later does not undo
	 * "quiet" for what was printed until then. */
	p = stpcpy(text, says_log_level(append) ? "panic=-1 " : "quiet panic=-1 ");
	if (base) {
		p = stpcpy(p, append);
		*p++ = ' ';
	}
	p = stpcpy(p, "vmrun.mark=");
	p = stpcpy(p, s->mark);
	p = stpcpy(p, " vmrun.run=");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)command[i];

		if (strchr(plain, c)) {
			*p++ = (char)c;
		} else {
			*p++ = '%';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		}
	}
	*p = 0;
	*out = text;
	return VR_OK;
}

/* ---- where the bytes go -------------------------------------------------------------------------- */
static void output(struct script *s, const void *bytes, uint32_t n)
{
	if (n)
		s->sink(s->opaque, true, bytes, n);
}

static void forget(struct script *s)
{
	free(s->kept);
	s->kept = NULL;
	s->kept_count = s->kept_capacity = 0;
}

static bool one_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && file_is_one(&x, &y);
}

/* What was taken for text is output. */
static void becomes_output(struct script *s)
{
	s->plain = true;
	/* On one terminal it can be read already. */
	if (!s->show || !one_file(STDOUT_FILENO, STDERR_FILENO))
		output(s, s->kept, s->kept_count);
	forget(s);
}

static bool keep(struct script *s, const uint8_t *bytes, uint32_t n)
{
	if (n > MOST_KEPT - s->kept_count)
		return false;
	if (n > s->kept_capacity - s->kept_count) {
		uint32_t capacity = s->kept_capacity ? 2 * s->kept_capacity : 4096;
		uint8_t *p;

		while (capacity < s->kept_count + n)
			capacity *= 2;
		p = realloc(s->kept, capacity);
		if (!p)
			return false;
		s->kept = p;
		s->kept_capacity = capacity;
	}
	memcpy(s->kept + s->kept_count, bytes, n);
	s->kept_count += n;
	return true;
}

static void text_line(struct script *s, const uint8_t *bytes, uint32_t n)
{
	if (!n)
		return;
	if (s->phase == SCRIPT_BEFORE && !s->plain && !keep(s, bytes, n))
		becomes_output(s);
	if (s->phase == SCRIPT_BEFORE && s->plain)
		output(s, bytes, n);
	else if (s->show)
		s->sink(s->opaque, false, bytes, n);
}

/* Text, less a CR before a LF. */
static void text(struct script *s, const void *from, uint32_t n)
{
	const uint8_t *bytes = from;
	uint32_t start = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (s->have_cr && bytes[i] != '\n')
			text_line(s, (const uint8_t *)"\r", 1);
		s->have_cr = bytes[i] == '\r';
		if (s->have_cr) {
			text_line(s, bytes + start, i - start);
			start = i + 1;
		}
	}
	text_line(s, bytes + start, n - start);
}

static void let_go(struct script *s, const void *bytes, uint32_t n)
{
	if (s->phase == SCRIPT_DURING)
		output(s, bytes, n);
	else
		text(s, bytes, n);
}

/* ---- marks --------------------------------------------------------------------------------------- */
#define DIGITS 9u /* more is no exit status */

enum mark { BEGIN, END, EXIT };
static const struct {
	const char *word;
	bool mark, status;
} marks[] = {
	[BEGIN] = {"vmrun-begin: ", true, false},
	[END] = {"vmrun-end: ", true, true},
	[EXIT] = {"vmrun-exit: ", false, true},
};
static const bool possible[][3] = {
	[SCRIPT_BEFORE] = {[BEGIN] = true, [END] = true, [EXIT] = true},
	[SCRIPT_DURING] = {[END] = true},
	[SCRIPT_AFTER] = {false},
};

enum match { NO, PARTLY, WHOLE };

/* Takes a word off the front of the line that is held. */
static enum match word(const struct script *s, uint32_t *at, const char *w)
{
	for (; *w; w++, (*at)++) {
		if (*at == s->held)
			return PARTLY;
		if (s->line[*at] != *w)
			return NO;
	}
	return WHOLE;
}

static enum match number(const struct script *s, uint32_t *at, int32_t *value)
{
	uint32_t start = *at;

	*value = 0;
	for (; *at < s->held && s->line[*at] >= '0' && s->line[*at] <= '9'; (*at)++)
		if (*at - start < DIGITS)
			*value = *value * 10 + s->line[*at] - '0';
	if (*at - start > DIGITS)
		return NO;
	return *at == s->held ? PARTLY : *at > start ? WHOLE : NO;
}

static enum match match(const struct script *s, enum mark k, int32_t *status)
{
	uint32_t at = 0;
	enum match m = word(s, &at, marks[k].word);

	if (m == WHOLE && marks[k].mark)
		m = word(s, &at, s->mark);
	if (m == WHOLE && marks[k].mark && marks[k].status)
		m = word(s, &at, " ");
	if (m == WHOLE && marks[k].status)
		m = number(s, &at, status);
	if (m == WHOLE && at < s->held && s->line[at] == '\r')
		at++;
	return m == WHOLE ? word(s, &at, "\n") : m;
}

static void seen(struct script *s, enum mark k, int32_t status)
{
	if (k == EXIT)
		becomes_output(s);
	if (k == BEGIN)
		forget(s);
	s->phase = k == BEGIN ? SCRIPT_DURING : SCRIPT_AFTER;
	s->begun |= k != END;
	s->found = k != BEGIN;
	s->status = status;
	s->have_cr = false;
}

/* One more byte of what may be a mark. */
static void hold(struct script *s, uint8_t c)
{
	bool partly = false;
	int32_t status = 0;

	s->line[s->held++] = (char)c;
	for (enum mark k = BEGIN; k <= EXIT; k++) {
		enum match m = possible[s->phase][k] ? match(s, k, &status) : NO;

		if (m == WHOLE) {
			s->held = 0;
			seen(s, k, status);
			return;
		}
		partly |= m == PARTLY;
	}
	if (partly)
		return;
	let_go(s, s->line, s->held - 1);
	s->held = 0;
	/* A mark's first letter occurs nowhere else in it, so only a new beginning can follow. */
	if (c == (uint8_t)marks[BEGIN].word[0] && s->phase != SCRIPT_AFTER)
		s->line[s->held++] = (char)c;
	else
		let_go(s, &c, 1);
}

void script_filter(struct script *s, const uint8_t *in, uint32_t n)
{
	panic_watch(&s->panic, in, n);
	while (n) {
		const uint8_t *v = s->held ? in : memchr(in, marks[BEGIN].word[0], n);
		uint32_t k = v ? (uint32_t)(v - in) : n;

		if (k)
			let_go(s, in, k);
		else
			hold(s, in[k++]);
		in += k;
		n -= k;
	}
}

void script_finish(struct script *s)
{
	uint32_t n = s->held;

	s->held = 0;
	let_go(s, s->line, n);
	if (s->have_cr)
		text_line(s, (const uint8_t *)"\r", 1);
	s->have_cr = false;
	/* What the guest said in place of running the command is the explanation. */
	if (!s->begun && !s->show && s->kept_count)
		s->sink(s->opaque, false, s->kept, s->kept_count);
	forget(s);
}

void script_restart(struct script *s)
{
	uint32_t n = s->held;

	s->held = 0;
	let_go(s, s->line, n);
	forget(s);
	s->phase = SCRIPT_BEFORE;
	s->begun = s->found = s->plain = s->have_cr = false;
	s->panic = (struct panic_watch){0};
}

int32_t script_status(const struct script *s, bool reset)
{
	if (s->found && s->begun)
		return s->status > 255 ? 255 : s->status;
	if (s->panic.seen)
		log_print(VR_LOG_ERROR, "--run: the guest's kernel panicked %s: %s",
			  s->begun ? "while the command ran" : "before it began the command", s->panic.text);
	else if (s->begun)
		log_print(VR_LOG_ERROR,
			  "--run: the guest %s while the command ran, and told no exit status%s",
			  reset ? "reset the machine" : "ended",
			  reset ? " (--no-reboot ends the run there)" : "");
	else if (s->found)
		log_print(VR_LOG_ERROR, "--run: the guest could not begin the command; its console says why");
	else
		log_print(VR_LOG_ERROR,
			  "--run: the guest %s and did not begin the command; does its init know "
			  "vmrun.run= ? (man vmrun)",
			  reset ? "reset the machine" : "ended");
	return SCRIPT_NO_STATUS;
}

void script_free(struct script *s)
{
	forget(s);
}
