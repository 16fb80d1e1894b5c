/* SPDX-License-Identifier: MIT */
/*
 * completion: `completion bash|zsh|fish`: how these shells complete vmrun's command line, made of the tables
 * that vmrun itself is made of: core/cli/options.def and commands.def. What an option takes is told by its
 * metavar; ids of plugins are asked of the vmrun at hand when they are needed.
 */
#include <stdio.h>
#include <string.h>

#include "cli/option_table.h"

static const struct word {
	const char *word, *arguments, *help;
} commands[] =
	{
#define CLI_COMMAND(name, word_, arguments_, help_) {word_, arguments_, help_},
#define PLUGINS(word_, arguments_, count, function, help_)
#include "cli/commands.def"
#undef CLI_COMMAND
#undef PLUGINS
},
  plugins[] = {
#define CLI_COMMAND(name, word_, arguments_, help_)
#define PLUGINS(word_, arguments_, count, function, help_) {word_, arguments_, help_},
#include "cli/commands.def"
#undef CLI_COMMAND
#undef PLUGINS
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define TEMPLATE(word, what) word " "
static const char classes[] =
#include "cli/templates.def"
	;
#define IDS "vmrun plugins list 2>/dev/null | cut -d' ' -f1"

enum takes { NOTHING, A_FILE, A_FOLDER, AN_ID, A_WORD, SOMETHING };

/* What to offer where this metavar, or a command's argument, is to be written. */
static enum takes takes(const char *metavar)
{
	if (!metavar)
		return NOTHING;
	if (!strncmp(metavar, "FILE", 4))
		return A_FILE;
	if (!strncmp(metavar, "DIR", 3))
		return A_FOLDER;
	if (!strncmp(metavar, "ID", 2))
		return AN_ID;
	return strcspn(metavar, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(metavar) ? A_WORD : SOMETHING;
}

/* ---- bash ---- */

/* "-p | --plugin" of each needed argument of this kind, as a case of what stands before the cursor. */
static void bash_cases(enum takes kind, const char *offer)
{
	int any = 0;

	for (size_t i = 0; i < COUNT(options); i++) {
		if (options[i].argument != NEEDED || takes(options[i].metavar) != kind)
			continue;
		printf("%s", any++ ? " | " : "\t");
		if (options[i].letter)
			printf("-%c | ", options[i].letter);
		printf("--%s", options[i].word);
	}
	if (any)
		printf(")\n\t\t%s\n\t\treturn\n\t\t;;\n", offer);
}

static void words(const struct word *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", w[i].word);
}

static void bash(void)
{
	printf("# bash completion for vmrun; made by `make`, do not edit.\n"
	       "_vmrun()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word command= sub=\n"
	       "\tCOMPREPLY=()\n"
	       "\tcase $prev in\n");
	bash_cases(A_FILE, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")");
	bash_cases(A_FOLDER, "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")");
	bash_cases(AN_ID, "mapfile -t COMPREPLY < <(compgen -W \"$(" IDS ")\" -- \"$cur\")");
	bash_cases(SOMETHING, ":");
	printf("\tesac\n"
	       "\tif [[ $cur == -* ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (size_t i = 0; i < COUNT(options); i++) {
		printf("%s--%s", i ? " " : "", options[i].word);
		if (options[i].letter)
			printf(" -%c", options[i].letter);
		if (options[i].argument == OPTIONAL && takes(options[i].metavar) == A_WORD)
			printf(" --%s=%s", options[i].word, options[i].metavar);
	}
	printf("' -- \"$cur\")\n\t\treturn\n\tfi\n"
	       "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	       "\t\tcase $command/$word in\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		printf("\t\t/%s) command=%s ;;\n", commands[i].word, commands[i].word);
	for (size_t i = 0; i < COUNT(plugins); i++)
		printf("\t\tplugins/%s) sub=%s ;;\n", plugins[i].word, plugins[i].word);
	printf("\t\tesac\n\tdone\n"
	       "\tcase $command/$sub in\n"
	       "\t/) mapfile -t COMPREPLY < <(compgen -f -W '");
	words(commands, COUNT(commands));
	printf("' -- \"$cur\") ;;\n\tplugins/) mapfile -t COMPREPLY < <(compgen -W '");
	words(plugins, COUNT(plugins));
	printf("' -- \"$cur\") ;;\n");
	for (size_t i = 0; i < COUNT(plugins); i++) {
		if (takes(plugins[i].arguments) == AN_ID)
			printf("\tplugins/%s) mapfile -t COMPREPLY < <(compgen -W \"$(" IDS
			       ")\" -- \"$cur\") ;;\n",
			       plugins[i].word);
		else if (takes(plugins[i].arguments) == A_FILE)
			printf("\tplugins/%s) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n",
			       plugins[i].word);
		else if (!strncmp(plugins[i].arguments, "CLASS", 5))
			printf("\tplugins/%s) [[ $prev != %s ]] || mapfile -t COMPREPLY < <(compgen -W "
			       "'%s' -- \"$cur\") ;;\n",
			       plugins[i].word, plugins[i].word, classes);
	}
	printf("\tesac\n}\ncomplete -o filenames -F _vmrun vmrun\n");
}

/* ---- zsh ---- */

/* In single quotes, with what _arguments takes for its own escaped. */
static void zsh_text(const char *s, const char *special)
{
	for (; *s; s++) {
		if (*s == '\'')
			printf("'\\'");
		else if (strchr(special, *s))
			putchar('\\');
		putchar(*s);
	}
}

static void zsh_takes(const char *metavar, int optional)
{
	static const char *const action[] = {[A_FILE] = "_files",
					     [A_FOLDER] = "_files -/",
					     [AN_ID] = "_vmrun_ids",
					     [A_WORD] = "",
					     [SOMETHING] = ""};
	enum takes kind = takes(metavar);

	if (kind == NOTHING)
		return;
	printf("%s:", optional ? ":" : "");
	zsh_text(metavar, ":[]()\\");
	if (kind == A_WORD)
		printf(":(%s)", metavar);
	else
		printf(":%s", action[kind]);
}

static void zsh_words(const char *name, const struct word *w, size_t n)
{
	printf("\t%s=(\n", name);
	for (size_t i = 0; i < n; i++) {
		printf("\t\t'%s:", w[i].word);
		zsh_text(w[i].help, ":\\");
		printf("'\n");
	}
	printf("\t)\n");
}

static void zsh_option(const struct option *o, const char *dashes, const char *word)
{
	printf("\t\t'*%s%s", dashes, word);
	if (o->argument == OPTIONAL)
		printf("=-");
	else if (o->argument == NEEDED && dashes[1])
		printf("=");
	printf("[");
	zsh_text(o->help, "[]:\\");
	printf("]");
	if (o->argument != NONE)
		zsh_takes(o->metavar, o->argument == OPTIONAL);
	printf("' \\\n");
}

static void zsh(void)
{
	printf("#compdef vmrun\n# zsh completion for vmrun; made by `make`, do not edit.\n"
	       "_vmrun_ids() { compadd -- $(" IDS ") }\n"
	       "_vmrun() {\n"
	       "\tlocal context state line\n"
	       "\tlocal -a commands words_of_plugins\n");
	zsh_words("commands", commands, COUNT(commands));
	zsh_words("words_of_plugins", plugins, COUNT(plugins));
	printf("\t_arguments -s \\\n");
	for (size_t i = 0; i < COUNT(options); i++) {
		char letter[2] = {options[i].letter, '\0'};

		if (options[i].letter)
			zsh_option(&options[i], "-", letter);
		zsh_option(&options[i], "--", options[i].word);
	}
	printf("\t\t'1: :->first' '*: :->rest' && return\n"
	       "\tcase $state in\n"
	       "\tfirst) _describe command commands; _files ;;\n"
	       "\trest)\n"
	       "\t\t[[ $line[1] == plugins ]] || return\n"
	       "\t\tif (( $#line <= 2 )); then _describe word words_of_plugins; return; fi\n"
	       "\t\tcase $line[2] in\n");
	for (size_t i = 0; i < COUNT(plugins); i++) {
		if (takes(plugins[i].arguments) == AN_ID)
			printf("\t\t%s) _vmrun_ids ;;\n", plugins[i].word);
		else if (takes(plugins[i].arguments) == A_FILE)
			printf("\t\t%s) _files ;;\n", plugins[i].word);
		else if (!strncmp(plugins[i].arguments, "CLASS", 5))
			printf("\t\t%s) (( $#line <= 3 )) && compadd %s;;\n", plugins[i].word, classes);
	}
	printf("\t\tesac ;;\n\tesac\n}\n_vmrun \"$@\"\n");
}

/* ---- fish ---- */

static void fish_text(const char *s)
{
	putchar('\'');
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('\'');
}

static void fish(void)
{
	printf("# fish completion for vmrun; made by `make`, do not edit.\n");
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];

		printf("complete -c vmrun");
		if (o->letter)
			printf(" -s %c", o->letter);
		printf(" -l %s -d ", o->word);
		fish_text(o->help);
		if (o->argument == NEEDED && takes(o->metavar) == A_FILE)
			printf(" -r -F");
		else if (o->argument == NEEDED && takes(o->metavar) == A_FOLDER)
			printf(" -x -a '(__fish_complete_directories)'");
		else if (o->argument == NEEDED && takes(o->metavar) == AN_ID)
			printf(" -x -a '(vmrun plugins list 2>/dev/null | string replace -r \" .*\" \"\")'");
		else if (o->argument == NEEDED)
			printf(" -x");
		else if (takes(o->metavar) == A_WORD)
			printf(" -f -a %s", o->metavar);
		putchar('\n');
	}
	for (size_t i = 0; i < COUNT(commands); i++) {
		printf("complete -c vmrun -n __fish_use_subcommand -a %s -d ", commands[i].word);
		fish_text(commands[i].help);
		putchar('\n');
	}
	for (size_t i = 0; i < COUNT(plugins); i++) {
		printf("complete -c vmrun -f -n '__fish_seen_subcommand_from plugins; and not "
		       "__fish_seen_subcommand_from");
		for (size_t k = 0; k < COUNT(plugins); k++)
			printf(" %s", plugins[k].word);
		printf("' -a %s -d ", plugins[i].word);
		fish_text(plugins[i].help);
		putchar('\n');
		if (takes(plugins[i].arguments) == AN_ID)
			printf("complete -c vmrun -f -n '__fish_seen_subcommand_from %s' -a '(vmrun plugins "
			       "list 2>/dev/null | "
			       "string replace -r \" .*\" \"\")'\n",
			       plugins[i].word);
		else if (!strncmp(plugins[i].arguments, "CLASS", 5))
			printf("complete -c vmrun -f -n '__fish_seen_subcommand_from %s' -a '%s'\n",
			       plugins[i].word, classes);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "bash"))
		bash();
	else if (argc == 2 && !strcmp(argv[1], "zsh"))
		zsh();
	else if (argc == 2 && !strcmp(argv[1], "fish"))
		fish();
	else {
		fprintf(stderr, "usage: completion bash|zsh|fish\n");
		return 2;
	}
	return fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
}
