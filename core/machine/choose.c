/* SPDX-License-Identifier: MIT */
/*
 * choose.c: which board, accelerator and translator run the guest.
 *
 * Manifests answer nearly all of it; a library is opened only when its plugin is about to be used. An
 * accelerator whose `guest:` has "any" is software and needs a translator; every other one runs the
 * architectures it lists itself ("host": this machine's). The registry lists plugins best first.
 *
 * A wrapper (manifest: `wraps: OPTION`) stands before another accelerator and runs what that one runs. It is
 * only taken when named; the option says before which it stands, or else before the one that would have been
 * taken without it. The inner one is started first, so the wrapper's start() finds it in the registry.
 *
 * What the user named with -p is used, or the run ends with an error. So a named translator alone means software, also for a
 * guest that hardware could run. With a named accelerator beside it the two share the work, so that one command is for guests of
 * both: the accelerator runs the architectures that it lists, the translator its own in software, and the one line names the
 * one that this guest does not need. Two that can't share, because the accelerator runs all that the translator translates, or
 * the translator is for another host, are an error.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "boot/kinds.h"
#include "common/arch.h"
#include "common/error.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/log.h"

struct chooser {
	struct registry *registry;
	const struct machine_config *config;
	const struct vr_boot_payload *payload; /* NULL: nothing is to be run */
	struct choice *choice;
	char *why;         /* what spoke against others, for the one line; owned */
	const char *spare; /* the id of what was named for other guests than this one */
	uint32_t depth;    /* of wrappers */
};
#define DEPTH_MAX 4u

/* The i-th plugin of a class, best first; NULL past the end. */
static struct loaded_plugin *nth(struct registry *r, enum vr_plugin_class class_id, uint32_t i)
{
	for (uint32_t k = 0; k < registry_count(r); k++) {
		struct loaded_plugin *p = registry_at(r, k);

		if (p->manifest->class_id == class_id && !i--)
			return p;
	}
	return NULL;
}

static const char *id_of(const struct loaded_plugin *p)
{
	return p->manifest->id;
}

/* "a, b, c" of a class's ids; malloc'ed, NULL without memory. */
static char *ids(struct registry *r, enum vr_plugin_class class_id)
{
	struct loaded_plugin *p;
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	if (!f)
		return NULL;
	for (uint32_t i = 0; (p = nth(r, class_id, i)); i++)
		fprintf(f, "%s%s", i ? ", " : "", id_of(p));
	if (!nth(r, class_id, 0))
		fputs("none", f);
	fclose(f);
	return text;
}

static int32_t by_name(struct registry *r, enum vr_plugin_class class_id, const char *noun, const char *id,
		       struct loaded_plugin **out)
{
	struct loaded_plugin *p = registry_by_id(r, id);
	char *have;
	int32_t rc;

	*out = p;
	if (p && p->manifest->class_id == class_id)
		return VR_OK;
	have = ids(r, class_id);
	rc = vr_error_set(VR_E_NOENT, "%s '%s' %s; installed: %s", noun, id,
			  p ? "is a plugin of another kind" : "is not installed", have ? have : "?");
	free(have);
	return rc;
}

/* Starts it; otherwise says why not in *text (malloc'ed or NULL) and leaves no error noted. Without an image
 * it is only asked whether it would start. */
static int32_t start(struct chooser *c, struct loaded_plugin *p, char **text)
{
	int32_t rc;

	*text = NULL;
	vr_error_clear();
	rc = c->payload ? registry_start(c->registry, p) : registry_probe(c->registry, p);
	if (rc < 0) {
		*text = strdup(vr_error_text(rc));
		vr_error_clear();
	}
	return rc;
}

/* Remember why `id` was not taken. */
static void against(struct chooser *c, const char *id, const char *text)
{
	char *all;

	if (asprintf(&all, "%s%s%s: %s", c->why ? c->why : "", c->why ? "; " : "", id,
		     text ? text : "can't be used") < 0)
		return;
	free(c->why);
	c->why = all;
}

/* ---- the guest's architecture and its board --------------------------------------------------- */
static bool image_fits(const struct loaded_plugin *board, const struct vr_boot_payload *k)
{
	const struct vr_manifest *m = board->manifest;

	for (uint32_t i = 0; k && i < m->image_count; i++) {
		const struct vr_manifest_image *g = &m->images[i];

		if (g->length && g->length <= sizeof(g->bytes) && g->offset <= k->kernel_size &&
		    g->length <= k->kernel_size - g->offset &&
		    !memcmp((const uint8_t *)k->kernel + g->offset, g->bytes, g->length))
			return true;
	}
	return false;
}

static const char *kernel_name(const struct vr_boot_payload *k)
{
	return k && k->kernel_name ? k->kernel_name : "the kernel";
}

static int32_t no_board(struct chooser *c, const char *arch)
{
	char *have = ids(c->registry, VR_CLASS_BOARD);
	int32_t rc = vr_error_set(VR_E_NOENT, "no board for %s guests is installed; boards: %s", arch,
				  have ? have : "?");

	free(have);
	return rc;
}

static int32_t unknown_image(struct chooser *c, const struct vr_boot_payload *k)
{
	const struct kind *kind = kinds_find(k->kernel, k->kernel_size);
	const char *arch = kinds_architecture(k->kernel, k->kernel_size);
	char *have;
	int32_t rc;

	if (kind)
		return vr_error_set(VR_E_IMAGE, "%s: is %s; %s", kernel_name(k), kind->what, kind->boot);
	have = ids(c->registry, VR_CLASS_BOARD);
	if (arch)
		rc = vr_error_set(
			VR_E_IMAGE,
			"%s: is a file for %s, and no installed board boots that (boards: %s); install "
			"one, or give another kernel",
			kernel_name(k), arch, have ? have : "?");
	else
		rc = vr_error_set(VR_E_IMAGE,
				  "%s: can't tell which architecture this kernel is for: no installed board "
				  "knows it (boards: %s); say which with --arch",
				  kernel_name(k), have ? have : "?");

	free(have);
	return rc;
}

static int32_t choose_board(struct chooser *c)
{
	const struct vr_boot_payload *k = c->payload;
	const struct machine_config *cfg = c->config;
	const char *arch = cfg->arch ? vr_arch_canonical(cfg->arch) : NULL;
	struct loaded_plugin *p, *board = NULL, *fits = NULL;
	int32_t rc;

	/* The best board that knows the image, of the architecture that was asked for if any does. */
	for (uint32_t i = 0; (p = nth(c->registry, VR_CLASS_BOARD, i)); i++) {
		bool right = !arch || vr_text_list_has(p->manifest->guest, arch);

		if (image_fits(p, k) &&
		    (!fits || (right && arch && !vr_text_list_has(fits->manifest->guest, arch))))
			fits = p;
	}
	if (cfg->board) {
		rc = by_name(c->registry, VR_CLASS_BOARD, "board", cfg->board, &board);
		if (rc < 0)
			return rc;
	} else if (arch) {
		board = fits && vr_text_list_has(fits->manifest->guest, arch) ? fits : NULL;
		if (!board && fits)
			return vr_error_set(VR_E_IMAGE, "%s is a kernel for %s, and --arch says %s",
					    kernel_name(k), fits->manifest->guest[0], arch);
		for (uint32_t i = 0; !board && (p = nth(c->registry, VR_CLASS_BOARD, i)); i++)
			if (vr_text_list_has(p->manifest->guest, arch))
				board = p;
		if (!board)
			return no_board(c, arch);
	} else {
		board = fits;
		if (!board)
			return unknown_image(c, k);
	}
	if (!board->manifest->guest || !board->manifest->guest[0])
		return vr_error_set(VR_E_MANIFEST, "board '%s' names no guest architecture", id_of(board));
	if (!arch)
		arch = board->manifest->guest[0];
	if (!vr_text_list_has(board->manifest->guest, arch))
		return vr_error_set(VR_E_CONFIG, "board '%s' is a board for %s guests, not %s", id_of(board),
				    board->manifest->guest[0], arch);
	c->choice->board = board;
	c->choice->arch = vr_text_copy(arch);
	return c->choice->arch ? VR_OK : VR_E_NOMEM;
}

/* ---- accelerators and translators --------------------------------------------------------------- */
static bool is_software(const struct loaded_plugin *accel)
{
	return vr_text_list_has(accel->manifest->guest, "any");
}

static bool runs_natively(const struct loaded_plugin *accel, const char *arch)
{
	return vr_text_list_has(accel->manifest->guest, arch) ||
	       (vr_text_list_has(accel->manifest->guest, "host") && !strcmp(arch, vr_arch_host()));
}

/* 2: made for the pair; 1: for the guest on any host (a lifter, interpreted); 0: not for it. */
static int rank(const struct loaded_plugin *t, const char *arch)
{
	char *const *host = t->manifest->host;

	if (!vr_text_list_has(t->manifest->guest, arch))
		return 0;
	if (!host || !host[0] || vr_text_list_has(host, "any"))
		return 1;
	return vr_text_list_has(host, vr_arch_host()) ? 2 : 0;
}

static int32_t named_translator(struct chooser *c)
{
	const char *arch = c->choice->arch;
	struct loaded_plugin *t;
	char *text;
	int32_t rc = by_name(c->registry, VR_CLASS_TRANSLATOR, "translator", c->config->translator, &t);

	if (rc < 0)
		return rc;
	if (!rank(t, arch))
		return vr_error_set(VR_E_CONFIG, "translator '%s' is not for %s guests on %s hosts", id_of(t),
				    arch, vr_arch_host());
	rc = start(c, t, &text);
	if (rc < 0)
		rc = vr_error_set(rc, "translator '%s' can't be used: %s", id_of(t), text ? text : "?");
	else
		c->choice->translator = t;
	free(text);
	return rc;
}

static int32_t choose_translator(struct chooser *c)
{
	const char *arch = c->choice->arch;
	struct loaded_plugin *t;
	bool fits = false;
	int32_t rc;
	char *have;

	if (c->config->translator)
		return named_translator(c);
	for (int wanted = 2; wanted > 0; wanted--) {
		for (uint32_t i = 0; (t = nth(c->registry, VR_CLASS_TRANSLATOR, i)); i++) {
			char *text;

			if (rank(t, arch) != wanted)
				continue;
			fits = true;
			if (start(c, t, &text) == VR_OK) {
				c->choice->translator = t;
				return VR_OK;
			}
			against(c, id_of(t), text);
			free(text);
		}
	}
	have = ids(c->registry, VR_CLASS_TRANSLATOR);
	rc = vr_error_set(VR_E_NOENT, "no translator for %s guests on %s hosts %s (installed: %s)", arch,
			  vr_arch_host(), fits ? "can be used" : "is installed", have ? have : "?");
	free(have);
	return rc;
}

static bool take_any(struct chooser *c);
static int32_t take(struct chooser *c, struct loaded_plugin *p, char **text);

static int32_t take_inner(struct chooser *c, struct loaded_plugin *p, char **text)
{
	const char *option = p->manifest->wraps;
	const char *id = registry_option_value(c->registry, p, option);
	struct loaded_plugin *inner;
	int32_t rc;

	if (id && *id) {
		rc = by_name(c->registry, VR_CLASS_ACCEL, "accelerator", id, &inner);
		if (rc == VR_OK)
			return take(c, inner, text);
	} else if (take_any(c)) {
		rc = registry_option(c->registry, p, option, id_of(c->choice->accel));
	} else {
		rc = vr_error_set(VR_E_UNSUPPORTED, "there is no accelerator to stand before%s%s",
				  c->why ? ": " : "", c->why ? c->why : "");
	}
	if (rc < 0)
		*text = strdup(vr_error_text(rc));
	vr_error_clear();
	return rc;
}

static int32_t take_wrapper(struct chooser *c, struct loaded_plugin *p, char **text)
{
	int32_t rc;

	if (c->depth == DEPTH_MAX) {
		*text = vr_text_format("wraps itself, or too many others; give %s=ID of an accelerator that "
				       "wraps none",
				       p->manifest->wraps);
		return VR_E_CONFIG;
	}
	c->depth++;
	rc = take_inner(c, p, text);
	c->depth--;
	if (rc < 0)
		return rc;
	rc = start(c, p, text);
	if (rc < 0) {
		c->choice->accel = c->choice->translator = NULL;
		return rc;
	}
	c->choice->wrapped = c->choice->accel;
	c->choice->accel = p;
	return VR_OK;
}

static char *native_only(const struct chooser *c)
{
	return vr_text_format("runs only guests of the host's architecture (%s), and this one is %s",
			      vr_arch_host(), c->choice->arch);
}

/* Takes `p` and what it needs, or says why not in *text. */
static int32_t take(struct chooser *c, struct loaded_plugin *p, char **text)
{
	const char *arch = c->choice->arch;
	int32_t rc;

	*text = NULL;
	if (p->manifest->wraps)
		return take_wrapper(c, p, text);
	if (!is_software(p) && !runs_natively(p, arch)) {
		*text = native_only(c);
		return VR_E_UNSUPPORTED;
	}
	if (is_software(p)) {
		vr_error_clear();
		rc = choose_translator(c);
		if (rc < 0) {
			*text = strdup(vr_error_text(rc));
			vr_error_clear();
			return rc;
		}
	}
	rc = start(c, p, text);
	if (rc < 0)
		c->choice->translator = NULL;
	else
		c->choice->accel = p;
	return rc;
}

/* The best that works of one kind. */
static bool take_best(struct chooser *c, bool software)
{
	struct loaded_plugin *p;

	for (uint32_t i = 0; !c->choice->accel && (p = nth(c->registry, VR_CLASS_ACCEL, i)); i++) {
		char *text;

		if (p->manifest->wraps || is_software(p) != software)
			continue;
		if (take(c, p, &text) < 0)
			against(c, id_of(p), text);
		free(text);
	}
	return c->choice->accel != NULL;
}

/* The user named a translator with -p. One that a machine file names is for when software runs the guest. */
static bool wants_translator(const struct chooser *c)
{
	const struct loaded_plugin *t =
		c->config->translator ? registry_by_id(c->registry, c->config->translator) : NULL;

	return t && t->requested;
}

/* Hardware before software, or, when asked to do without the hardware, after it. */
static bool take_any(struct chooser *c)
{
	if (wants_translator(c))
		return take_best(c, true);
	return take_best(c, c->config->fallback) || take_best(c, !c->config->fallback);
}

/* The accelerator that was named is not for this guest, and the translator that was named with it is there for that. */
static int32_t take_translator(struct chooser *c, const struct loaded_plugin *named)
{
	char *text = native_only(c);

	against(c, id_of(named), text);
	free(text);
	if (take_best(c, true)) {
		c->spare = id_of(named);
		return VR_OK;
	}
	return vr_error_set(VR_E_CONFIG, "neither '%s' nor translator '%s' can run this guest: %s",
			    id_of(named), c->config->translator, c->why ? c->why : "?");
}

/* `accel` runs this guest by itself. The translator that was named with it must be for other guests, on this host. */
static int32_t share(struct chooser *c, const struct loaded_plugin *accel)
{
	const struct loaded_plugin *t = registry_by_id(c->registry, c->config->translator);
	char *const *guest = t->manifest->guest;

	for (uint32_t i = 0; guest && guest[i]; i++)
		if (!runs_natively(accel, guest[i])) {
			if (!rank(t, guest[i]))
				return vr_error_set(VR_E_CONFIG,
						    "translator '%s' was named and is not used: it is not "
						    "for %s hosts; leave it out, or name one that is",
						    id_of(t), vr_arch_host());
			c->spare = id_of(t);
			return VR_OK;
		}
	return vr_error_set(
		VR_E_CONFIG,
		"translator '%s' was named and is not used: accelerator '%s', named with it, runs "
		"%s guests by itself; leave one of them out: the translator alone means software",
		id_of(t), c->config->accel, c->choice->arch);
}

static int32_t named_accel(struct chooser *c)
{
	struct loaded_plugin *p;
	char *text = NULL;
	int32_t rc = by_name(c->registry, VR_CLASS_ACCEL, "accelerator", c->config->accel, &p);
	bool may_fall_back = c->config->fallback && !(p && is_software(p));

	if (rc < 0 && !may_fall_back)
		return rc;
	if (rc < 0) {
		text = strdup(vr_error_text(rc));
		vr_error_clear();
	} else if (!p->manifest->wraps && !is_software(p) && !runs_natively(p, c->choice->arch) &&
		   wants_translator(c)) {
		return take_translator(c, p);
	} else {
		rc = take(c, p, &text);
	}
	if (rc < 0 && may_fall_back) {
		log_print(VR_LOG_WARN,
			  "accelerator '%s' can't be used (%s); falling back to software, which is slower",
			  c->config->accel, text ? text : "?");
		if (take_best(c, true))
			rc = VR_OK;
		else
			vr_error_set(rc, "accelerator '%s' can't be used, and neither can software: %s",
				     c->config->accel, c->why ? c->why : "none is installed");
	} else if (rc < 0) {
		vr_error_set(rc, "accelerator '%s' can't run this guest: %s%s%s%s", c->config->accel,
			     text ? text : "?", c->why ? "; " : "", c->why ? c->why : "",
			     is_software(p) ? "" : " (VM_ACCEL_FALLBACK=1 takes software instead)");
	}
	free(text);
	if (rc >= 0 && !c->choice->translator && wants_translator(c))
		rc = share(c, c->choice->wrapped ? c->choice->wrapped : c->choice->accel);
	return rc;
}

static int32_t choose_accel(struct chooser *c)
{
	char *have;
	int32_t rc;

	if (c->config->accel)
		return named_accel(c);
	if (take_any(c)) {
		if (c->config->fallback && !c->choice->translator)
			log_print(VR_LOG_WARN, "no software accelerator can run this guest (%s); taking '%s'",
				  c->why ? c->why : "none is installed", id_of(c->choice->accel));
		return VR_OK;
	}
	if (wants_translator(c))
		return vr_error_set(
			VR_E_CONFIG, "translator '%s' was named and can't be used for this guest: %s",
			c->config->translator, c->why ? c->why : "no software accelerator is installed");
	have = ids(c->registry, VR_CLASS_ACCEL);
	rc = vr_error_set(
		VR_E_UNSUPPORTED, "nothing here can run %s guests on this %s machine (installed: %s)%s%s",
		c->choice->arch, vr_arch_host(), have ? have : "?", c->why ? "; " : "", c->why ? c->why : "");
	free(have);
	return rc;
}

/* "CHOICE (REASONS)" into the choice's line. */
static int32_t describe(const struct chooser *c)
{
	struct choice *x = c->choice;
	const char *reason;
	char *what;

	if (c->config->accel && !strcmp(c->config->accel, id_of(x->accel)))
		reason = "as asked for";
	else if (x->translator && (c->config->fallback || wants_translator(c)))
		reason = "software, as asked for";
	else if (!x->translator)
		reason = strcmp(x->arch, vr_arch_host()) ? "made for this architecture"
							 : "the host's own architecture";
	else if (!strcmp(x->arch, vr_arch_host()))
		reason = "in software, no hardware accelerator can be used";
	else
		reason = "another architecture than the host's";
	what = vr_text_format("%s guest on %s: %s%s%s%s%s, board %s%s%s", x->arch, vr_arch_host(),
			      id_of(x->accel), x->wrapped ? " around " : "",
			      x->wrapped ? id_of(x->wrapped) : "", x->translator ? " + " : "",
			      x->translator ? id_of(x->translator) : "", id_of(x->board),
			      c->spare ? "; not needed for this guest: " : "", c->spare ? c->spare : "");
	if (what) {
		x->line =
			vr_text_format("%s (%s%s%s)", what, reason, c->why ? "; " : "", c->why ? c->why : "");
		x->brief = (uint32_t)strlen(what);
	}
	free(what);
	return x->line ? VR_OK : VR_E_NOMEM;
}

void choice_print(const struct choice *c, FILE *to)
{
	bool all = log_get_level() >= VR_LOG_INFO;
	/* A guest that hardware might have run: the user may want to know why it does not. */
	bool hint = !all && c->translator && !strcmp(c->arch, vr_arch_host());

	fprintf(to, "vmrun: %.*s%s\n", all ? INT_MAX : (int)c->brief, c->line, hint ? " (-v says why)" : "");
}

int32_t machine_choose(struct registry *r, const struct machine_config *config,
		       const struct vr_boot_payload *p, struct choice *out)
{
	struct chooser c = {.registry = r, .config = config, .payload = p, .choice = out};
	char *text;
	int32_t rc;

	memset(out, 0, sizeof(*out));
	rc = choose_board(&c);
	if (rc == VR_OK)
		rc = choose_accel(&c);
	if (rc == VR_OK) {
		rc = start(&c, out->board, &text);
		if (rc < 0)
			vr_error_set(rc, "board '%s' can't be used: %s", id_of(out->board),
				     text ? text : "?");
		free(text);
	}
	if (rc == VR_OK)
		rc = describe(&c);
	free(c.why);
	if (rc < 0)
		choice_free(out);
	return rc;
}

void choice_free(struct choice *c)
{
	free(c->arch);
	free(c->line);
	memset(c, 0, sizeof(*c));
}
