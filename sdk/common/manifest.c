/* SPDX-License-Identifier: MIT */
/*
 * manifest.c: the rules of a manifest, one function a key.
 *
 * Everything is checked here, before any library is opened: a wrong manifest must be found by its author,
 * with the place in the file, and never by a user whose machine behaves oddly.
 */
#include "common/manifest.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "common/arch.h"
#include "common/classes.h"
#include "common/error.h"
#include "common/text.h"
#include "common/yaml.h"

#define FORMAT 1
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A manifest that is being read. */
struct reading {
	const struct vr_yaml *y;
	const struct vr_yaml_node *root;
	struct vr_manifest *m;
};

static const struct vr_yaml_node *get(const struct reading *r, const char *key)
{
	return vr_yaml_get(r->root, key);
}

static int32_t need(const struct reading *r, const char *key, const struct vr_yaml_node **out)
{
	return vr_yaml_need(r->y, r->root, "the manifest", key, out);
}

static int32_t keep(char **owned, const char *s)
{
	return vr_text_replace(owned, s);
}

static int32_t read_format(struct reading *r)
{
	const struct vr_yaml_node *n;
	int64_t format;

	if (need(r, "manifest", &n) < 0 || vr_yaml_number(r->y, n, 1, INT32_MAX, &format) < 0)
		return VR_E_MANIFEST;
	if (format != FORMAT)
		return vr_yaml_error(r->y, n,
				     "manifest format %" PRId64 " is not known; this vmrun reads format %d",
				     format, FORMAT);
	return VR_OK;
}

bool vr_manifest_is_id(const char *s)
{
	return vr_text_is_name(s, "-._");
}

static int32_t read_id(struct reading *r)
{
	const struct vr_yaml_node *n;
	const char *s;

	if (need(r, "id", &n) < 0 || vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	if (!vr_manifest_is_id(s))
		return vr_yaml_error(r->y, n, "id '%s': " VR_MANIFEST_ID_RULE, s);
	return keep(&r->m->id, s);
}

/* 1.2.3 with an optional -suffix or +suffix. */
static bool is_version(const char *s)
{
	for (int part = 0; part < 3; part++) {
		size_t n = strspn(s, "0123456789");

		if (n == 0 || n > 9 || (part < 2 && s[n] != '.'))
			return false;
		s += n + (part < 2);
	}
	if (!*s)
		return true;
	if ((*s != '-' && *s != '+') || !s[1])
		return false;
	return strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+") == strlen(s);
}

static int32_t read_version(struct reading *r)
{
	const struct vr_yaml_node *n;
	const char *s;

	if (need(r, "version", &n) < 0 || vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	if (!is_version(s))
		return vr_yaml_error(r->y, n, "version '%s' is not of the form 1.2.3", s);
	return keep(&r->m->version, s);
}

/* Free text that will be printed on one line of a terminal. */
static int32_t read_line(const struct reading *r, const struct vr_yaml_node *n, char **out)
{
	const char *s;

	if (vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	if (strlen(s) > 200)
		return vr_yaml_error(r->y, n, "'%s' is %zu bytes long; at most 200", n->key, strlen(s));
	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return vr_yaml_error(r->y, n, "'%s' must be one line without control characters",
					     n->key);
	}
	return keep(out, s);
}

static int32_t read_summary(struct reading *r)
{
	const struct vr_yaml_node *n;

	return need(r, "summary", &n) < 0 ? VR_E_MANIFEST : read_line(r, n, &r->m->summary);
}

static int32_t read_class(struct reading *r)
{
	const struct vr_yaml_node *n;
	const char *s;

	if (need(r, "class", &n) < 0 || vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	for (uint32_t i = 0; i < VR_CLASS_COUNT; i++) {
		if (!strcmp(s, vr_class_name((enum vr_plugin_class)i))) {
			r->m->class_id = (enum vr_plugin_class)i;
			return VR_OK;
		}
	}
	return vr_yaml_error(r->y, n,
			     "class '%s' is not one of accel, translator, board, device, passthrough", s);
}

/* "<os>-<arch>", both words of [a-z0-9_]. */
static bool is_platform(const char *s)
{
	const char *dash = strchr(s, '-');

	return dash && dash != s && dash[1] && !strchr(dash + 1, '-') && vr_text_is_name(s, "_-");
}

/* It is opened in the manifest's own directory and nowhere else. */
static bool is_plain_file_name(const char *s)
{
	if (!strcmp(s, ".") || !strcmp(s, "..") || strlen(s) > 255)
		return false;
	for (; *s; s++) {
		if (*s == '/' || *s == '\\' || (unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

static int32_t read_library(struct reading *r)
{
	const struct vr_yaml_node *map;

	if (need(r, "library", &map) < 0 || vr_yaml_expect(r->y, map, VR_YAML_MAP) < 0)
		return VR_E_MANIFEST;
	if (!map->first)
		return vr_yaml_error(r->y, map, "'library' is empty; name a file for at least one system");
	for (const struct vr_yaml_node *n = map->first; n; n = n->next) {
		const char *s;

		if (!is_platform(n->key))
			return vr_yaml_key_error(
				r->y, n, "'%s' is not of the form <os>-<arch>, such as linux-x86_64", n->key);
		if (vr_yaml_string(r->y, n, &s) < 0)
			return VR_E_MANIFEST;
		if (!is_plain_file_name(s))
			return vr_yaml_error(r->y, n,
					     "library '%s' must be a plain file name; the library lies "
					     "beside its manifest",
					     s);
		if (!strcmp(n->key, vr_arch_platform()) && keep(&r->m->library, s) < 0)
			return VR_E_NOMEM;
	}
	return VR_OK;
}

static int32_t read_abi(struct reading *r)
{
	static const char *const keys[] = {"major", "minor"};
	uint32_t *const out[] = {&r->m->abi_major, &r->m->abi_minor};
	const struct vr_yaml_node *map, *n;

	if (need(r, "abi", &map) < 0 || vr_yaml_expect(r->y, map, VR_YAML_MAP) < 0 ||
	    vr_yaml_check_keys(r->y, map, "'abi'", keys, COUNT(keys)) < 0)
		return VR_E_MANIFEST;
	for (size_t i = 0; i < COUNT(keys); i++) {
		int64_t v;

		if (vr_yaml_need(r->y, map, "'abi'", keys[i], &n) < 0 ||
		    vr_yaml_number(r->y, n, 0, UINT16_MAX, &v) < 0)
			return VR_E_MANIFEST;
		*out[i] = (uint32_t)v;
	}
	return VR_OK;
}

/* "vmrun.accel/1", "com.example.thing/2": a dotted name, a slash, a revision. */
static bool is_interface_id(const char *s)
{
	const char *slash = strchr(s, '/');
	size_t n;

	if (!slash || slash == s || slash - s > 64 || s[0] == '.' || slash[-1] == '.' || strstr(s, ".."))
		return false;
	if (!memchr(s, '.', (size_t)(slash - s)))
		return false;
	n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_");
	if (s + n != slash)
		return false;
	n = strspn(slash + 1, "0123456789");
	return n > 0 && n <= 9 && slash[1] != '0' && !slash[1 + n];
}

static int32_t read_interfaces(struct reading *r, const char *key, char ***out)
{
	const struct vr_yaml_node *list = get(r, key);

	if (!list)
		return VR_OK;
	if (vr_yaml_expect(r->y, list, VR_YAML_LIST) < 0)
		return VR_E_MANIFEST;
	for (const struct vr_yaml_node *n = list->first; n; n = n->next) {
		const char *s;

		if (vr_yaml_string(r->y, n, &s) < 0)
			return VR_E_MANIFEST;
		if (!is_interface_id(s))
			return vr_yaml_error(r->y, n, "'%s' is not an interface id, such as vmrun.accel/1",
					     s);
		if (vr_text_list_has(*out, s))
			return vr_yaml_error(r->y, n, "'%s' is given twice in '%s'", s, key);
		if (vr_text_list_add(out, s) < 0)
			return VR_E_NOMEM;
	}
	return VR_OK;
}

static int32_t read_provides(struct reading *r)
{
	const struct vr_yaml_node *n;
	const char *most = vr_class_interfaces(r->m->class_id);
	int32_t e;

	if (need(r, "provides", &n) < 0)
		return VR_E_MANIFEST;
	e = read_interfaces(r, "provides", &r->m->provides);
	if (e < 0)
		return e;
	if (!r->m->provides)
		return vr_yaml_error(r->y, n, "'provides' is empty; name at least one interface");
	for (char **p = r->m->provides; *p && most; p++)
		if (vr_class_has_interface(r->m->class_id, *p))
			return VR_OK;
	if (!most)
		return VR_OK;
	if (strchr(most, ' '))
		return vr_yaml_error(r->y, n, "a plugin of class %s must provide one of %s, with a revision",
				     vr_class_name(r->m->class_id), most);
	return vr_yaml_error(r->y, n, "a plugin of class %s must provide %s<revision>",
			     vr_class_name(r->m->class_id), most);
}

/* One architecture, or a list of them. */
static int32_t read_architectures(struct reading *r, const char *key, bool host_allowed, char ***out)
{
	const struct vr_yaml_node *top = get(r, key);
	const struct vr_yaml_node *n = top;

	if (!top)
		return VR_OK;
	if (top->kind == VR_YAML_MAP)
		return vr_yaml_error(r->y, top, "'%s' must be an architecture or a list of them, not a map",
				     key);
	for (n = top->kind == VR_YAML_LIST ? top->first : top; n;
	     n = top->kind == VR_YAML_LIST ? n->next : NULL) {
		const char *s;

		if (vr_yaml_string(r->y, n, &s) < 0)
			return VR_E_MANIFEST;
		if (!vr_text_is_name(s, "_-"))
			return vr_yaml_error(r->y, n,
					     "'%s' is not the name of an architecture, such as x86_64", s);
		if (!strcmp(s, "host") && !host_allowed)
			return vr_yaml_error(r->y, n, "'host' can't stand here; name the architecture");
		s = vr_arch_canonical(s);
		if (vr_text_list_has(*out, s))
			return vr_yaml_error(r->y, n, "'%s' is given twice in '%s'", s, key);
		if (vr_text_list_add(out, s) < 0)
			return VR_E_NOMEM;
	}
	return VR_OK;
}

static int32_t read_guest_and_host(struct reading *r)
{
	enum vr_plugin_class c = r->m->class_id;
	const struct vr_yaml_node *host = get(r, "host");
	int32_t e = read_architectures(r, "guest", c == VR_CLASS_ACCEL, &r->m->guest);

	if (e < 0)
		return e;
	if ((c == VR_CLASS_TRANSLATOR || c == VR_CLASS_BOARD) && !r->m->guest)
		return vr_yaml_error(r->y, get(r, "guest") ? get(r, "guest") : r->root,
				     "a plugin of class %s needs 'guest', the architecture it is for",
				     vr_class_name(c));
	if (host && c != VR_CLASS_TRANSLATOR)
		return vr_yaml_key_error(r->y, host, "'host' is for translators; remove it");
	return read_architectures(r, "host", false, &r->m->host);
}

static int32_t read_priority(struct reading *r)
{
	const struct vr_yaml_node *n = get(r, "priority");
	int64_t v = 0;

	if (n && vr_yaml_number(r->y, n, -1000, 1000, &v) < 0)
		return VR_E_MANIFEST;
	r->m->priority = (int32_t)v;
	return VR_OK;
}

/* What a helper process may do with a path that the user gives. */
static int32_t read_access(struct reading *r, const struct vr_yaml_node *map, struct vr_manifest_option *o)
{
	const struct vr_yaml_node *n = vr_yaml_get(map, "access");
	const char *s;

	if (!n)
		return VR_OK;
	if (strcmp(o->type, "path") != 0 || !r->m->helper)
		return vr_yaml_key_error(r->y, n,
					 "'access' is for options of type path of a plugin with 'helper'; "
					 "remove it");
	if (vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	o->write = !strcmp(s, "write");
	if (!o->write && strcmp(s, "read") != 0)
		return vr_yaml_error(r->y, n, "access '%s' is not one of read, write", s);
	return VR_OK;
}

static int32_t read_option(struct reading *r, const struct vr_yaml_node *map, struct vr_manifest_option *o)
{
	static const char *const keys[] = {"name", "type", "default", "help", "access"};
	const struct vr_yaml_node *n;
	const char *s, *wrong;
	int32_t e;

	if (vr_yaml_expect(r->y, map, VR_YAML_MAP) < 0 ||
	    vr_yaml_check_keys(r->y, map, "an option", keys, COUNT(keys)) < 0)
		return VR_E_MANIFEST;

	if (vr_yaml_need(r->y, map, "the option", "name", &n) < 0 || vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	if (!vr_text_is_name(s, "-_"))
		return vr_yaml_error(r->y, n, "option name '%s': use lower-case letters, digits, '-' and '_'",
				     s);
	for (uint32_t i = 0; i < r->m->option_count; i++) {
		if (r->m->options[i].name && !strcmp(r->m->options[i].name, s))
			return vr_yaml_error(r->y, n, "option '%s' is given twice", s);
	}
	if (keep(&o->name, s) < 0)
		return VR_E_NOMEM;

	if (vr_yaml_need(r->y, map, "the option", "type", &n) < 0 || vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	if (!vr_option_type_known(s))
		return vr_yaml_error(r->y, n, "option type '%s' is not one of string, path, int, bool, size",
				     s);
	if (keep(&o->type, s) < 0)
		return VR_E_NOMEM;

	n = vr_yaml_get(map, "default");
	if (n) {
		if (vr_yaml_expect(r->y, n, VR_YAML_SCALAR) < 0)
			return VR_E_MANIFEST;
		if (!n->text[0] && !n->quoted)
			return vr_yaml_error(r->y, n,
					     "'default' is empty; give a value, or \"\" for empty text");
		wrong = vr_option_value_wrong(o->type, n->text);
		if (wrong)
			return vr_yaml_error(r->y, n, "default '%s' of option '%s' %s", n->text, o->name,
					     wrong);
		if (keep(&o->default_value, n->text) < 0)
			return VR_E_NOMEM;
	}
	if (vr_yaml_need(r->y, map, "the option", "help", &n) < 0)
		return VR_E_MANIFEST;
	e = read_line(r, n, &o->help);
	return e < 0 ? e : read_access(r, map, o);
}

static uint32_t children(const struct vr_yaml_node *list)
{
	uint32_t count = 0;

	for (const struct vr_yaml_node *n = list->first; n; n = n->next)
		count++;
	return count;
}

static int32_t read_options(struct reading *r)
{
	const struct vr_yaml_node *list = get(r, "options");

	if (!list)
		return VR_OK;
	if (vr_yaml_expect(r->y, list, VR_YAML_LIST) < 0)
		return VR_E_MANIFEST;
	if (!list->first)
		return VR_OK;
	r->m->options = calloc(children(list), sizeof(*r->m->options));
	if (!r->m->options)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	for (const struct vr_yaml_node *n = list->first; n; n = n->next) {
		struct vr_manifest_option *o = &r->m->options[r->m->option_count++];
		int32_t e = read_option(r, n, o);

		if (e < 0)
			return e;
	}
	return VR_OK;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int32_t read_image(struct reading *r, const struct vr_yaml_node *map, struct vr_manifest_image *image)
{
	static const char *const keys[] = {"offset", "bytes"};
	const struct vr_yaml_node *n;
	const char *s;
	int64_t offset;
	size_t length;

	if (vr_yaml_expect(r->y, map, VR_YAML_MAP) < 0 ||
	    vr_yaml_check_keys(r->y, map, "an image", keys, COUNT(keys)) < 0 ||
	    vr_yaml_need(r->y, map, "the image", "offset", &n) < 0 ||
	    vr_yaml_number(r->y, n, 0, INT32_MAX, &offset) < 0 ||
	    vr_yaml_need(r->y, map, "the image", "bytes", &n) < 0 || vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	image->offset = (uint64_t)offset;
	length = strlen(s);
	if (length % 2 || length / 2 > sizeof(image->bytes))
		return vr_yaml_error(r->y, n,
				     "bytes '%s': give 1 to %zu bytes as pairs of hexadecimal digits", s,
				     sizeof(image->bytes));
	for (size_t i = 0; i < length; i += 2) {
		int high = hex_digit(s[i]), low = hex_digit(s[i + 1]);

		if (high < 0 || low < 0)
			return vr_yaml_error(
				r->y, n, "bytes '%s': '%.2s' is not a pair of hexadecimal digits", s, s + i);
		image->bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	image->length = (uint32_t)(length / 2);
	return VR_OK;
}

static int32_t read_images(struct reading *r)
{
	const struct vr_yaml_node *list = get(r, "images");

	if (!list)
		return VR_OK;
	if (r->m->class_id != VR_CLASS_BOARD)
		return vr_yaml_key_error(r->y, list, "'images' is for boards; remove it");
	if (vr_yaml_expect(r->y, list, VR_YAML_LIST) < 0)
		return VR_E_MANIFEST;
	if (!list->first)
		return VR_OK;
	r->m->images = calloc(children(list), sizeof(*r->m->images));
	if (!r->m->images)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	for (const struct vr_yaml_node *n = list->first; n; n = n->next) {
		int32_t e = read_image(r, n, &r->m->images[r->m->image_count++]);

		if (e < 0)
			return e;
	}
	return VR_OK;
}

/* A device's type: "serial-log", "com.example.thing". */
static bool is_device_type(const char *s)
{
	return vr_text_is_name(s, "-._");
}

static int32_t read_devices(struct reading *r)
{
	const struct vr_yaml_node *list = get(r, "devices");

	if (!list)
		return VR_OK;
	if (r->m->class_id != VR_CLASS_DEVICE && r->m->class_id != VR_CLASS_BOARD)
		return vr_yaml_key_error(r->y, list, "'devices' is for devices and boards; remove it");
	if (vr_yaml_expect(r->y, list, VR_YAML_LIST) < 0)
		return VR_E_MANIFEST;
	r->m->devices = calloc(1, sizeof(*r->m->devices));
	if (!r->m->devices)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	for (const struct vr_yaml_node *n = list->first; n; n = n->next) {
		const char *s;

		if (vr_yaml_string(r->y, n, &s) < 0)
			return VR_E_MANIFEST;
		if (!is_device_type(s))
			return vr_yaml_error(r->y, n, "device type '%s': " VR_MANIFEST_ID_RULE, s);
		if (vr_text_list_has(r->m->devices, s))
			return vr_yaml_error(r->y, n, "'%s' is given twice in 'devices'", s);
		if (vr_text_list_add(&r->m->devices, s) < 0)
			return VR_E_NOMEM;
	}
	return VR_OK;
}

/* After the options: it names one of them. */
static int32_t read_wraps(struct reading *r)
{
	const struct vr_yaml_node *n = get(r, "wraps");
	const char *s;

	if (!n)
		return VR_OK;
	if (r->m->class_id != VR_CLASS_ACCEL)
		return vr_yaml_key_error(r->y, n, "'wraps' is for accelerators; remove it");
	if (r->m->guest)
		return vr_yaml_key_error(r->y, n,
					 "'wraps' can't stand with 'guest': a wrapper runs what the wrapped "
					 "accelerator runs; remove one");
	if (vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	for (uint32_t i = 0; i < r->m->option_count; i++)
		if (!strcmp(r->m->options[i].name, s) && !strcmp(r->m->options[i].type, "string"))
			return keep(&r->m->wraps, s);
	return vr_yaml_error(r->y, n, "'wraps: %s' names no option of type string", s);
}

/* Before the options: those of a plugin without a helper have no 'access'. */
static int32_t read_helper(struct reading *r)
{
	static const char list[] = "" /* cppcheck does not find the rows */
#define ROLE(id, word, rights) " " word
#include "common/roles.def"
#undef ROLE
		;
	const struct vr_yaml_node *n = get(r, "helper");
	const char *s;

	if (!n)
		return VR_OK;
	if (vr_yaml_string(r->y, n, &s) < 0)
		return VR_E_MANIFEST;
	r->m->helper = role_by_name(s);
	if (!r->m->helper)
		return vr_yaml_error(r->y, n, "helper '%s' is not one of:%s", s, list);
	return VR_OK;
}

static int32_t read_requires(struct reading *r)
{
	return read_interfaces(r, "requires", &r->m->requires_);
}

static int32_t read_manifest(struct reading *r)
{
	static const char *const keys[] = {"manifest", "id",       "version",  "summary", "class", "library",
					   "abi",      "provides", "requires", "guest",   "host",  "priority",
					   "options",  "images",   "wraps",    "devices", "helper"};
	/* In this order: the class decides what later keys may say. */
	static int32_t (*const steps[])(struct reading *) = {
		read_id,     read_version,  read_summary,  read_class,          read_library,
		read_abi,    read_provides, read_requires, read_guest_and_host, read_priority,
		read_helper, read_options,  read_images,   read_wraps,          read_devices,
	};

	if (r->root->kind != VR_YAML_MAP)
		return vr_yaml_error(r->y, r->root, "a manifest is a map of keys to values");
	/* The format first: a later one may have keys that this one hasn't. */
	if (read_format(r) < 0)
		return VR_E_MANIFEST;
	if (vr_yaml_check_keys(r->y, r->root, "a manifest", keys, COUNT(keys)) < 0)
		return VR_E_MANIFEST;
	for (size_t i = 0; i < COUNT(steps); i++) {
		int32_t e = steps[i](r);

		if (e < 0)
			return e;
	}
	return VR_OK;
}

static int32_t from_yaml(const struct vr_yaml *y, struct vr_manifest **out)
{
	struct reading r = {.y = y, .root = y->root};
	int32_t e;

	r.m = calloc(1, sizeof(*r.m));
	if (!r.m)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	e = keep(&r.m->file, y->file);
	if (e == VR_OK)
		e = read_manifest(&r);
	if (e < 0) {
		vr_manifest_free(r.m);
		return e;
	}
	*out = r.m;
	return VR_OK;
}

int32_t vr_manifest_parse(const char *file, const char *text, size_t length, struct vr_manifest **out)
{
	struct vr_yaml *y;
	int32_t rc = vr_yaml_parse(file, text, length, VR_E_MANIFEST, &y);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = from_yaml(y, out);
	vr_yaml_free(y);
	return rc;
}

int32_t vr_manifest_read(const char *file, struct vr_manifest **out)
{
	struct vr_yaml *y;
	int32_t rc = vr_yaml_read(file, VR_E_MANIFEST, &y);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = from_yaml(y, out);
	vr_yaml_free(y);
	return rc;
}

void vr_manifest_free(struct vr_manifest *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; i < m->option_count; i++) {
		free(m->options[i].name);
		free(m->options[i].type);
		free(m->options[i].default_value);
		free(m->options[i].help);
	}
	free(m->options);
	free(m->images);
	vr_text_list_free(m->provides);
	vr_text_list_free(m->requires_);
	vr_text_list_free(m->guest);
	vr_text_list_free(m->host);
	vr_text_list_free(m->devices);
	free(m->file);
	free(m->id);
	free(m->version);
	free(m->summary);
	free(m->library);
	free(m->wraps);
	free(m);
}
