/* SPDX-License-Identifier: MIT */
#include "common/roles.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name, *rights;
} roles[] = {
	[ROLE_NONE] = {NULL, NULL},
#define ROLE(id, word, rights) [ROLE_##id] = {word, rights},
#include "common/roles.def"
#undef ROLE
};

const char *role_name(enum role role)
{
	return roles[role].name;
}

const char *role_rights(enum role role)
{
	return roles[role].rights;
}

enum role role_by_name(const char *name)
{
	for (int i = ROLE_NONE + 1; i < ROLE_COUNT; i++) {
		if (!strcmp(name, roles[i].name))
			return (enum role)i;
	}
	return ROLE_NONE;
}
