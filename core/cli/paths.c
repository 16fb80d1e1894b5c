/* SPDX-License-Identifier: MIT */
/*
 * paths.c: what may stand in a path of a machine file, whatever its key.
 *
 *     ~, ~/...   at the start: the home folder, $HOME
 *     ${NAME}    what the environment has under this name
 *     $$         a dollar
 *
 * What replaces a variable is taken as it is. All else with a dollar, and ~NAME, is an error: it would be taken for what
 * it means in a shell. So is a variable that is not set, since a path without it names another file.
 */
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "cli/options.h"
#include "common/error.h"
#include "common/text.h"

struct expansion {
	const char *place; /* for messages */
	const char *text;  /* all of it, the same */
	char *out;
};

static int32_t add(struct expansion *e, const char *s, size_t n)
{
	char *more = vr_text_format("%s%.*s", e->out, (int)n, s);

	if (!more)
		return VR_E_NOMEM;
	free(e->out);
	e->out = more;
	return VR_OK;
}

static int32_t add_variable(struct expansion *e, const char *name)
{
	const char *value = getenv(name);

	if (!value)
		return vr_error_set(VR_E_CONFIG, "%s: path '%s': the environment has no variable %s; set it",
				    e->place, e->text, name);
	return add(e, value, strlen(value));
}

/* At a dollar; *s goes past what it begins. */
static int32_t dollar(struct expansion *e, const char **s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	const char *p = *s + 1;
	size_t n = *p == '{' ? strspn(p + 1, letters) : 0;
	char *name;
	int32_t rc;

	if (*p == '$') {
		*s = p + 1;
		return add(e, "$", 1);
	}
	if (!n || p[n + 1] != '}')
		return vr_error_set(
			VR_E_CONFIG,
			"%s: path '%s': '$' begins a variable, written ${NAME}; a dollar is written $$",
			e->place, e->text);
	name = vr_text_copy_n(p + 1, n);
	if (!name)
		return VR_E_NOMEM;
	rc = add_variable(e, name);
	free(name);
	*s = p + n + 2;
	return rc;
}

/* At the text's start. */
static int32_t home(struct expansion *e, const char **s)
{
	if (**s != '~')
		return VR_OK;
	if ((*s)[1] && (*s)[1] != '/')
		return vr_error_set(
			VR_E_CONFIG,
			"%s: path '%s': '~' stands for your own home folder only, as ~/; a file whose name "
			"begins so is written ./~",
			e->place, e->text);
	(*s)++;
	return add_variable(e, "HOME");
}

int32_t cli_expand_path(const char *file, const char *place, const char *text, char **out)
{
	struct expansion e = {.place = place, .text = text, .out = vr_text_copy("")};
	const char *s = text;
	int32_t rc = e.out ? home(&e, &s) : VR_E_NOMEM;

	while (rc == VR_OK && *s) {
		size_t n = strcspn(s, "$");

		rc = add(&e, s, n);
		s += n;
		if (rc == VR_OK && *s)
			rc = dollar(&e, &s);
	}
	if (rc == VR_OK && text[0] && !e.out[0])
		rc = vr_error_set(VR_E_CONFIG, "%s: path '%s': is empty once its variables are replaced",
				  place, text);
	if (rc == VR_OK && !(*out = vr_text_beside(file, e.out)))
		rc = VR_E_NOMEM;
	free(e.out);
	return rc;
}
