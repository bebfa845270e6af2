/* SPDX-License-Identifier: MIT */
/* test_settings.c - the settings table: every row is whole, and a flag is as good as a file */
#include "plans.h"

#include "base/macros.h"

/* One value of a type, as the command line and as a profile writes it. */
struct sample {
	const struct value_type *type;
	const char *words[3]; /* one a flag; ended by NULL */
	const char *text;
};

static const struct sample samples[] = {
	{ &value_bool, { "yes" }, "yes" },
	{ &value_bool, { "no" }, "no" },
	{ &value_bool, { "on" }, "true" },
	{ &value_string, { "plain text" }, "plain text" },
	{ &value_string, { " \"quoted\" # 'not' a comment\\" },
		"\" \\\"quoted\\\" # 'not' a comment\\\\\"" },
	{ &value_fd, { "7" }, "7" },
	{ &value_duration, { "90" }, "1.5m" },
	{ &value_duration, { "0.25ms" }, "0.25ms" },
	{ &value_offset, { "-1d" }, "-24h" },
	{ &value_words, { "one", "two words" }, "one \"two words\"" },
	{ &value_paths, { "/a b", "?~/.c#" }, "'/a b' ?~/.c# # comment" },
	{ &value_paths, { "${HOME}/\\'\"" }, "\"${HOME}/\\\\'\\\"\"" },
	{ &value_env, { "A=b c", "D==" }, "A='b c' D==" },
	{ &value_names, { "LC_*", "TERM" }, "LC_* TERM" },
	{ &value_capabilities, { "chown", "CHOWN" }, "chown Chown" },
	{ &value_fds, { "3", "4" }, "3 4" },
	{ &value_syscalls, { "@file-system", "clone3:ENOSYS" },
		"@file-system clone3:ENOSYS" },
	{ &value_sockets, { "unix", "inet" }, "unix inet" },
	{ &value_bind, { "?/a \"/b c\" rw" }, "?/a \"/b c\" rw" },
	{ &value_bind, { "/a /b ro" }, "/a /b" },
	{ &value_tmpfs, { "/t size=1G mode=0700" }, "/t mode=700 size=1024M" },
	{ &value_dir, { "/d mode=01777" }, "/d mode=1777" },
	{ &value_file, { "/f mode=0600 'line 1' \"\" 2" },
		"/f mode=600 \"line 1\" '' 2" },
	{ &value_link, { "/l '../a b'" }, "/l ..\"/a b\"" },
	{ &value_home, { "private:work" }, "\"private:work\"" },
	{ &value_home, { "host" }, "host" },
	{ &value_layer, { "try-1" }, "try-1" },
	{ &value_root, { "empty" }, "empty" },
	{ &value_root, { "/srv/a root" }, "\"/srv/a root\"" },
	{ &value_path, { "~/x" }, "~/x" },
	{ &value_hostname, { "guest-1" }, "guest-1" },
	{ &value_net_rules, { "*.example.org", "192.0.2.0/24:80,443-450/udp" },
		"*.example.org 192.0.2.0/24:80,443-450/udp" },
	{ &value_publish, { "8080:80", "0.0.0.0:53:5353/udp" },
		"8080:80 0.0.0.0:53:5353/udp" },
	{ &value_instance_name, { "notes.1" }, "notes.1" },
	{ &value_limit_size, { "1.5%" }, "1.50%" },
	{ &value_limit_size, { "1G" }, "1024M" },
	{ &value_limit_size, { "max" }, "max" },
	{ &value_limit_count, { "64" }, "64" },
	{ &value_limit_cpus, { "1.5" }, "1.500" },
	{ &value_limit_cpus, { "50%" }, "50%" },
	{ &value_weight, { "10000" }, "10000" },
	{ &value_limit_bytes, { "0" }, "0" },
	{ &value_limit_number, { "keep" }, "keep" },
	{ &value_nice, { "19" }, "19" },
	{ &value_oom_score, { "1000" }, "1000" },
	{ &value_cpuset, { "0-3,6" }, "0-3,6" },
	{ &value_io_max, { "'/a b' rbps=1M wiops=20 wbps=max" },
		"\"/a b\" rbps=1024K wiops=20 wbps=max" },
	{ &value_machine_id, { "0123456789abcdef0123456789abcdef" },
		"0123456789abcdef0123456789abcdef" },
};

static const char *profile_line(const struct setting *s, const char *text)
{
	return arena_printf(&arena, "[%s]\n%s = %s\n", s->section, s->key, text);
}

/* Both ways in must give one plan, by its members and by its print. */
static void expect_equal(const struct setting *s, char **words, const char *text)
{
	struct plan p = good_words(words);
	struct plan q = good_text(profile_line(s, text));
	cr_assert_null(difference(&p, &q), "%s %s: %s", words[0], words[1], text);
	cr_assert_str_eq(shown(&p, false), shown(&q, false));
	cr_assert_neq(*shown(&p, false), '\0', "%s is not shown", s->key);
}

static bool both_ways(const struct setting *s)
{
	return s->section && !(s->flags & (S_FILE | S_PROFILE));
}

static void try_sample(const struct setting *s, const struct sample *sample)
{
	char *words[8] = { 0 };
	const char *name = arena_printf(&arena, "--%s", s->key);
	for (size_t i = 0; sample->words[i]; i++)
		words[i] = arena_printf(&arena, "%s=%s", name, sample->words[i]);
	expect_equal(s, words, sample->text);
	if (s->type->flag)
		return;
	for (size_t i = 0; sample->words[i]; i++) {
		words[2 * i] = arena_strdup(&arena, name);
		words[2 * i + 1] = arena_strdup(&arena, sample->words[i]);
	}
	expect_equal(s, words, sample->text);
	if (!s->short_flag)
		return;
	for (size_t i = 0; sample->words[i]; i++)
		words[2 * i] = arena_printf(&arena, "-%c", s->short_flag);
	expect_equal(s, words, sample->text);
}

Test(settings, every_row_gives_the_same_plan_by_flag_and_by_file)
{
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		bool tried = !both_ways(s);
		for (size_t i = 0; both_ways(s) && i < ARRAY_SIZE(samples); i++)
			if (samples[i].type == s->type) {
				try_sample(s, &samples[i]);
				tried = true;
			}
		for (size_t i = 0; both_ways(s) && s->choices && s->choices[i]; i++) {
			try_sample(s,
				&(struct sample){
					NULL, { s->choices[i] }, s->choices[i] });
			tried = true;
		}
		cr_assert(tried, "no sample for %s", s->key);
	}
}

Test(settings, every_row_reads_into_its_own_member_only)
{
	struct plan plain;
	plan_init(&plain, &arena);
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		for (size_t i = 0; s->section && i < ARRAY_SIZE(samples); i++) {
			if (samples[i].type != s->type)
				continue;
			struct plan p = good_text(profile_line(s, samples[i].text));
			for (unsigned other = 0; other < SET_COUNT; other++)
				cr_assert(other == id ||
						same_member(&settings[other], &p, &plain),
					"%s changes %s", s->key, settings[other].key);
		}
	}
}

Test(settings, every_row_is_whole)
{
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		cr_assert_not_null(s->key, "row %u", id);
		cr_assert(s->key[0] &&
			strspn(s->key, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
				strlen(s->key));
		cr_assert(s->help && *s->help, "%s has no help", s->key);
		cr_assert_neq(s->help[strlen(s->help) - 1], '.', "%s", s->key);
		cr_assert_null(strchr(s->help, '\n'), "%s", s->key);
		cr_assert(s->doc && *s->doc, "%s has no paragraph", s->key);
		cr_assert_eq(
			s->doc[strlen(s->doc) - 1], '.', "%s: its paragraph", s->key);
		cr_assert_not_null(s->type, "%s", s->key);
		cr_assert(
			s->type->flag || setting_metavar(s), "%s has no metavar", s->key);
		cr_assert_eq(s->type == &value_enum, s->choices != NULL, "%s", s->key);
	}
}

Test(settings, every_row_is_in_a_known_section_or_on_the_command_line_only)
{
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		bool known = false;
		for (size_t i = 0; s->section && setting_sections[i]; i++)
			known |= strcmp(setting_sections[i], s->section) == 0;
		cr_assert_eq(known, !(s->flags & S_CMDLINE), "%s", s->key);
	}
}

Test(settings, no_word_means_two_settings)
{
	for (unsigned i = 0; i < SET_COUNT; i++) {
		const struct setting *s = &settings[i];
		cr_assert_eq(setting_find(s->key), i, "%s", s->key);
		if (s->alias)
			cr_assert_eq(setting_find(s->alias), i, "%s", s->alias);
		if (s->short_flag)
			cr_assert_eq(setting_find_short(s->short_flag), i, "%s", s->key);
	}
	cr_assert_eq(setting_find(""), SET_COUNT);
	cr_assert_eq(setting_find_short('='), SET_COUNT);
	cr_assert_eq(setting_find_short('-'), SET_COUNT);
}

Test(settings, every_default_can_be_written_and_means_itself)
{
	struct plan plain;
	plan_init(&plain, &arena);
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		char *text = NULL;
		size_t size;
		if (s->type->list || !s->section)
			continue;
		FILE *f = open_memstream(&text, &size);
		s->type->print(f, s, setting_member_const(s, &plain));
		fclose(f);
		if (*text) { /* else: unset */
			struct plan p = good_text(profile_line(s, text));
			cr_assert_null(difference(&p, &plain), "%s = %s", s->key, text);
		}
		free(text);
	}
}

Test(settings, the_default_gives_the_program_nothing)
{
	struct plan p;
	plan_init(&p, &arena);
	cr_assert_eq(p.network, NETWORK_NONE);
	cr_assert_eq(p.pid, SHARING_PRIVATE);
	cr_assert_eq(p.ipc, SHARING_PRIVATE);
	cr_assert_eq(p.uts, SHARING_PRIVATE);
	cr_assert_eq(p.cgroup, SHARING_PRIVATE);
	cr_assert_eq(p.cwd, ACCESS_NONE);
	cr_assert_eq(p.dbus, DBUS_NONE);
	cr_assert_eq(p.wayland + p.x11 + p.sound + p.gpu, 0);
	cr_assert_str_eq(p.home, "ephemeral");
	cr_assert_not(p.sys || p.themes || p.root_write);
	for (unsigned id = 0; id < SET_COUNT; id++)
		if (settings[id].type->list && id != SET_SYSCALLS_ALLOW &&
			id != SET_SYSCALLS_DENY)
			cr_assert_eq(((const struct list *)setting_member_const(
					      &settings[id], &p))
					     ->n,
				0, "%s", settings[id].key);
}

Test(settings, what_shows_something_of_the_host_says_that_it_widens)
{
	static const enum setting_id ids[] = { SET_ROOT, SET_ROOT_WRITE, SET_SYSTEM,
		SET_READ, SET_WRITE, SET_BIND, SET_DEVICE, SET_HOME, SET_CWD, SET_SYS,
		SET_GROUPS, SET_MACHINE_ID, SET_PID, SET_IPC, SET_UTS, SET_CGROUP,
		SET_NETWORK, SET_WAYLAND, SET_X11, SET_SOUND, SET_GPU, SET_THEMES,
		SET_DBUS, SET_DBUS_OWN, SET_DBUS_TALK, SET_DBUS_SEE, SET_DBUS_CALL,
		SET_PASS_ENV, SET_CAPABILITIES, SET_PASS_FD };
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		cr_assert(settings[ids[i]].flags & S_WIDENS, "%s", settings[ids[i]].key);
}

Test(settings, an_empty_value_clears_a_list_and_is_a_mistake_for_anything_else)
{
	for (unsigned id = 0; id < SET_COUNT; id++) {
		const struct setting *s = &settings[id];
		if (!s->section || s->flags & S_PROFILE || id == SET_DESCRIPTION)
			continue;
		if (s->type->list) {
			const char *text = NULL;
			for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
				if (samples[i].type == s->type)
					text = samples[i].text;
			struct plan p =
				good_text(arena_printf(&arena, "[%s]\n%s = %s\n%s =\n",
					s->section, s->key, text, s->key));
			const struct list *l = setting_member_const(s, &p);
			cr_assert_eq(l->n, 0, "%s", s->key);
		} else {
			struct diag d = bad_text(profile_line(s, ""));
			cr_assert_contains(d.msg, "missing");
			cr_assert_contains(d.hint, s->key);
		}
	}
}

Test(settings, a_misspelt_key_is_known_by_its_neighbour)
{
	cr_assert_str_eq(setting_nearest("netwrok", 0), "network");
	cr_assert_str_eq(setting_nearest("readonly", 0), "read");
	cr_assert_str_eq(setting_nearest("profle", S_FILE), "profile");
	cr_assert_null(setting_nearest("profle", S_CMDLINE), "an alias is a flag only");
	cr_assert_null(setting_nearest("descripton", S_FILE));
	cr_assert_null(setting_nearest("xylophone", 0));
}
