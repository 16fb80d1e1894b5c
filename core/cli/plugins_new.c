/* SPDX-License-Identifier: MIT */
/*
 * plugins_new.c: `vmrun plugins new CLASS NAME [--directory DIR]`: a folder of its own with a plugin that
 * works.
 *
 * The SDK has a folder of files for each class (templates.def) and one, `common`, for all; of a file that both have, the
 * class's is taken. Wherever a file, or its name, says PLACEHOLDER, the copy has the new plugin's id; SDK_PLACEHOLDER
 * becomes the folder in which the SDK was found. What can't be finished is taken away again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmrun/host.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "common/classes.h"
#include "common/error.h"
#include "common/manifest.h"
#include "common/search.h"
#include "common/text.h"
#include "plugin/registry.h"
#include "common/file.h"
#include "util/log.h"

#define PLACEHOLDER "com.example.template"
#define SDK_PLACEHOLDER "/usr/share/vmrun/sdk"
#define MOST_BYTES (1 << 20) /* of one file */

/* What is being made. */
struct project {
	const char *id;
	char *folder;
	char *sdk;
	char **made; /* paths, to be taken away again */
};

/* text with each `old` replaced by `new`; owned by the caller. */
static char *with_word(const char *text, const char *old, const char *new)
{
	size_t length = strlen(text) + 1, word = strlen(old), count = 0;
	const char *at, *from = text;
	char *out, *to;

	for (at = strstr(text, old); at; at = strstr(at + word, old))
		count++;
	out = malloc(length + count * strlen(new));
	if (!out) {
		vr_error_set(VR_E_NOMEM, "out of memory");
		return NULL;
	}
	for (to = out; (at = strstr(from, old)); from = at + word) {
		memcpy(to, from, (size_t)(at - from));
		to = stpcpy(to + (at - from), new);
	}
	strcpy(to, from);
	return out;
}

/* A file's text, or its name, as the copy has it; owned by the caller. */
static char *as_copied(const struct project *p, const char *text)
{
	char *half = with_word(text, PLACEHOLDER, p->id);
	char *whole = half ? with_word(half, SDK_PLACEHOLDER, p->sdk) : NULL;

	free(half);
	return whole;
}

static int32_t can_not(const char *verb, const char *path)
{
	return vr_error_set(errno == EACCES || errno == EROFS ? VR_E_PERM : VR_E_IO, "%s: can't %s: %s", path,
			    verb, strerror(errno));
}

/* A whole small text file; *mode: its permissions. */
static int32_t read_file(const char *path, char **text, mode_t *mode)
{
	int fd = file_open_plain(path, O_RDONLY | O_CLOEXEC, 0);
	struct stat st;
	int32_t rc = VR_OK;
	ssize_t n = -1;

	*text = NULL;
	if (fd < 0)
		return can_not("read", path);
	if (fstat(fd, &st))
		rc = can_not("read", path);
	else if (st.st_size >= MOST_BYTES)
		rc = vr_error_set(VR_E_IO, "%s: too large for a template", path);
	else if (!(*text = malloc((size_t)st.st_size + 1)))
		rc = vr_error_set(VR_E_NOMEM, "%s: out of memory", path);
	else if ((n = file_read(fd, *text, (size_t)st.st_size)) < 0)
		rc = can_not("read", path);
	close(fd);
	if (rc < 0) {
		free(*text);
		*text = NULL;
		return rc;
	}
	*mode = st.st_mode & 0777;
	(*text)[n] = '\0';
	return VR_OK;
}

static int32_t write_file(const char *path, const char *text, mode_t mode)
{
	int fd = file_open_plain(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int failed, e;

	if (fd < 0)
		return can_not("write", path);
	failed = file_write(fd, text, strlen(text)) || fchmod(fd, mode);
	e = errno;
	if (close(fd) && !failed)
		return can_not("write", path);
	errno = e;
	return failed ? can_not("write", path) : VR_OK;
}

static int32_t copy_file(struct project *p, const char *from_folder, const char *name)
{
	char *from = vr_text_format("%s/%s", from_folder, name);
	char *own_name = strcmp(name, "gitignore") == 0 ? vr_text_copy(".gitignore") : as_copied(p, name);
	char *to = own_name ? vr_text_format("%s/%s", p->folder, own_name) : NULL;
	char *text = NULL, *own_text = NULL;
	mode_t mode = 0644;
	bool have = to && vr_text_list_has(p->made, to);
	int32_t rc = !from || !to ? VR_E_NOMEM : have ? VR_OK : read_file(from, &text, &mode);

	if (rc == VR_OK && !have) {
		own_text = as_copied(p, text);
		rc = own_text ? vr_text_list_add(&p->made, to) : VR_E_NOMEM;
	}
	if (rc == VR_OK && !have)
		rc = write_file(to, own_text, mode);
	free(from);
	free(own_name);
	free(to);
	free(text);
	free(own_text);
	return rc;
}

/* The regular files of sdk/template/<name>. */
static int32_t copy_folder(struct project *p, const char *name)
{
	char *rest = vr_text_format("template/%s", name);
	char *folder = rest ? vr_search_sdk(NULL, rest) : NULL;
	DIR *d = folder ? opendir(folder) : NULL;
	const struct dirent *e;
	int32_t rc = VR_OK;

	if (!folder)
		rc = VR_E_NOMEM;
	else if (!d)
		rc = vr_error_set(
			VR_E_NOENT,
			"the SDK's templates are not installed: %s: %s; install vmrun-sdk (from source: make "
			"install-sdk)",
			folder, strerror(errno));
	while (rc == VR_OK && d && (errno = 0, e = readdir(d))) {
		char *path = vr_text_format("%s/%s", folder, e->d_name);
		struct stat st;

		if (!path)
			rc = VR_E_NOMEM;
		else if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			rc = copy_file(p, folder, e->d_name);
		free(path);
	}
	if (rc == VR_OK && errno)
		rc = can_not("read", folder);
	if (d)
		closedir(d);
	free(folder);
	free(rest);
	return rc;
}

static void take_away(struct project *p)
{
	for (char **path = p->made; path && *path; path++)
		(void)unlink(*path);
	(void)rmdir(p->folder);
}

static int32_t make(struct project *p, const char *class_name)
{
	int32_t rc;

	if (mkdir(p->folder, 0777) < 0) {
		if (errno == EEXIST)
			return vr_error_set(
				VR_E_EXISTS,
				"%s exists already and is left as it is; remove it, or give another name or "
				"--directory",
				p->folder);
		return can_not("make the folder", p->folder);
	}
	rc = copy_folder(p, class_name);
	if (rc == VR_OK)
		rc = copy_folder(p, "common");
	if (rc < 0)
		take_away(p);
	return rc;
}

static int32_t check_words(const char *class_name, const char *id)
{
#define TEMPLATE(word) word,
	static const char *const words[] = {
#include "cli/templates.def"
	};
#define TEMPLATE(word) ", " word
	static const char all[] =
#include "cli/templates.def"
		;
	size_t i = 0;

	while (i < sizeof(words) / sizeof(words[0]) && strcmp(class_name, words[i]) != 0)
		i++;
	if (i == sizeof(words) / sizeof(words[0]))
		return vr_error_set(VR_E_INVAL,
				    "plugins new: '%s' is not one of %s; write 'vmrun plugins new device "
				    "com.example.thing'",
				    class_name, all + 2);
	if (!vr_manifest_is_id(id))
		return vr_error_set(VR_E_INVAL, "plugins new: name '%s': " VR_MANIFEST_ID_RULE, id);
	return VR_OK;
}

/* Where the SDK is, without `..` and links when it is there; owned by the caller. */
static char *sdk_folder(void)
{
	char *place = vr_search_sdk(NULL, "."), *real = place ? realpath(place, NULL) : NULL;

	if (real)
		free(place);
	return real ? real : place;
}

/* Two plugins with one id: one would hide the other. */
static void warn_if_taken(const struct cli *c, const char *id)
{
	struct registry *r = cli_registry(c);
	const struct loaded_plugin *p = r ? registry_by_id(r, id) : NULL;

	if (p)
		log_print(VR_LOG_WARN,
			  "a plugin '%s' is installed already (%s); the one found first hides the other", id,
			  p->manifest->file);
	registry_free(r);
	vr_error_clear();
}

/* In a development build vmrun and the SDK are not where the commands look for them. */
static void tell_next(const struct project *p)
{
	char *place = vr_search_sdk(NULL, "../build/lib/pkgconfig");
	char *pc = place ? realpath(place, NULL) : NULL;

	printf("made %s\n\nNow:\n", p->folder);
	if (pc)
		printf("  export PKG_CONFIG_PATH='%s'\n", pc);
	printf("  cd %s\n"
	       "  make          # builds %s.so\n"
	       "  make check    # the rules, then its own test\n"
	       "  make run      # runs it in a guest\n"
	       "  make install  # into ~/.local/share/vmrun/plugins, where vmrun looks by itself\n"
	       "README.md there says what is what.\n",
	       p->folder, p->id);
	free(pc);
	free(place);
}

int cli_plugins_new(const struct cli *c, char *const *arguments)
{
	struct project p = {.id = arguments[1]};
	int32_t rc = check_words(arguments[0], arguments[1]);

	if (rc < 0)
		return cli_fail(rc, EXIT_CODE_USAGE);
	if (vr_search_elevated())
		return cli_fail(vr_error_set(VR_E_PERM, "plugins new: not with elevated privileges"),
				EXIT_CODE_CONFIG);
	warn_if_taken(c, p.id);
	p.folder = c->directory ? vr_text_format("%s/%s", c->directory, p.id) : vr_text_copy(p.id);
	p.sdk = sdk_folder();
	rc = p.folder && p.sdk ? make(&p, arguments[0]) : VR_E_NOMEM;
	if (rc == VR_OK)
		tell_next(&p);
	free(p.folder);
	free(p.sdk);
	vr_text_list_free(p.made);
	if (rc == VR_OK && fflush(stdout) != 0)
		rc = vr_error_set(VR_E_IO, "standard output: can't write");
	return rc < 0 ? cli_fail(rc, rc == VR_E_IO ? EXIT_CODE_RUN : EXIT_CODE_CONFIG) : EXIT_CODE_OK;
}
