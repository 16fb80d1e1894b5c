/* SPDX-License-Identifier: MIT */
/*
 * patgen: the pattern compiler. `patgen ARCH file.pat... > ARCH_decode.h`
 *
 * An instruction set is a table of 32-bit patterns, one a line:
 *
 *	# a comment
 *	name  tok tok ...  [= handler]
 *
 * Tokens are written most significant bit first and make up exactly 32 bits: a run of 0, 1 and . (any), or
 * `field:width`. A field that is named more than once is put together from its parts, the first the highest.
 * The handler's name is the row's unless given. `{` and `}` on lines of their own hold a group: its rows may
 * overlap and the first that matches wins. Any other overlap is an error, in one file or between two, and so
 * is a row that no word can reach: a table that compiles is unambiguous and has no dead rows.
 *
 * How the decoder is made. Each row is a pair (mask, value): it matches the words w with (w & mask) == value.
 * The decoder is a tree. A node knows which bits have been looked at on the way to it, and holds the rows that
 * agree with what was seen, in order of precedence.
 *  - No row: the word is undefined.
 *  - The first row has no bit left to look at: that row. The others lose against it (only rows of one group
 *    can be here).
 *  - One row: compare all of its remaining bits at once.
 *  - Bits that every row looks at: switch on the longest run of them; no row goes to two children. Up to
 *    RUN_MAX bits at a time, which makes tables that a C compiler turns into one indirect jump.
 *  - Otherwise one bit, the one that leaves the smallest larger half; rows that do not look at it go both
 *    ways. Among equals the one that fewer rows ignore. Each step takes at least one bit of the first row, or of
 *    what tells it from the others, so the tree ends. It is exact: a row that no leaf returns cannot be reached.
 *
 * A row without a handler is an error of the linker, which names the handler. With PATGEN_CHECKED defined the header also
 * has, for the debugger's tables, a line of code for each row that stands at the row's own line of the .pat file, so the linker's
 * message begins with that: `tiny.pat:12: undefined reference`.
 *
 * The output is one header: enum, table (for tests), decoder, field extraction, handlers' prototypes and
 *table. It is written only after everything was checked.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 4096
#define PARTS_MAX 16
#define NAME_LENGTH 64
#define RUN_MAX 8

struct part {
	char name[NAME_LENGTH];
	unsigned lsb, width;
};

struct row {
	char name[NAME_LENGTH];
	char handler[NAME_LENGTH];
	const char *file;
	unsigned line;
	unsigned group; /* 0: none */
	uint32_t mask, value;
	struct part part[PARTS_MAX];
	unsigned parts;
	int reached;
};

static struct row *rows;
static unsigned row_count;
static unsigned group_count;
static unsigned errors;
static const char *arch;
static char upper[NAME_LENGTH]; /* arch in capitals */

__attribute__((format(printf, 3, 4))) static void complain(const char *file, unsigned line,
							   const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%u: ", file, line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	errors++;
}

static __attribute__((noreturn)) void die(const char *what, const char *why)
{
	fprintf(stderr, "patgen: %s: %s\n", what, why);
	exit(1);
}

/* ---- reading ---------------------------------------------------------------------------------- */

static int is_name(const char *s, size_t length)
{
	if (length == 0 || length >= NAME_LENGTH || (!isalpha((unsigned char)s[0]) && s[0] != '_'))
		return 0;
	for (size_t i = 1; i < length; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return 0;
	return 1;
}

/* `field:width` into r at `bit` (the number of bits still free); returns the width, 0 on error. */
static unsigned read_field(struct row *r, const char *token, unsigned bit)
{
	const char *colon = strchr(token, ':');
	char *end;
	unsigned long width = strtoul(colon + 1, &end, 10);

	if (!is_name(token, (size_t)(colon - token)) || end == colon + 1 || *end || width == 0 ||
	    width > bit || r->parts == PARTS_MAX)
		return 0;
	struct part *p = &r->part[r->parts++];
	memcpy(p->name, token, (size_t)(colon - token));
	p->width = (unsigned)width;
	p->lsb = bit - p->width;
	return p->width;
}

/* A run of 0, 1 and . likewise. */
static unsigned read_bits(struct row *r, const char *token, unsigned bit)
{
	size_t length = strlen(token);

	if (length > bit || strspn(token, "01.") != length)
		return 0;
	for (size_t i = 0; i < length; i++) {
		uint32_t b = 1u << (bit - 1 - (unsigned)i);
		if (token[i] != '.')
			r->mask |= b;
		if (token[i] == '1')
			r->value |= b;
	}
	return (unsigned)length;
}

static void read_row(char *text, const char *file, unsigned line, unsigned group)
{
	struct row *r = &rows[row_count];
	unsigned bit = 32;
	char *save = NULL;
	char *token = strtok_r(text, " \t", &save);

	if (row_count == ROWS_MAX)
		die(file, "too many rows");
	memset(r, 0, sizeof(*r));
	r->file = file;
	r->line = line;
	r->group = group;
	if (!is_name(token, strlen(token))) {
		complain(file, line, "'%s' is not a name", token);
		return;
	}
	strcpy(r->name, token);
	strcpy(r->handler, token);
	while ((token = strtok_r(NULL, " \t", &save)) != NULL && strcmp(token, "=") != 0) {
		unsigned width = strchr(token, ':') ? read_field(r, token, bit) : read_bits(r, token, bit);
		if (width == 0) {
			complain(file, line, "%s: bad token '%s' (%u bits left)", r->name, token, bit);
			return;
		}
		bit -= width;
	}
	if (token) {
		token = strtok_r(NULL, " \t", &save);
		if (!token || !is_name(token, strlen(token)) || strtok_r(NULL, " \t", &save)) {
			complain(file, line, "%s: one handler's name must follow '='", r->name);
			return;
		}
		strcpy(r->handler, token);
	}
	if (bit != 0) {
		complain(file, line, "%s: %u bits, not 32", r->name, 32 - bit);
		return;
	}
	row_count++;
}

static void read_file(const char *file)
{
	FILE *in = fopen(file, "r");
	char text[512];
	unsigned line = 0, group = 0;

	if (!in)
		die(file, strerror(errno));
	while (fgets(text, sizeof(text), in)) {
		line++;
		text[strcspn(text, "#\r\n")] = 0;
		char *start = text + strspn(text, " \t");
		size_t length = strlen(start);
		while (length && strchr(" \t", start[length - 1]))
			start[--length] = 0;
		if (strcmp(start, "{") == 0) {
			if (group)
				complain(file, line, "a group inside a group");
			group = ++group_count;
		} else if (strcmp(start, "}") == 0) {
			if (!group)
				complain(file, line, "no group to close");
			group = 0;
		} else if (*start) {
			read_row(start, file, line, group);
		}
	}
	if (group)
		complain(file, line, "group not closed");
	fclose(in);
}

/* ---- checks ----------------------------------------------------------------------------------- */

static void check_pairs(void)
{
	for (unsigned i = 0; i < row_count; i++) {
		for (unsigned j = 0; j < i; j++) {
			const struct row *a = &rows[j], *b = &rows[i];
			if (strcmp(a->name, b->name) == 0)
				complain(b->file, b->line, "%s: the name is taken by %s:%u", b->name, a->file,
					 a->line);
			if (((a->value ^ b->value) & a->mask & b->mask) || (a->group && a->group == b->group))
				continue;
			complain(b->file, b->line, "%s overlaps %s of %s:%u (both match 0x%08x)", b->name,
				 a->name, a->file, a->line, a->value | b->value);
		}
	}
}

/* ---- the tree --------------------------------------------------------------------------------- */

/* Text is collected, since rows out of reach are found on the way. */
static FILE *tree;
static char *tree_text;
static size_t tree_length;

static void indent(unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		fputc('\t', tree);
}

static void leaf(unsigned depth, struct row *r, uint32_t seen)
{
	uint32_t rest = r->mask & ~seen;

	r->reached = 1;
	indent(depth);
	if (rest)
		fprintf(tree, "return (insn & 0x%08xu) == 0x%08xu ? %s_row_%s : -1;\n", rest, r->value & rest,
			arch, r->name);
	else
		fprintf(tree, "return %s_row_%s;\n", arch, r->name);
}

/* The longest run of ones in `bits`, cut to RUN_MAX: its lowest bit, and the width. */
static unsigned longest_run(uint32_t bits, unsigned *width)
{
	unsigned best = 0, best_lsb = 0;

	for (unsigned lsb = 0; lsb < 32; lsb++) {
		unsigned n = 0;
		while (lsb + n < 32 && n < RUN_MAX && (bits >> (lsb + n) & 1))
			n++;
		if (n > best) {
			best = n;
			best_lsb = lsb;
		}
	}
	*width = best;
	return best_lsb;
}

/* The bit that splits best, when no bit matters to all; -1: none makes both halves smaller. */
static int best_bit(struct row **list, unsigned count, uint32_t seen)
{
	unsigned best_score = UINT32_MAX;
	int best = -1;

	for (int bit = 0; bit < 32; bit++) {
		unsigned n[2] = {0, 0}, any = 0;
		for (unsigned i = 0; i < count; i++) {
			if (list[i]->mask >> bit & 1)
				n[list[i]->value >> bit & 1]++;
			else
				any++;
		}
		if ((seen >> bit & 1) || n[0] == 0 || n[1] == 0)
			continue;
		unsigned larger = (n[0] > n[1] ? n[0] : n[1]) + any;
		unsigned score = larger * ROWS_MAX + any;
		if (score < best_score) {
			best_score = score;
			best = bit;
		}
	}
	return best;
}

/* Rows of `list` that are not part of r, compacted in place; returns how many. */
static unsigned drop_covered(struct row **list, unsigned count, const struct row *r, uint32_t seen)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t rest = r->mask & ~seen;
		if ((rest & ~list[i]->mask) == 0 && ((list[i]->value ^ r->value) & rest) == 0)
			continue;
		list[kept++] = list[i];
	}
	return kept;
}

static void node(unsigned depth, struct row **list, unsigned count, uint32_t seen)
{
	if (count == 0) {
		indent(depth);
		fprintf(tree, "return -1;\n");
		return;
	}
	if (count == 1 || (list[0]->mask & ~seen) == 0) {
		leaf(depth, list[0], seen);
		return;
	}

	uint32_t common = ~seen;
	for (unsigned i = 0; i < count; i++)
		common &= list[i]->mask;
	unsigned width = 1, lsb;
	if (common) {
		lsb = longest_run(common, &width);
	} else {
		int bit = best_bit(list, count, seen);
		if (bit < 0) {
			uint32_t rest = list[0]->mask & ~seen;
			list[0]->reached = 1;
			indent(depth);
			fprintf(tree, "if ((insn & 0x%08xu) == 0x%08xu)\n", rest, list[0]->value & rest);
			indent(depth + 1);
			fprintf(tree, "return %s_row_%s;\n", arch, list[0]->name);
			count = drop_covered(list + 1, count - 1, list[0], seen);
			node(depth, list + 1, count, seen);
			return;
		}
		lsb = (unsigned)bit;
	}

	uint32_t field = (1u << width) - 1;
	struct row **child = malloc(count * sizeof(*child));
	if (!child)
		die("tree", strerror(ENOMEM));
	indent(depth);
	fprintf(tree, "switch (insn >> %u & 0x%x) {\n", lsb, field);
	for (uint32_t value = 0; value <= field; value++) {
		unsigned n = 0;
		for (unsigned i = 0; i < count; i++)
			if (((list[i]->value ^ value << lsb) & list[i]->mask & field << lsb) == 0)
				child[n++] = list[i];
		if (n == 0)
			continue;
		indent(depth);
		fprintf(tree, "case 0x%x:\n", value);
		node(depth + 1, child, n, seen | field << lsb);
	}
	indent(depth);
	fprintf(tree, "default:\n");
	indent(depth + 1);
	fprintf(tree, "return -1;\n");
	indent(depth);
	fprintf(tree, "}\n");
	free(child);
}

static void make_tree(void)
{
	struct row **list = malloc((row_count + 1) * sizeof(*list));

	tree = open_memstream(&tree_text, &tree_length);
	if (!tree || !list)
		die("tree", strerror(ENOMEM));
	for (unsigned i = 0; i < row_count; i++)
		list[i] = &rows[i];
	node(1, list, row_count, 0);
	fclose(tree);
	free(list);
	for (unsigned i = 0; i < row_count; i++)
		if (!rows[i].reached)
			complain(rows[i].file, rows[i].line,
				 "%s cannot be reached: earlier rows match all of it", rows[i].name);
}

/* ---- writing ---------------------------------------------------------------------------------- */

static int same_layout(const struct row *a, const struct row *b)
{
	if (a->parts != b->parts)
		return 0;
	for (unsigned i = 0; i < a->parts; i++)
		if (strcmp(a->part[i].name, b->part[i].name) != 0 || a->part[i].lsb != b->part[i].lsb ||
		    a->part[i].width != b->part[i].width)
			return 0;
	return 1;
}

static void write_enum(void)
{
	printf("enum %s_row {\n", arch);
	for (unsigned i = 0; i < row_count; i++)
		printf("\t%s_row_%s,\n", arch, rows[i].name);
	printf("};\n#define %s_ROWS %u\n\n", upper, row_count);
}

static void write_table(void)
{
	printf("/* fields: \"name@lsb:width ...\"; group: 0, or rows of one group may overlap, the first "
	       "wins. */\n");
	printf("struct %s_row_info {\n\tconst char *name;\n\tconst char *file;\n\tuint32_t line;\n\tuint32_t "
	       "group;\n"
	       "\tuint32_t mask;\n\tuint32_t value;\n\tconst char *fields;\n};\n",
	       arch);
	printf("static const struct %s_row_info %s_row_table[] __attribute__((unused)) = {\n", arch, arch);
	for (unsigned i = 0; i < row_count; i++) {
		const struct row *r = &rows[i];
		printf("\t{\"%s\", \"%s\", %u, %u, 0x%08xu, 0x%08xu, \"", r->name, r->file, r->line, r->group,
		       r->mask, r->value);
		for (unsigned k = 0; k < r->parts; k++)
			printf("%s%s@%u:%u", k ? " " : "", r->part[k].name, r->part[k].lsb, r->part[k].width);
		printf("\"},\n");
	}
	printf("};\n\n");
}

/* One case a layout: rows that share it share the code. */
static void write_extract(void)
{
	printf("static __attribute__((unused)) void %s_extract(int row, uint32_t insn, struct %s_fields "
	       "*f)\n{\n",
	       arch, arch);
	printf("\tmemset(f, 0, sizeof(*f));\n\tswitch (row) {\n");
	for (unsigned i = 0; i < row_count; i++) {
		const struct row *r = &rows[i];
		unsigned first = 0;
		while (!same_layout(&rows[first], r))
			first++;
		if (first != i || r->parts == 0)
			continue;
		for (unsigned j = i; j < row_count; j++)
			if (same_layout(&rows[j], r))
				printf("\tcase %s_row_%s:\n", arch, rows[j].name);
		for (unsigned k = 0; k < r->parts; k++) {
			const struct part *p = &r->part[k];
			int again = 0;
			for (unsigned e = 0; e < k; e++)
				again |= strcmp(r->part[e].name, p->name) == 0;
			uint32_t ones = p->width == 32 ? UINT32_MAX : (1u << p->width) - 1;
			if (again)
				printf("\t\tf->%s = f->%s << %u | (insn >> %u & 0x%x);\n", p->name, p->name,
				       p->width, p->lsb, ones);
			else
				printf("\t\tf->%s = insn >> %u & 0x%x;\n", p->name, p->lsb, ones);
		}
		printf("\t\tbreak;\n");
	}
	printf("\tdefault:\n\t\tbreak;\n\t}\n}\n\n");
}

static void write_prototypes(void)
{
	printf("#ifndef %s_DECODE_TABLE_ONLY\n", upper);
	for (unsigned i = 0; i < row_count; i++) {
		unsigned first = 0;
		while (strcmp(rows[first].handler, rows[i].handler) != 0)
			first++;
		if (first == i)
			printf("int %s_lift_%s(struct %s_lift *l, const struct %s_fields *f);\n", arch,
			       rows[i].handler, arch, arch);
	}
	printf("#endif\n\n");
}

static void write_handlers(void)
{
	printf("#ifndef %s_DECODE_TABLE_ONLY\nstatic const %s_handler %s_row_handler[] "
	       "__attribute__((unused)) = {\n",
	       upper, arch, arch);
	for (unsigned i = 0; i < row_count; i++)
		printf("\t%s_lift_%s,\n", arch, rows[i].handler);
	printf("};\n");
	printf("#if defined(PATGEN_CHECKED) && defined(__GNUC__)\n"
	       "__attribute__((used)) static void %s_rows_have_handlers(void)\n{\n",
	       arch);
	for (unsigned i = 0; i < row_count; i++)
		printf("#line %u \"%s\"\n\t__asm__ volatile(\"\" : : \"r\"(%s_lift_%s));\n", rows[i].line,
		       rows[i].file, arch, rows[i].handler);
	printf("}\n#endif\n#endif\n");
}

int main(int argc, char **argv)
{
	if (argc < 3 || !is_name(argv[1], strlen(argv[1]))) {
		fprintf(stderr, "usage: patgen ARCH file.pat... > ARCH_decode.h\n");
		return 2;
	}
	arch = argv[1];
	for (size_t i = 0; arch[i]; i++)
		upper[i] = (char)toupper((unsigned char)arch[i]);
	rows = calloc(ROWS_MAX, sizeof(*rows));
	if (!rows)
		die("rows", strerror(ENOMEM));
	for (int i = 2; i < argc; i++)
		read_file(argv[i]);
	check_pairs();
	if (!errors && row_count)
		make_tree();
	if (errors || !row_count) {
		fprintf(stderr, "patgen: %u error%s, %u rows\n", errors, errors == 1 ? "" : "s", row_count);
		return 1;
	}

	printf("/*\n * Made by patgen; do not edit. Include it where %s_fields, %s_lift and %s_handler are "
	       "known.\n",
	       arch, arch, arch);
	printf(" * %s_DECODE_PROTOTYPES_ONLY: just the handlers' prototypes. %s_DECODE_TABLE_ONLY: no "
	       "handlers.\n * PATGEN_CHECKED: a missing handler is named with its row's line.\n */\n",
	       upper, upper);
	write_prototypes();
	printf("#ifndef %s_DECODE_PROTOTYPES_ONLY\n#include <stdint.h>\n#include <string.h>\n\n", upper);
	write_enum();
	write_table();
	printf("/* The row that matches, or -1. */\n");
	printf("static __attribute__((unused)) int %s_decode(uint32_t insn)\n{\n", arch);
	fwrite(tree_text, 1, tree_length, stdout);
	printf("}\n\n");
	write_extract();
	write_handlers();
	printf("#endif\n");
	if (fflush(stdout) || ferror(stdout))
		die("output", strerror(errno));
	free(tree_text);
	free(rows);
	return 0;
}
