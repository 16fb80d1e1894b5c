/* SPDX-License-Identifier: MIT */
/*
 * completion: `completion bash|zsh|fish`: how these shells complete vmrun's command line, made of the tables
 * that vmrun itself is made of: core/cli/options.def and commands.def. What an option takes is told by its
 * metavar; ids of plugins, their options and the architectures are asked of the vmrun at hand when they are needed.
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

#define TEMPLATE(word) word " "
static const char classes[] =
#include "cli/templates.def"
	;

enum takes { NOTHING, A_FILE, A_FOLDER, AN_ID, A_PLUGIN, AN_ARCH, A_WORD, SOMETHING };

/*
 * For bash and zsh: what an installed vmrun knows. The first argument is the command as it was typed. An option of a
 * plugin is a line "NAME TYPE".
 */
static const char asked[] =
	"_vmrun_ids() { \"$1\" plugins list 2>/dev/null | cut -d' ' -f1; }\n"
	"_vmrun_archs() {\n"
	"\tlocal board\n"
	"\t\"$1\" plugins list 2>/dev/null | awk '$2 == \"board\" { print $1 }' | while read -r board; do\n"
	"\t\t\"$1\" plugins show \"$board\" 2>/dev/null | sed -n 's/^guest  *//p'\n"
	"\tdone | tr ' ' '\\n' | sort -u\n"
	"}\n"
	"_vmrun_options() {\n"
	"\t\"$1\" plugins show \"$2\" 2>/dev/null | sed -n '1,/^options/d;s/^  \\([^ ]*\\)  *\\([a-z]*\\) "
	".*/\\1 \\2/p'\n"
	"}\n";

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
		return strchr(metavar, ',') ? A_PLUGIN : AN_ID;
	if (!strcmp(metavar, "ARCH"))
		return AN_ARCH;
	return strcspn(metavar, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(metavar) ? A_WORD : SOMETHING;
}

/* The words of "one|two", with blanks between them. */
static void print_words(const char *metavar)
{
	for (; *metavar; metavar++)
		putchar(*metavar == '|' ? ' ' : *metavar);
}

/* ---- bash ---- */

/*
 * bash takes a command line apart at '=' and ':' as well, so the word before the cursor and the option before it are
 * read from the line; what stands up to the last '=' is not to be said again in a reply. "soft,tier=" is no file name,
 * or its '=' would get a backslash, and no blank follows it.
 */
static const char bash_words[] =
	"_vmrun_reply() # WORDS WORD\n{\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$2\")\n"
	"\tcompopt +o filenames 2>/dev/null\n"
	"\t[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null\n"
	"\t[[ $2 != *=* || $COMP_WORDBREAKS != *=* ]] || COMPREPLY=(\"${COMPREPLY[@]#\"${2%=*}\"=}\")\n"
	"}\n"
	"_vmrun_plugin() # VMRUN WORD\n{\n"
	"\tlocal head=${2%,*} last=${2##*,}\n"
	"\tif [[ $2 != *,* ]]; then\n"
	"\t\t_vmrun_reply \"$(_vmrun_ids \"$1\")\" \"$2\"\n"
	"\telif [[ $last != *=* ]]; then\n"
	"\t\t_vmrun_reply \"$(_vmrun_options \"$1\" \"${2%%,*}\" | sed \"s/^/$head,/; s/ .*/=/\")\" \"$2\"\n"
	"\telif _vmrun_options \"$1\" \"${2%%,*}\" | grep -qx \"${last%%=*} bool\"; then\n"
	"\t\t_vmrun_reply \"$head,${last%%=*}=true $head,${last%%=*}=false\" \"$2\"\n"
	"\tfi\n"
	"}\n";

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
	printf("# bash completion for vmrun; made by `make`, do not edit.\n%s%s", asked, bash_words);
	printf("_vmrun()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word command= sub=\n"
	       "\tlocal line=${COMP_LINE:0:COMP_POINT} value before\n"
	       "\tCOMPREPLY=()\n"
	       "\tvalue=${line##*[[:space:]]}\n"
	       "\tif [[ $value == --*=* ]]; then\n"
	       "\t\tprev=${value%%%%=*} value=${value#*=} cur=${cur#=}\n"
	       "\telse\n"
	       "\t\tread -r -a before <<<\"${line%%\"$value\"}\"\n"
	       "\t\t[[ $value != *=* ]] || prev=${before[${#before[@]}-1]}\n"
	       "\tfi\n"
	       "\tcase $prev in\n");
	bash_cases(A_FILE, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")");
	bash_cases(A_FOLDER, "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")");
	bash_cases(A_PLUGIN, "_vmrun_plugin \"$1\" \"$value\"");
	bash_cases(AN_ARCH, "_vmrun_reply \"$(_vmrun_archs \"$1\")\" \"$value\"");
	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].argument == NEEDED && takes(options[i].metavar) == A_WORD) {
			printf("\t--%s)\n\t\t_vmrun_reply '", options[i].word);
			print_words(options[i].metavar);
			printf("' \"$value\"\n\t\treturn\n\t\t;;\n");
		}
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
			printf("\tplugins/%s) _vmrun_reply \"$(_vmrun_ids \"$1\")\" \"$cur\" ;;\n",
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

static const char zsh_plugin[] =
	"_vmrun_plugin() {\n"
	"\tlocal id=${PREFIX%%,*} name\n"
	"\tif [[ $PREFIX != *,* ]]; then\n"
	"\t\tcompadd -- $(_vmrun_ids $words[1])\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcompset -P '*,'\n"
	"\tif [[ $PREFIX != *=* ]]; then\n"
	"\t\tcompadd -S '' -- $(_vmrun_options $words[1] $id | sed 's/ .*/=/')\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tname=${PREFIX%%=*}\n"
	"\tcompset -P '*='\n"
	"\tif _vmrun_options $words[1] $id | grep -qx \"$name bool\"; then compadd true false; fi\n"
	"}\n";

static void zsh_takes(const char *metavar, int optional)
{
	static const char *const action[] = {[A_FILE] = "_files",       [A_FOLDER] = "_files -/",
					     [AN_ID] = "_vmrun_id",     [A_PLUGIN] = "_vmrun_plugin",
					     [AN_ARCH] = "_vmrun_arch", [A_WORD] = "",
					     [SOMETHING] = ""};
	enum takes kind = takes(metavar);

	if (kind == NOTHING)
		return;
	printf("%s:", optional ? ":" : "");
	zsh_text(metavar, ":[]()\\");
	if (kind == A_WORD) {
		printf(":(");
		print_words(metavar);
		printf(")");
	} else
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
	       "%s%s"
	       "_vmrun_id() { compadd -- $(_vmrun_ids $words[1]) }\n"
	       "_vmrun_arch() { compadd -- $(_vmrun_archs $words[1]) }\n"
	       "_vmrun() {\n"
	       "\tlocal context state line\n"
	       "\tlocal -a commands words_of_plugins\n",
	       asked, zsh_plugin);
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
			printf("\t\t%s) _vmrun_id ;;\n", plugins[i].word);
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

/* The command as it was typed is the first word of the line. */
static const char fish_asked[] =
	"function __vmrun_ids\n"
	"\tset -l vmrun (commandline -opc)[1]\n"
	"\t$vmrun plugins list 2>/dev/null | string replace -r ' +([a-z]+) +[^ ]+ +' '\\t$1: '\n"
	"end\n"
	"function __vmrun_archs\n"
	"\tset -l vmrun (commandline -opc)[1]\n"
	"\tfor board in ($vmrun plugins list 2>/dev/null | string match -r '^[^ ]+(?= +board )')\n"
	"\t\t$vmrun plugins show $board 2>/dev/null | string match -r '(?<=^guest      ).*' | string split ' "
	"'\n"
	"\tend | sort -u\n"
	"end\n"
	"function __vmrun_plugin\n"
	"\tset -l vmrun (commandline -opc)[1]\n"
	"\tset -l token (commandline -ct | string replace -r '^--[a-z]+=' '')\n"
	"\tif not string match -q '*,*' -- $token\n"
	"\t\t__vmrun_ids\n"
	"\t\treturn\n"
	"\tend\n"
	"\tset -l head (string replace -r ',[^,]*$' '' -- $token)\n"
	"\tset -l last (string replace -r '.*,' '' -- $token)\n"
	"\tset -l known ($vmrun plugins show (string replace -r ',.*' '' -- $token) 2>/dev/null | "
	"string match -r '^  [^ ]+ +[a-z]+ .*')\n"
	"\tif not string match -q '*=*' -- $last\n"
	"\t\tstring replace -r '^  ([^ ]+) +[a-z]+ +' \"$head,\\$1=\\t\" -- $known\n"
	"\telse if string match -q -r \"^  \"(string replace -r '=.*' '' -- $last)\" +bool \" -- $known\n"
	"\t\tprintf '%s\\n' $head,(string replace -r '=.*' '=' -- $last){true,false}\n"
	"\tend\n"
	"end\n";

static void fish(void)
{
	printf("# fish completion for vmrun; made by `make`, do not edit.\n%s", fish_asked);
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
			printf(" -x -a '(__vmrun_ids)'");
		else if (o->argument == NEEDED && takes(o->metavar) == A_PLUGIN)
			printf(" -x -a '(__vmrun_plugin)'");
		else if (o->argument == NEEDED && takes(o->metavar) == AN_ARCH)
			printf(" -x -a '(__vmrun_archs)'");
		else if (o->argument == NEEDED && takes(o->metavar) == A_WORD) {
			printf(" -x -a '");
			print_words(o->metavar);
			printf("'");
		} else if (o->argument == NEEDED)
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
			printf("complete -c vmrun -f -n '__fish_seen_subcommand_from %s' -a "
			       "'(__vmrun_ids)'\n",
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
