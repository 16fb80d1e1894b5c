/* SPDX-License-Identifier: MIT */
/* classes.h: the classes of plugins and the types of their options, by name. */
#ifndef VR_COMMON_CLASSES_H
#define VR_COMMON_CLASSES_H

#include <stdbool.h>

#include "common/manifest.h"

#define VR_CLASS_COUNT 5

/* "accel" ... */
const char *vr_class_name(enum vr_plugin_class c);
/* "accelerator" ..., for sentences. */
const char *vr_class_noun(enum vr_plugin_class c);
/* What the ids of the interfaces of that class begin with ("vmrun.accel/"), separated by blanks; a plugin of the class
 * provides at least one of them. NULL: it has none of its own. */
const char *vr_class_interfaces(enum vr_plugin_class c);
/* Is `id` one of them? */
bool vr_class_has_interface(enum vr_plugin_class c, const char *id);

bool vr_option_type_known(const char *type);
/* NULL when `value` fits `type`, else the end of the sentence "VALUE ...": "must be a number". */
const char *vr_option_value_wrong(const char *type, const char *value);

#endif
