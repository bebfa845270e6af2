/* SPDX-License-Identifier: MIT */
/* test_launcher.c - launchers: what is read, what changes, and what may never change */
#include "config/launcher.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define MAIN "[Desktop Entry]\nType=Application\nName=App\n"

static struct arena arena;
static struct err err;

static struct launcher read_ok(const char *text)
{
	struct launcher l = { 0 };
	int r = launcher_read(&arena, "app.desktop", text, strlen(text), &l, &err);
	cr_assert_eq(r, 0, "%s", err.msg);
	return l;
}

static const char *read_bad(const char *text, size_t size)
{
	struct launcher l = { 0 };
	cr_assert_lt(launcher_read(&arena, "app.desktop", text, size, &l, &err), 0);
	return err.msg;
}

static const struct launcher_wrap browser = {
	.sbox = "/usr/bin/sbox",
	.profile = "browser",
	.source = "/usr/share/applications/app.desktop",
};

static const char *rewrite(const char *text, const struct launcher_wrap *wrap)
{
	struct launcher l = read_ok(text);
	char *out;
	size_t size;
	int r = launcher_rewrite(&arena, &l, wrap, &out, &size, &err);
	cr_assert_eq(r, 0, "%s", err.msg);
	return arena_strndup(&arena, out, size);
}

static const char *rewrite_bad(const char *text, const struct launcher_wrap *wrap)
{
	struct launcher l = read_ok(text);
	char *out;
	size_t size;
	cr_assert_lt(launcher_rewrite(&arena, &l, wrap, &out, &size, &err), 0);
	return err.msg;
}

/* The line of @text that begins with @start. */
static const char *line_of(const char *text, const char *start)
{
	for (const char *p = text; p && *p;
		p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, start, strlen(start)) == 0)
			return arena_strndup(&arena, p, strcspn(p, "\n"));
	return "(no such line)";
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;
	for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

/* The text that was rewritten, made from what came of it. */
static const char *undo(const char *text, const char *prefix)
{
	char *out = arena_alloc(&arena, strlen(text) + 1), *o = out;
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n") + (strchr(p, '\n') != NULL);
		const char *here = strstr(p, prefix);
		if (strncmp(p, "X-Sbox-", 7) != 0) {
			if (here && here < p + n) {
				memcpy(o, p, (size_t)(here - p));
				o += here - p;
				n -= (size_t)(here - p) + strlen(prefix);
				p = here + strlen(prefix);
			}
			memcpy(o, p, n);
			o += n;
		}
		p += n;
	}
	return out;
}

Test(launcher, every_command_is_started_by_sbox)
{
	const char *text = rewrite(MAIN "Exec=app %U\nActions=new;\n"
					"[Desktop Action new]\nName=New\nExec=app --new\n"
					"[NewWindow Shortcut Group]\nExec=app -w\n",
		&browser);
	cr_assert_eq(count(text, "Exec="), 3);
	cr_assert_eq(count(text, "Exec=/usr/bin/sbox --profile=browser -- app"), 3);
}

Test(launcher, everything_else_stays_byte_for_byte)
{
	const char *text = "# a comment\n\n[Desktop Entry]\r\nType = Application\r\n"
			   "Name[de]=\xc3\x84pp \\s\n  Exec  =  app \"a b\" %u  \t\n"
			   "TryExec=/usr/bin/app\nPath=/tmp\n\n[Desktop Action x]\n"
			   "Exec=env A='b c' app %%  %F\nIcon=x";
	const char *out = rewrite(text, &browser);
	cr_assert_str_eq(undo(out, "/usr/bin/sbox --profile=browser -- "), text);
	cr_assert_neq(strstr(out, "--profile=browser -- env A='b c' app %%  %F\n"), NULL);
	cr_assert_neq(strstr(out, "X-Sbox-Managed=true\r\n"), NULL);
}

Test(launcher, keys_that_only_some_desktops_run_are_rewritten)
{
	/* KDE takes these before the plain Exec */
	const char *text = rewrite(
		MAIN "Exec=app\nExec[de]=app --lang de\nExec[$e]=$HOME/app\n", &browser);
	cr_assert_str_eq(line_of(text, "Exec[de]"),
		"Exec[de]=/usr/bin/sbox --profile=browser -- app --lang de");
	cr_assert_str_eq(line_of(text, "Exec[$e]"),
		"Exec[$e]=/usr/bin/sbox --profile=browser -- $HOME/app");
}

Test(launcher, dbus_activation_is_switched_off_where_it_was)
{
	cr_assert_str_eq(line_of(rewrite(MAIN "Exec=a\nDBusActivatable = true \r\nX=y\n",
					 &browser),
				 "DBusActivatable"),
		"DBusActivatable = false \r");
	cr_assert_eq(count(rewrite(MAIN "Exec=a\nDBusActivatable=\n", &browser),
			     "DBusActivatable=false\n"),
		1);
	cr_assert_eq(count(rewrite(MAIN "Exec=a\n", &browser), "DBusActivatable"), 0);
}

Test(launcher, without_a_profile_sbox_chooses_by_name)
{
	struct launcher_wrap wrap = browser;
	wrap.profile = NULL;
	cr_assert_str_eq(line_of(rewrite(MAIN "Exec=app %f\n", &wrap), "Exec"),
		"Exec=/usr/bin/sbox run -- app %f");
}

Test(launcher, odd_paths_are_quoted_twice_as_the_specification_wants)
{
	struct launcher_wrap wrap = {
		.sbox = "/opt/my \"$x\\`/sbox",
		.profile = "/home/u/a 100%.conf",
		.source = " /s\\x\n.desktop",
	};
	const char *text = rewrite(MAIN "Exec=app\n", &wrap);
	cr_assert_str_eq(line_of(text, "Exec"),
		"Exec=\"/opt/my \\\\\"\\\\$x\\\\\\\\\\\\`/sbox\" "
		"\"--profile=/home/u/a 100%%.conf\" -- app");
	cr_assert_str_eq(
		line_of(text, "X-Sbox-Source"), "X-Sbox-Source=\\s/s\\\\x\\n.desktop");

	struct launcher l = read_ok(text);
	struct launcher_wrap back;
	cr_assert_str_eq(launcher_unwrap(&arena, l.exec, &back), "app");
	cr_assert_str_eq(back.sbox, wrap.sbox);
	cr_assert_str_eq(back.profile, wrap.profile);
	cr_assert_str_eq(l.source, wrap.source);
}

Test(launcher, paths_that_no_desktop_can_start_are_refused)
{
	struct launcher_wrap wrap = browser;
	wrap.sbox = "/opt/100%/sbox";
	cr_assert_str_eq(rewrite_bad(MAIN "Exec=app\n", &wrap),
		"no launcher can start '/opt/100%/sbox': there is '=' or '%' in the path");
	wrap.sbox = "/opt/a=b/sbox";
	cr_assert_neq(strstr(rewrite_bad(MAIN "Exec=app\n", &wrap), "'='"), NULL);
}

Test(launcher, what_was_written_tells_where_it_came_from)
{
	const char *text = MAIN "Exec=env A=b app\nNoDisplay=true\n";
	struct launcher l = read_ok(rewrite(text, &browser));
	struct launcher_wrap wrap;
	cr_assert(l.managed);
	cr_assert(l.no_display);
	cr_assert_str_eq(l.source, browser.source);
	cr_assert_eq(l.checksum, launcher_checksum(text, strlen(text)));
	cr_assert_str_eq(launcher_unwrap(&arena, l.exec, &wrap), "app");
	cr_assert_str_eq(wrap.profile, "browser");
	cr_assert_not(read_ok(text).managed);
}

Test(launcher, checksum_is_fnv_1a)
{
	/* from the reference's list of test vectors */
	cr_assert_eq(launcher_checksum("", 0), UINT64_C(0xcbf29ce484222325));
	cr_assert_eq(launcher_checksum("foobar", 6), UINT64_C(0x85944171f73967e8));
}

Test(launcher, sbox_is_not_put_before_sbox)
{
	cr_assert_str_eq(rewrite_bad(MAIN "Exec=/opt/bin/sbox app\n", &browser),
		"app.desktop:4: Exec starts sbox already");
	cr_assert_str_eq(rewrite_bad(MAIN "Exec=app\nExec=env A=b sbox app\n", &browser),
		"app.desktop:5: Exec starts sbox already");
	cr_assert_str_eq(rewrite_bad(rewrite(MAIN "Exec=app\n", &browser), &browser),
		"app.desktop:2: the launcher was written by sbox already");
}

Test(launcher, program_is_found_behind_env_quotes_and_escapes)
{
	static const struct {
		const char *exec, *program;
	} cases[] = {
		{ "app %U", "app" },
		{ "\"/opt/my app/run\" %U", "/opt/my app/run" },
		{ "\"/opt/\\\\$x/run\"", "/opt/$x/run" },
		{ "/opt/100%%/run", "/opt/100%/run" },
		{ "env A=b C=\"d e\" app x=y", "app" },
		{ "/usr/bin/env -i --unset D -u E A=b app", "app" },
		{ "env -- app", "app" },
		{ "env A=b env C=d app", "app" },
		{ "env A=b", NULL },
		{ "env -u", NULL },
		{ "\"never closed", NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *program = launcher_program(&arena, cases[i].exec);
		if (!cases[i].program)
			cr_assert_null(program, "%s: %s", cases[i].exec, program);
		else
			cr_assert(program && strcmp(program, cases[i].program) == 0,
				"%s: %s", cases[i].exec, program ? program : "(none)");
	}
}

Test(launcher, mistakes_are_told_with_their_line)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
		{ "", "app.desktop: not a launcher: there is no [Desktop Entry] group" },
		{ "[Other]\nExec=a\n",
			"app.desktop:1: the first group is not [Desktop Entry]" },
		{ "Exec=a\n" MAIN, "app.desktop:1: a key before any [group]" },
		{ MAIN, "app.desktop: there is no Exec in [Desktop Entry]" },
		{ MAIN "[Desktop Action a]\nExec=a\n",
			"app.desktop: there is no Exec in [Desktop Entry]" },
		{ MAIN "Exec=\n", "app.desktop:4: Exec is empty" },
		{ MAIN "Exec=a\nnonsense\n",
			"app.desktop:5: neither a [group] nor a KEY=VALUE line" },
		{ MAIN "[x\n", "app.desktop:4: neither a [group] nor a KEY=VALUE line" },
		{ MAIN "=x\n", "app.desktop:4: neither a [group] nor a KEY=VALUE line" },
		{ "[Desktop Entry]\nType=Link\nURL=x\n",
			"app.desktop: not the launcher of a program: Type is not Application" },
		{ MAIN "DBusActivatable=true\n",
			"app.desktop: has no Exec: the program can be started over D-Bus only" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_str_eq(
			read_bad(cases[i].text, strlen(cases[i].text)), cases[i].msg);

	static const char nul[] = MAIN "Exec=a\0b\n";
	cr_assert_str_eq(read_bad(nul, sizeof(nul) - 1),
		"app.desktop:4: there is a NUL byte in the line");
}

Test(launcher, sizes_are_bounded)
{
	static const char head[] = MAIN "Exec=a\nComment=";
	char *text = malloc(LAUNCHER_MAX + 2);
	memset(text, 'x', LAUNCHER_MAX + 2);
	memcpy(text, head, sizeof(head) - 1);
	struct launcher l;

	const size_t before = sizeof(head) - 1 - strlen("Comment=");
	text[before + LAUNCHER_LINE_MAX] = '\n';
	cr_assert_eq(launcher_read(&arena, "app.desktop", text,
			     before + LAUNCHER_LINE_MAX + 1, &l, &err),
		0, "%s", err.msg);
	text[before + LAUNCHER_LINE_MAX] = 'x';
	cr_assert_str_eq(read_bad(text, before + LAUNCHER_LINE_MAX + 1),
		"app.desktop:5: the line is longer than 64 KiB");
	cr_assert_str_eq(
		read_bad(text, LAUNCHER_MAX + 1), "app.desktop: larger than 1 MiB");

	char *p = text + sprintf(text, MAIN);
	for (int i = 0; i <= LAUNCHER_EXECS_MAX; i++)
		p += sprintf(p, "Exec=a\n");
	cr_assert_str_eq(read_bad(text, (size_t)(p - text)),
		"app.desktop:260: more Exec lines than a launcher can need");
	free(text);
}
