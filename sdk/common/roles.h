/* SPDX-License-Identifier: MIT */
/* roles.h: the roles of helper processes, by name. */
#ifndef VR_COMMON_ROLES_H
#define VR_COMMON_ROLES_H

/* ROLE_NONE: the plugin has no helper process. */
enum role {
	ROLE_NONE,
#define ROLE(id, word, rights) ROLE_##id,
#include "common/roles.def"
#undef ROLE
	ROLE_COUNT
};

/* "net" ...; NULL for ROLE_NONE. */
const char *role_name(enum role role);
/* What a helper of that role may do, for people. */
const char *role_rights(enum role role);
/* ROLE_NONE: there is no such role. */
enum role role_by_name(const char *name);

#endif
