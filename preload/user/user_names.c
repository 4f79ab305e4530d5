/* user_names.c: "blk.{layer}.{string name}": names with what a call says in them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_rule.h"

#include <string.h>

enum { PARTS_MAX = 16, NAMES_MAX = 64 };

static bool fail_at(struct user_parsing *p, const struct user_node *node, size_t at, const char *text)
{
	struct user_node place = *node;

	place.column += (unsigned)at + node->is_quoted;
	return user_fail(p->error, &place, "%s", text);
}

static bool starts_with_word(const struct user_text *text, const char *word)
{
	size_t bytes = strlen(word);

	return text->bytes >= bytes && memcmp(text->text, word, bytes) == 0
	       && (text->bytes == bytes || text->text[bytes] == ' ');
}

/* What is between { and }. */
static bool parse_hole(struct user_parsing *p, const struct user_node *node, struct user_text hole,
                       struct user_part *part)
{
	int at;

	while (hole.bytes && *hole.text == ' ') {
		hole.text++;
		hole.bytes--;
	}
	if (starts_with_word(&hole, "function") && hole.bytes == strlen("function")) {
		part->kind = USER_PART_FUNCTION;
		return true;
	}
	part->kind = USER_PART_NUMBER;
	if (starts_with_word(&hole, "string")) {
		part->kind = USER_PART_STRING;
		hole.text += strlen("string");
		hole.bytes -= strlen("string");
	}
	at = user_add_value(p, node, &hole, part->kind == USER_PART_STRING);
	part->at = (uint8_t)at;
	return at >= 0;
}

static bool parse_template(struct user_parsing *p, const struct user_node *node, struct user_template *out)
{
	struct user_part parts[PARTS_MAX] = {{0}}, *kept;
	const char *s;
	unsigned n = 0;

	if (!user_text_of(p, node, "a name"))
		return false;
	for (s = node->text; *s;) {
		size_t bytes = strcspn(s, "{}");

		if (n == PARTS_MAX)
			return fail_at(p, node, (size_t)(s - node->text), "this name has too many parts");
		if (bytes > 0) {
			parts[n++] = (struct user_part){USER_PART_TEXT, {s, bytes}, 0};
			s += bytes;
			continue;
		}
		bytes = strcspn(s + 1, "{}");
		if (*s == '}' || s[1 + bytes] != '}')
			return fail_at(p, node, (size_t)(s - node->text),
			               *s == '}' ? "a } without a { before it" : "a { without a } behind it");
		if (!parse_hole(p, node, (struct user_text){s + 1, bytes}, &parts[n++]))
			return false;
		s += bytes + 2;
	}
	if (n == 0)
		return user_fail(p->error, node, "a name must not be empty");
	kept = user_memory_take(p->memory, n * sizeof(*kept));
	if (!kept)
		return user_fail(p->error, NULL, "there is no memory for all of it");
	memcpy(kept, parts, n * sizeof(*kept));
	out->parts = kept;
	out->n = n;
	return true;
}

bool user_names_parse(struct user_parsing *p, const struct user_node *node)
{
	struct user_rule *r = p->rule;
	const struct user_node *first = node->kind == USER_LIST ? node->first : node;
	struct user_template *names;
	unsigned n = 0;

	if (node->kind == USER_MAP)
		return user_fail(p->error, node,
		                 "a name, or a list of names, must follow; one that begins with { must be in "
		                 "quotation marks");
	for (const struct user_node *at = first; at; at = node->kind == USER_LIST ? at->next : NULL)
		n++;
	if (n == 0 || n > NAMES_MAX)
		return user_fail(p->error, node, "a list of names has 1 to %d of them", NAMES_MAX);
	names = user_memory_take(p->memory, n * sizeof(*names));
	if (!names)
		return user_fail(p->error, NULL, "there is no memory for all of it");
	for (unsigned i = 0; i < n; i++, first = first->next)
		if (!parse_template(p, first, &names[i]))
			return false;
	r->names = names;
	r->n_names = n;
	r->needs_calls |= n > 1;
	return true;
}
