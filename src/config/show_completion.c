/* SPDX-License-Identifier: MIT */
/* show_completion.c - the settings table and the verbs as completions of shells
 *
 * Behind the program's name the program's own completion goes on, so each script finds that
 * word by the flags that take a value.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "config/settings.h"
#include "config/show.h"

static void each_flag(FILE *f, void (*line)(FILE *f, const struct setting *s))
{
	for (unsigned id = 0; id < SET_COUNT; id++)
		if (!(settings[id].flags & S_FILE))
			line(f, &settings[id]);
}

static void valued_flag(FILE *f, const struct setting *s)
{
	if (s->type->flag)
		return;
	fprintf(f, " --%s", setting_flag(s));
	if (s->short_flag)
		fprintf(f, " -%c", s->short_flag);
}

/* ---- what a flag's value may be ---- */

/* The words behind "sbox" that print names for a flag's value; NULL: none do. */
static const char *value_from(const struct setting *s)
{
	if (s->flags & S_PROFILE)
		return "profile list --names";
	switch ((unsigned)(s - settings)) {
	case SET_LAYER:
	case SET_LAYER_UNDER:
		return "layer list --names";
	case SET_ROOT:
		return "image list --names";
	default:
		return NULL;
	}
}

static bool value_is_path(const struct setting *s)
{
	static const char *const paths[] = { "PATH", "DIR", "SRC", NULL };
	if (s->type->flag || s->choices)
		return false;
	for (size_t i = 0; paths[i]; i++)
		if (strstr(setting_metavar(s), paths[i]))
			return true;
	return false;
}

/* Those that the value's type knows. */
static bool known_words(FILE *f, const struct setting *s)
{
	struct arena a = { 0 };
	const char *word;
	size_t i = 0;
	for (; s->type->word && (word = s->type->word(i, &a)); i++)
		if (f)
			fprintf(f, "%s%s", i ? " " : "", word);
	arena_done(&a);
	return i > 0;
}

/* The words among what may be written: "private ephemeral" of "private[:NAME]|ephemeral".
 * Whether there are any; without @f they are not printed. */
static bool fixed_words(FILE *f, const struct setting *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	bool any = known_words(f, s);
	for (size_t i = 0; s->choices && s->choices[i]; i++, any = true)
		if (f)
			fprintf(f, "%s%s", any ? " " : "", s->choices[i]);
	if (s->choices || s->type->flag)
		return any;
	const char *p = setting_metavar(s);
	for (bool more = strchr(p, '|'); more;) {
		size_t word = strspn(p, letters), len = strcspn(p, "|");
		if (word > 0 && (word == len || p[word] == '[')) {
			if (f)
				fprintf(f, "%s%.*s", any ? " " : "", (int)word, p);
			any = true;
		}
		more = p[len] != '\0';
		p += len + more;
	}
	return any;
}

/* The call that prints more words, in a shell's brackets. */
static void more_words(FILE *f, const char *from, const char *open, const char *close)
{
	if (from)
		fprintf(f, "%ssbox %s 2>/dev/null%s", open, from, close);
}

static void verb_names(FILE *f, const struct completed_verb *verbs)
{
	for (const struct completed_verb *v = verbs; v->name; v++)
		fprintf(f, "%s%s", v == verbs ? "" : " ", v->name);
}

/* ---- bash ---- */

static void bash_flag(FILE *f, const struct setting *s)
{
	fprintf(f, " --%s", setting_flag(s));
}

static void bash_valued(FILE *f, const struct setting *s)
{
	if (s->type->flag)
		return;
	fprintf(f, "|--%s", setting_flag(s));
	if (s->short_flag)
		fprintf(f, "|-%c", s->short_flag);
}

static void bash_value(FILE *f, const struct setting *s)
{
	if (s->type->flag)
		return;
	fprintf(f, "\t--%s", setting_flag(s));
	if (s->short_flag)
		fprintf(f, "|-%c", s->short_flag);
	fputs(") words=\"", f);
	fixed_words(f, s);
	more_words(f, value_from(s), " $(", ")");
	fprintf(f, "\"%s ;;\n", value_is_path(s) ? " files=-f" : "");
}

static void bash_verb(FILE *f, const struct completed_verb *v)
{
	if (!v->words)
		return;
	fprintf(f, "\t\t%s) first='%s' flags='%s' words=\"%s", v->name, v->actions,
		v->flags, v->words);
	more_words(f, v->from, " $(", ")");
	fputs("\" ;;\n", f);
}

/* "--signal=" is two words to bash, and its value a third. */
static void bash_place(FILE *f, const struct completed_place *p)
{
	fprintf(f, "\t\t'%s %s%s'", p->verb, p->option ? "--" : "", p->behind);
	if (p->letter)
		fprintf(f, "|'%s -%c'", p->verb, p->letter);
	fprintf(f, ") first='' words=\"%s", p->words ? p->words : "");
	more_words(f, p->from, "$(", ")");
	fputs("\" ;;\n", f);
}

/* Looks for the program's name: @i is its place, or that of the verb. */
static void bash_begin(FILE *f)
{
	fputs("# bash completion for sbox\n"
	      "_sbox()\n{\n"
	      "\tlocal cur prev words='' first='' flags='' files='' runs=0 i k\n"
	      "\tcur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\t[[ $prev == '=' ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\t# behind the program's name, the program's own completion\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t--) ((i++)); break ;;\n"
	      "\t\t=) ((i++)) ;;\n"
	      "\t\trun|try) ((runs++ == 0)) || break ;;\n"
	      "\t\t@",
		f);
	each_flag(f, bash_valued);
	fputs(") [[ ${COMP_WORDS[i+1]} == '=' ]] || ((i++)) ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\t[[ $cur == '=' ]] && cur='' && ((i == COMP_CWORD)) && ((i++))\n",
		f);
}

/* Of a verb: its flags behind a dash, what it does, then names. */
static void bash_verbs(
	FILE *f, const struct completed_verb *verbs, const struct completed_place *places)
{
	fputs("\tif ((i < COMP_CWORD)); then\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n",
		f);
	for (const struct completed_verb *v = verbs; v->name; v++)
		bash_verb(f, v);
	fputs("\t\t*) declare -F _command_offset >/dev/null && _command_offset $i; return ;;\n"
	      "\t\tesac\n"
	      "\t\tfor ((k = i + 1; k < COMP_CWORD; k++)); do\n"
	      "\t\t\t[[ ${COMP_WORDS[k]} == -* ]] || first=''\n"
	      "\t\tdone\n"
	      "\t\t[[ $first ]] && words=$first\n"
	      "\t\t[[ $cur == -* ]] && words=$flags\n"
	      "\t\tcase \"${COMP_WORDS[i]} $prev\" in\n",
		f);
	for (const struct completed_place *p = places; p->verb; p++)
		bash_place(f, p);
	fputs("\t\tesac\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\t\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
	      "\t\treturn\n"
	      "\tfi\n",
		f);
}

static void bash_completion(
	FILE *f, const struct completed_verb *verbs, const struct completed_place *places)
{
	bash_begin(f);
	bash_verbs(f, verbs, places);
	fputs("\tif ((i > COMP_CWORD)); then # a flag's value\n"
	      "\t\tcase $prev in\n",
		f);
	each_flag(f, bash_value);
	fputs("\t\tesac\n"
	      "\t\tCOMPREPLY=($(compgen $files -W \"$words\" -- \"$cur\"))\n"
	      "\telif [[ $cur == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W '",
		f);
	each_flag(f, bash_flag);
	fputs("' -- \"$cur\"))\n"
	      "\telif [[ ! $cur ]] && ((i == 1)); then\n"
	      "\t\tCOMPREPLY=($(compgen -W '",
		f);
	verb_names(f, verbs);
	fputs("'))\n"
	      "\telse\n"
	      "\t\tCOMPREPLY=($(compgen -c -W '",
		f);
	verb_names(f, verbs);
	fputs("' -- \"$cur\"))\n\tfi\n}\ncomplete -o default -F _sbox sbox\n", f);
}

/* ---- zsh ---- */

/* In single quotes, with what _arguments has a meaning for taken out of it. */
static void zsh_text(FILE *f, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			fputs("'\\''", f);
		else if (strchr("[]:\\", *p))
			fprintf(f, "\\%c", *p);
		else
			fputc(*p, f);
	}
}

static void zsh_value(FILE *f, const struct setting *s)
{
	bool is_path = value_is_path(s);
	bool words = fixed_words(NULL, s) || value_from(s);
	fprintf(f, ":%s:", s->key);
	if (!words) {
		fputs(is_path ? "_files" : " ", f);
		return;
	}
	fputs(is_path ? "{compadd " : "(", f);
	fixed_words(f, s);
	more_words(f, value_from(s), " $(", ")");
	fputs(is_path ? "; _files}" : ")", f);
}

static void zsh_flag(FILE *f, const struct setting *s)
{
	const char *behind = s->type->flag ? "" : "=";
	if (s->short_flag)
		fprintf(f, "\t\t%s{-%c%s,--%s%s}'[", s->type->list ? "'*'" : "",
			s->short_flag, s->type->flag ? "" : "+", setting_flag(s), behind);
	else
		fprintf(f, "\t\t'%s--%s%s[", s->type->list ? "*" : "", setting_flag(s),
			behind);
	zsh_text(f, s->help);
	fputc(']', f);
	if (!s->type->flag)
		zsh_value(f, s);
	fputs("' \\\n", f);
}

static void zsh_verb(FILE *f, const struct completed_verb *v)
{
	if (!v->words)
		return;
	fprintf(f, "\t\t%s) first=(%s) flags=(%s) names=(%s", v->name, v->actions,
		v->flags, v->words);
	more_words(f, v->from, " $(", ")");
	fprintf(f, ")%s ;;\n", v->files ? " files=1" : "");
}

static void zsh_place(FILE *f, const struct completed_place *p)
{
	fprintf(f, "\t\t'%s %s%s'", p->verb, p->option ? "--" : "", p->behind);
	if (p->letter)
		fprintf(f, "|'%s -%c'", p->verb, p->letter);
	fprintf(f, ") compadd -- %s", p->words ? p->words : "");
	more_words(f, p->from, "$(", ")");
	fputs("; return ;;\n", f);
}

static void zsh_completion(
	FILE *f, const struct completed_verb *verbs, const struct completed_place *places)
{
	fputs("#compdef sbox\n# zsh completion for sbox\n"
	      "_sbox()\n{\n"
	      "\tlocal curcontext=$curcontext state line\n"
	      "\tlocal -a first flags names\n"
	      "\tlocal files=''\n"
	      "\ttypeset -A opt_args\n"
	      "\t_arguments -C -S -s -A '-*' \\\n",
		f);
	each_flag(f, zsh_flag);
	fputs("\t\t'1: :->first' '*:: :->rest'\n"
	      "\tcase $state in\n"
	      "\tfirst)\n"
	      "\t\tcompadd ",
		f);
	verb_names(f, verbs);
	fputs("\n"
	      "\t\t[[ -z $words[CURRENT] ]] || _command_names -e ;;\n"
	      "\trest)\n"
	      "\t\tcase $words[1] in\n"
	      "\t\trun|try) words[1]=sbox; _sbox; return ;;\n",
		f);
	for (const struct completed_verb *v = verbs; v->name; v++)
		zsh_verb(f, v);
	fputs("\t\t*) _normal; return ;;\n"
	      "\t\tesac\n"
	      "\t\tlocal behind=$words[CURRENT-1]\n"
	      "\t\t[[ $words[CURRENT] == --*=* ]] && behind=${words[CURRENT]%%=*} && compset -P '*='\n"
	      "\t\tcase \"$words[1] $behind\" in\n",
		f);
	for (const struct completed_place *p = places; p->verb; p++)
		zsh_place(f, p);
	fputs("\t\tesac\n"
	      "\t\tif [[ $words[CURRENT] == -* ]]; then\n"
	      "\t\t\tcompadd -- $flags\n"
	      "\t\telif (( $#first && ! ${#${words[2,CURRENT-1]:#-*}} )); then\n"
	      "\t\t\tcompadd -- $first\n"
	      "\t\telse\n"
	      "\t\t\tcompadd -- ${names:#*=}\n"
	      "\t\t\tcompadd -S '' -- ${(M)names:#*=}\n"
	      "\t\t\t[[ -z $files ]] || _files\n"
	      "\t\tfi\n"
	      "\tesac\n"
	      "}\n"
	      "_sbox \"$@\"\n",
		f);
}

/* ---- fish ---- */

static void fish_flag(FILE *f, const struct setting *s)
{
	fprintf(f, "complete -c sbox -n __sbox_flags -l %s", setting_flag(s));
	if (s->short_flag)
		fprintf(f, " -s %c", s->short_flag);
	if (!s->type->flag) {
		fprintf(f, " -r%s -a '", value_is_path(s) ? " -F" : " -f");
		fixed_words(f, s);
		more_words(f, value_from(s), " (", ")");
		fputc('\'', f);
	}
	fputs(" -d \"", f);
	for (const char *p = s->help; *p; p++)
		fprintf(f, *p == '"' ? "\\\"" : "%c", *p);
	fputs("\"\n", f);
}

/* __sbox_words: the words that are neither flags nor their values, as far as the cursor. */
static void fish_functions(FILE *f)
{
	fputs("# fish completion for sbox\n"
	      "function __sbox_words\n"
	      "\tset -l valued",
		f);
	each_flag(f, valued_flag);
	fputs("\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tset -e words[1]\n"
	      "\twhile set -q words[1]\n"
	      "\t\tif contains -- $words[1] $valued\n"
	      "\t\t\tset -e words[1]\n"
	      "\t\telse if not string match -q -- '-*' $words[1]\n"
	      "\t\t\techo $words[1]\n"
	      "\t\tend\n"
	      "\t\tset -e words[1]\n"
	      "\tend\n"
	      "end\n"
	      "function __sbox_verb\n"
	      "\tset -l words (__sbox_words)\n"
	      "\tset -q words[1]; and contains -- $words[1] $argv\n"
	      "end\n"
	      "function __sbox_alone # only the verb is there\n"
	      "\ttest (count (__sbox_words)) -eq 1\n"
	      "end\n"
	      "function __sbox_flags # no program is named yet\n"
	      "\tset -l words (__sbox_words)\n"
	      "\tnot set -q words[1]; or begin; __sbox_verb run try; and __sbox_alone; end\n"
	      "end\n",
		f);
}

static void fish_verb(FILE *f, const struct completed_verb *v)
{
	const char *name = v->name;
	if (!v->words)
		return;
	const char *behind = *v->actions ? "; and not __sbox_alone" : "";
	if (*v->actions)
		fprintf(f,
			"complete -c sbox -n '__sbox_verb %s; and __sbox_alone' -x -a '%s'\n",
			name, v->actions);
	fprintf(f, "complete -c sbox -n '__sbox_verb %s%s'%s -a '%s", name, behind,
		v->files ? "" : " -x", v->words);
	more_words(f, v->from, " (", ")");
	fprintf(f, "'\ncomplete -c sbox -n '__sbox_verb %s'%s -a '%s'\n", name,
		v->files ? "" : " -x", v->flags);
}

static void fish_place(FILE *f, const struct completed_place *p)
{
	fprintf(f, "complete -c sbox -n '__sbox_verb %s", p->verb);
	if (!p->option)
		fprintf(f, "; and contains -- %s (__sbox_words)'", p->behind);
	else
		fprintf(f, "' -l %s", p->behind);
	if (p->letter)
		fprintf(f, " -s %c", p->letter);
	fprintf(f, " -x -a '%s", p->words ? p->words : "");
	more_words(f, p->from, "(", ")");
	fputs("'\n", f);
}

static void fish_completion(
	FILE *f, const struct completed_verb *verbs, const struct completed_place *places)
{
	fish_functions(f);
	each_flag(f, fish_flag);
	fputs("complete -c sbox -n 'not __sbox_verb (sbox help --verbs 2>/dev/null); "
	      "or __sbox_verb run try' -x -a '(__sbox_program)'\n"
	      "complete -c sbox -n 'test (count (__sbox_words)) -eq 0' -x -a '",
		f);
	verb_names(f, verbs);
	fputs("'\n"
	      "function __sbox_program\n"
	      "\tset -l skip 1\n"
	      "\t__sbox_verb run try; and set skip 2\n"
	      "\t__fish_complete_subcommand --fcs-skip=$skip --",
		f);
	each_flag(f, valued_flag);
	fputs("\nend\n", f);
	for (const struct completed_verb *v = verbs; v->name; v++)
		fish_verb(f, v);
	for (const struct completed_place *p = places; p->verb; p++)
		fish_place(f, p);
}

int show_completion(FILE *f, const char *shell, const struct completed_verb *verbs,
	const struct completed_place *places)
{
	if (strcmp(shell, "bash") == 0)
		bash_completion(f, verbs, places);
	else if (strcmp(shell, "zsh") == 0)
		zsh_completion(f, verbs, places);
	else if (strcmp(shell, "fish") == 0)
		fish_completion(f, verbs, places);
	else
		return -EINVAL;
	return 0;
}
