/* SPDX-License-Identifier: MIT */
/* value_net.c - network values: rules for destinations, and published ports
 *
 * They stay text in the plan, as written; here they are only tried. src/resolve reads them
 * again with the same parser.
 */
#include "base/str.h"
#include "config/net_rule.h"
#include "config/settings.h"
#include "config/value.h"
#include "config/value_help.h"

static const char *next_word_of_ours(size_t i, const void *ctx)
{
	static const char *const words[] = { "internet", "lan", "host-loopback", NULL };
	(void)ctx;
	return words[i];
}

static void rules_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word, *hint;
	unsigned offset;
	struct net_rule rule;
	while ((word = value_next_word(in, &p, &offset))) {
		const char *wrong = net_rule_parse(word, &rule, &hint);
		if (wrong) {
			const char *near = str_nearest(word, next_word_of_ours, NULL);
			value_bad(in, offset,
				near ? arena_printf(in->arena, "did you mean '%s'?", near)
				     : hint,
				wrong, word);
		} else if (rule.what == NET_HOST_LOOPBACK &&
			in->setting == &settings[SET_NETWORK_DENY]) {
			value_bad(in, offset,
				"without an allow rule it is refused anyway",
				"not to be denied", word);
		} else if (rule.what == NET_NAME && rule.protocol != NET_ANY &&
			in->setting == &settings[SET_NETWORK_DENY]) {
			value_bad(in, offset,
				"a denied name is not looked up at all; leave the ports out",
				"ports of a denied name", word);
		} else {
			value_push(in, member, offset)->text = word;
		}
	}
}

const struct value_type value_net_rules = {
	.name = "rules for destinations",
	.metavar = "RULE...",
	.list = true,
	.word = next_word_of_ours,
	.parse = rules_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};

static void publish_parse(const struct value_input *in, void *member)
{
	const char *p = in->text, *word, *hint;
	unsigned offset;
	struct net_publish publish;
	while ((word = value_next_word(in, &p, &offset))) {
		const char *wrong = net_publish_parse(word, &publish, &hint);
		if (wrong)
			value_bad(in, offset, hint, wrong, word);
		else
			value_push(in, member, offset)->text = word;
	}
}

const struct value_type value_publish = {
	.name = "published ports",
	.metavar = "[ADDRESS:]PORT[:PORT][/udp]...",
	.list = true,
	.parse = publish_parse,
	.print = value_print_list,
	.print_item = value_print_text,
};
