/* SPDX-License-Identifier: MIT */
/*
 * parameters.c: what vmrun adds to the kernel's command line by itself.
 *
 * What the board's options ask for (console=hvc0), and what the guest's init may want to know of the terminal: its size
 * and its type, which a serial line tells it nothing of (vmrun(1), "TERMINAL"). It stands between what an image's boot entry says and
 * what the user says, so that the user's wins: of two settings of one parameter a kernel takes the last. A parameter that the user
 * gives is left out altogether. A kernel has room for a limited line; one that is full gets nothing of the terminal.
 */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "machine/parts.h"

#define TERM_MAX 32u /* bytes; the names of terminfo(5) in use are shorter */

/* Has a command line a word with this name: the `n` bytes at `name`, before '=' or the end? */
static bool has_name(const char *line, const char *name, size_t n)
{
	for (const char *w = line; w && *w; w += strcspn(w, " \t")) {
		w += strspn(w, " \t");
		if (!strncmp(w, name, n) && strchr("= \t", w[n]))
			return true;
	}
	return false;
}

/* Appends those of `words` to *own that the user does not give. */
static int32_t add_words(const struct machine *m, const char *words, char **own)
{
	for (const char *w = words; *w;) {
		size_t n = strcspn(w, " ");
		char *more;

		if (n && !has_name(m->append, w, strcspn(w, "= "))) {
			more = vr_text_format("%s%s%.*s", *own, **own ? " " : "", (int)n, w);
			if (!more)
				return VR_E_NOMEM;
			free(*own);
			*own = more;
		}
		w += n;
		w += strspn(w, " ");
	}
	return VR_OK;
}

/* A name that can stand on a command line, and in a shell's hands. */
static bool is_term(const char *s)
{
	size_t n = s ? strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+._") : 0;

	return n && n <= TERM_MAX && !s[n];
}

/* What is known of the terminal; NULL without memory. */
static char *terminal_words(struct machine *m)
{
	const char *term = getenv("TERM");
	uint32_t columns, rows;
	bool sized = console_dimensions(&m->console, &columns, &rows);
	char size[40] = "";

	if (sized)
		snprintf(size, sizeof(size), "vmrun.size=%ux%u", columns, rows);
	if (!is_term(term) || !console_has_terminal(&m->console))
		return vr_text_copy(size);
	return vr_text_format("%s%svmrun.term=%s", size, sized ? " " : "", term);
}

/* The line with `own` at its place. */
static char *insert(const struct machine *m, const char *own)
{
	const char *line = m->boot.payload.cmdline;
	size_t n = strlen(line), user = m->append ? strlen(m->append) : 0;
	size_t before = n - user;

	return vr_text_format("%.*s%s%s%s%s", (int)before, line, before && line[before - 1] != ' ' ? " " : "",
			      own, user ? " " : "", line + before);
}

static int32_t replace_line(struct machine *m, const char *own)
{
	char *line = *own ? insert(m, own) : NULL;

	if (!*own)
		return VR_OK;
	if (!line)
		return VR_E_NOMEM;
	free(m->boot.cmdline);
	m->boot.cmdline = line;
	m->boot.payload.cmdline = line;
	return VR_OK;
}

int32_t machine_add_parameters(struct machine *m, uint32_t most)
{
	const char *words =
		VR_HAS(m->board_table, cmdline_words) ? m->board_table->cmdline_words(m->board) : NULL;
	char *own = vr_text_copy(""), *terminal = terminal_words(m);
	int32_t rc = own && terminal ? VR_OK : VR_E_NOMEM;
	size_t kept;

	if (rc == VR_OK)
		rc = add_words(m, words ? words : "", &own);
	kept = own ? strlen(own) : 0;
	if (rc == VR_OK)
		rc = add_words(m, terminal, &own);
	/* At most a blank on each side. */
	if (rc == VR_OK && most && strlen(m->boot.payload.cmdline) + strlen(own) + 2 > most)
		own[kept] = 0;
	if (rc == VR_OK)
		rc = replace_line(m, own);
	if (rc == VR_OK)
		m->own_length = *own ? strlen(own) + 1 : 0;
	free(own);
	free(terminal);
	return rc < 0 ? vr_error_set(rc, "no memory for the kernel command line") : rc;
}
