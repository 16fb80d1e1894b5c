/* SPDX-License-Identifier: MIT */
/*
 * run_agent.c: what the guest is given by --run: words on the kernel's command line, and two streams.
 *
 * vmrun.agent is a shell script: the definitions that are made here of the command line's options, then agent.sh, which the
 * build turns into a string. vmrun.script is the command or the user's file as it is.
 *
 * On the kernel's command line stand "vmrun.agent", for an init that knows the protocol (vmrun(1), "PROTOCOL OF --run"),
 * and, for systemd, what systemd-run-generator(8) makes a service of: a shell that waits until udev has made the link to
 * the port, and gives the agent to a service of its own, so that the boot itself comes to its end. Other inits ignore these words. systemd's actions at the end of that service are
 * switched off, since the agent powers off by itself, and so are the questions of a system's first boot. Nothing of the command is on that line, so nothing limits it.
 *
 * A file that begins with "#!" is run by what that line says, as the kernel would run it, because it may lie in a file
 * system that is mounted noexec. A program is executed; everything else is the shell's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "machine/machine.h"
#include "machine/run.h"

#define SCRIPT_MOST ((size_t)1 << 30)
#define ARGUMENT_MOST 131071u /* Linux: MAX_ARG_STRLEN less its zero, execve(2) */

static const char agent[] =
#include "agent.inc"
	;

#define AGENT_PORT "/dev/virtio-ports/vmrun.agent"
#define AGENT_FILE "/run/vmrun.agent"

static const char words[] =
	"panic=-1 vmrun.agent systemd.run=\"/bin/sh -c 'until [ -e " AGENT_PORT " ]; do sleep 0.1; "
	"done; cat " AGENT_PORT " >" AGENT_FILE "; systemd-run --no-block /bin/sh " AGENT_FILE
	"'\" systemd.run_success_action=none systemd.run_failure_action=none systemd.firstboot=off";

const char run_needs[] =
	"its kernel needs virtio_console, and its init systemd 241 or the protocol of --run (man vmrun)";

/* Does a kernel command line say how much the kernel prints (Linux, Documentation/admin-guide/kernel-parameters)? */
static bool says_log_level(const char *append)
{
	static const char *const levels[] = {"quiet", "debug", "ignore_loglevel", "loglevel="};

	for (const char *w = append; w && *w; w += strcspn(w, " \t")) {
		w += strspn(w, " \t");
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
			size_t n = strlen(levels[i]);

			if (!strncmp(w, levels[i], n) && (levels[i][n - 1] == '=' || strchr(" \t", w[n])))
				return true;
		}
	}
	return false;
}

int32_t run_append(const char *append, char **out)
{
	/* What the user gives comes later, and the kernel takes the last one. But a log level that comes later does not
	 * undo "quiet" for what was printed until then. */
	*out = vr_text_format("%s%s%s%s", says_log_level(append) ? "" : "quiet ", words, append ? " " : "",
			      append ? append : "");
	return *out ? VR_OK : VR_E_NOMEM;
}

/* ---- text that grows ------------------------------------------------------------------------------ */
struct text {
	char *bytes;
	size_t n, capacity;
	bool failed;
};

static void put(struct text *t, const char *s, size_t n)
{
	if (n > t->capacity - t->n) {
		size_t capacity = 2 * t->capacity + n + 256;
		char *p = realloc(t->bytes, capacity);

		if (!p) {
			t->failed = true;
			return;
		}
		t->bytes = p;
		t->capacity = capacity;
	}
	memcpy(t->bytes + t->n, s, n);
	t->n += n;
}

static void put_text(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

/* One word of the shell's, whatever bytes it has (POSIX, Shell Command Language, 2.2.2). */
static void put_word(struct text *t, const char *s)
{
	put_text(t, "'");
	for (; *s; s++) {
		if (*s == '\'')
			put_text(t, "'\\''");
		else
			put(t, s, 1);
	}
	put_text(t, "'");
}

/* ---- the command ------------------------------------------------------------------------------------ */
static int32_t read_script(const char *path, uint8_t **bytes, size_t *n)
{
	struct file_request request = {.path = path,
				       .flags = O_RDONLY,
				       .kinds = FILE_REGULAR | FILE_PIPE | FILE_FIFO | FILE_CHARACTER};
	char *label = vr_text_format("--run-file '%s'", path);
	size_t capacity = 65536;
	struct file_opened f;
	int32_t rc;

	if (!label)
		return VR_E_NOMEM;
	request.label = label;
	rc = file_open(&request, &f);
	for (*bytes = NULL, *n = 0; rc == VR_OK;) {
		uint8_t *p = realloc(*bytes, capacity);
		ssize_t k;

		if (!p) {
			rc = vr_error_set(VR_E_NOMEM, "%s: no memory for its bytes", label);
			break;
		}
		*bytes = p;
		k = file_read(f.fd, p + *n, capacity - *n);
		if (k < 0)
			rc = vr_error_set(VR_E_IO, "%s: can't be read: %s", label, strerror(errno));
		else
			*n += (size_t)k;
		if (k < 0 || *n < capacity)
			break;
		capacity *= 2;
		if (capacity > SCRIPT_MOST)
			rc = vr_error_set(VR_E_CONFIG, "%s: has more than %zu bytes; put it on a disk", label,
					  SCRIPT_MOST / 2);
	}
	if (rc == VR_OK && !*n)
		rc = vr_error_set(VR_E_CONFIG, "%s: is empty", label);
	if (request.label && rc != VR_OK) {
		free(*bytes);
		*bytes = NULL;
	}
	free(label);
	return rc;
}

/* "#!INTERPRETER [ARGUMENT]" as words (execve(2)); false: the file has no such line. */
static bool put_interpreter(struct text *t, const uint8_t *bytes, size_t n)
{
	const char *end = n > 2 && !memcmp(bytes, "#!", 2) ? memchr(bytes, '\n', n < 4096 ? n : 4096) : NULL;
	char line[4096], *name, *argument;
	size_t length;

	if (!end)
		return false;
	length = (size_t)((const uint8_t *)end - bytes) - 2;
	memcpy(line, bytes + 2, length);
	line[length] = 0;
	name = line + strspn(line, " \t");
	for (length = strlen(name); length && strchr(" \t\r", name[length - 1]);)
		name[--length] = 0;
	if (!*name)
		return false;
	argument = name + strcspn(name, " \t");
	if (*argument) {
		*argument++ = 0;
		argument += strspn(argument, " \t");
	}
	put_word(t, name);
	if (*argument) {
		put_text(t, " ");
		put_word(t, argument);
	}
	return true;
}

static void put_command(struct text *t, const struct run_request *q, const uint8_t *bytes, size_t n)
{
	const char *slash = q->file ? strrchr(q->file, '/') : NULL;
	bool program = n >= 4 && !memcmp(bytes, "\177ELF", 4);

	put_text(t, program ? "vmrun_kind=program\nvmrun_name=" : "vmrun_kind=script\nvmrun_name=");
	put_word(t, !slash ? q->file ? q->file : "command" : slash + 1);
	put_text(t, "\nvmrun_command()\n{\n\texec ");
	if (!program) {
		if (!put_interpreter(t, bytes, n))
			put_text(t, "/bin/sh");
		put_text(t, " ");
	}
	put_text(t, "\"$vmrun_file\"");
	for (char **a = q->arguments; a && *a; a++) {
		put_text(t, " ");
		put_word(t, *a);
	}
	put_text(t, "\n}\n");
}

static void put_environment(struct text *t, const struct run_request *q)
{
	put_text(t, "vmrun_environment()\n{\n\t:\n");
	for (char **e = q->environment; e && *e; e++) {
		put_text(t, "\texport ");
		put(t, *e, strcspn(*e, "=") + 1);
		put_word(t, strchr(*e, '=') + 1);
		put_text(t, "\n");
	}
	put_text(t, "}\nvmrun_folder=");
	put_word(t, q->folder ? q->folder : "");
	put_text(t, "\n");
}

static int32_t check_lengths(char *const *list, const char *what)
{
	for (; list && *list; list++)
		if (strlen(*list) > ARGUMENT_MOST)
			return vr_error_set(VR_E_CONFIG,
					    "%s '%.32s...' has %zu bytes, and Linux takes at most %u of one; "
					    "pass it on standard input, or on a disk",
					    what, *list, strlen(*list), ARGUMENT_MOST);
	return VR_OK;
}

int32_t run_give(struct run *r, const struct run_request *q)
{
	uint8_t *bytes = NULL;
	struct text t = {0};
	size_t n = 0;
	int32_t rc = check_lengths(q->environment, "--env");

	if (rc == VR_OK)
		rc = check_lengths(q->arguments, "--args");
	if (rc == VR_OK && q->file) {
		rc = read_script(q->file, &bytes, &n);
	} else if (rc == VR_OK) {
		n = strlen(q->command);
		bytes = (uint8_t *)vr_text_copy(q->command);
		rc = bytes ? VR_OK : VR_E_NOMEM;
	}
	if (rc < 0)
		return rc;
	put_command(&t, q, bytes, n);
	put_environment(&t, q);
	put_text(&t, agent);
	r->given[0] = (uint8_t *)t.bytes;
	r->given_size[0] = t.n;
	r->given[1] = bytes;
	r->given_size[1] = n;
	return t.failed ? vr_error_set(VR_E_NOMEM, "out of memory") : VR_OK;
}
