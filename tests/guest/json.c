/* SPDX-License-Identifier: MIT */
/*
 * json [NAME...]: reads one JSON document (RFC 8259) from stdin, to its end. Prints the number or text at
 * each NAME, such as accel.cache_hit_rate, a line each. Exit status 1: not JSON, or a NAME is not in it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[1 << 20];
static const char *p = text;
static char path[1024];
static char **names;
static int name_count;
static char *found[64];

static void bad(const char *what)
{
	fprintf(stderr, "json: byte %td: %s, at '%.20s'\n", p - text, what, p);
	exit(1);
}

static void blank(void)
{
	p += strspn(p, " \t\r\n");
}

static void note(const char *from, const char *to)
{
	for (int i = 0; i < name_count; i++)
		if (!strcmp(names[i], path) && !found[i])
			found[i] = strndup(from, (size_t)(to - from));
}

static void string(const char **from, const char **to)
{
	if (*p++ != '"')
		bad("no string");
	*from = p;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			bad("a control character in a string");
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			for (int i = 0; i < 4; i++)
				if (!isxdigit((unsigned char)*++p))
					bad("\\u without four digits");
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			bad("an unknown escape");
		}
	}
	*to = p++;
}

static void digits(void)
{
	if (!isdigit((unsigned char)*p))
		bad("no digit");
	while (isdigit((unsigned char)*p))
		p++;
}

static void number(void)
{
	const char *from = p;

	p += *p == '-';
	if (*p == '0')
		p++;
	else
		digits();
	if (*p == '.') {
		p++;
		digits();
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		digits();
	}
	note(from, p);
}

static void value(int depth);

static void members(int depth, char close)
{
	size_t base = strlen(path);

	p++;
	blank();
	if (*p == close) {
		p++;
		return;
	}
	for (unsigned i = 0;; i++) {
		const char *from, *to;

		if (close == '}') {
			string(&from, &to);
			snprintf(path + base, sizeof(path) - base, "%s%.*s", base ? "." : "",
				 (int)(to - from), from);
			blank();
			if (*p++ != ':')
				bad("no ':'");
		} else {
			snprintf(path + base, sizeof(path) - base, "%s%u", base ? "." : "", i);
		}
		value(depth + 1);
		path[base] = 0;
		if (*p == close)
			break;
		if (*p++ != ',')
			bad("neither ',' nor an end");
		blank();
	}
	p++;
}

static void value(int depth)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *from, *to;

	if (depth > 32)
		bad("too deep");
	blank();
	if (*p == '{') {
		members(depth, '}');
	} else if (*p == '[') {
		members(depth, ']');
	} else if (*p == '"') {
		string(&from, &to);
		note(from, to);
	} else if (*p == '-' || isdigit((unsigned char)*p)) {
		number();
	} else {
		size_t i;

		for (i = 0; i < 3 && strncmp(p, words[i], strlen(words[i])); i++)
			;
		if (i == 3)
			bad("no value");
		note(p, p + strlen(words[i]));
		p += strlen(words[i]);
	}
	blank();
}

int main(int argc, char **argv)
{
	size_t n = fread(text, 1, sizeof(text) - 1, stdin);

	text[n] = 0;
	names = argv + 1;
	name_count = argc - 1 < 64 ? argc - 1 : 64;
	value(0);
	if (p != text + n)
		bad("more than one document");
	for (int i = 0; i < name_count; i++) {
		if (!found[i]) {
			fprintf(stderr, "json: no %s\n", names[i]);
			return 1;
		}
		puts(found[i]);
	}
	return 0;
}
