/* SPDX-License-Identifier: MIT */
/*
 * address.c: where a debugger may attach. What it can do there is everything that the guest can and more, so
 * an address that others than this machine's users reach has to be asked for twice (--gdb-anywhere), and a
 * socket file is this user's alone. Names are not looked up: only localhost is known.
 */
#include "gdb/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vmrun/abi.h>

#include "common/error.h"
#include "common/text.h"

static int32_t bad(const char *text, const char *what)
{
	return vr_error_set(VR_E_INVAL, "--gdb '%s' %s; write unix:PATH or tcp:127.0.0.1:PORT", text, what);
}

static int32_t parse_unix(const char *text, const char *path, struct gdb_address *out)
{
	struct sockaddr_un *a = (struct sockaddr_un *)(void *)&out->socket;

	if (!path[0])
		return bad(text, "names no file");
	if (strlen(path) >= sizeof(a->sun_path))
		return bad(text, "has a path that is too long for a socket (at most 107 bytes)");
	a->sun_family = AF_UNIX;
	memcpy(a->sun_path, path, strlen(path) + 1);
	out->length = sizeof(*a);
	snprintf(out->name, sizeof(out->name), "%s", path);
	return VR_OK;
}

static bool is_loopback(const struct gdb_address *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&a->socket;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&a->socket;

	if (a->socket.ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* host: "127.0.0.1", "[::1]", "localhost" */
static bool parse_host(const char *host, uint16_t port, struct gdb_address *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)&out->socket;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&out->socket;
	size_t n = strlen(host);
	char inner[64];

	if (!strcmp(host, "localhost"))
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		out->length = sizeof(*four);
		return true;
	}
	if (n < 3 || n - 2 >= sizeof(inner) || host[0] != '[' || host[n - 1] != ']')
		return false;
	snprintf(inner, sizeof(inner), "%.*s", (int)(n - 2), host + 1);
	if (inet_pton(AF_INET6, inner, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	out->length = sizeof(*six);
	return true;
}

static int32_t parse_tcp(const char *text, const char *rest, bool anywhere, struct gdb_address *out)
{
	const char *colon = strrchr(rest, ':');
	char host[64];
	uint64_t port;

	if (!colon || vr_text_u64(colon + 1, &port) < 0 || port > UINT16_MAX)
		return bad(text, "has no port (0 to 65535)");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - rest), rest);
	if ((size_t)(colon - rest) >= sizeof(host) || !parse_host(host, (uint16_t)port, out))
		return bad(text, "has no numeric address");
	if (!anywhere && !is_loopback(out))
		return vr_error_set(VR_E_INVAL,
				    "--gdb '%s' is an address that other machines may reach, and a debugger "
				    "reads and changes all of "
				    "the guest; name 127.0.0.1, [::1] or unix:PATH, or add --gdb-anywhere",
				    text);
	snprintf(out->name, sizeof(out->name), "%s:%u", host, (unsigned)port);
	return VR_OK;
}

int32_t gdb_address_parse(const char *text, bool anywhere, struct gdb_address *out)
{
	memset(out, 0, sizeof(*out));
	if (!strncmp(text, "unix:", 5))
		return parse_unix(text, text + 5, out);
	if (!strncmp(text, "tcp:", 4))
		return parse_tcp(text, text + 4, anywhere, out);
	return bad(text, "begins with neither unix: nor tcp:");
}

/* ---- listening ---- */

/* A socket file that a vmrun of before left: nothing answers there. It can't take its file away itself when
 * it ends: it has no right to paths then. */
static void remove_stale(const struct gdb_address *a)
{
	const struct sockaddr_un *u = (const struct sockaddr_un *)(const void *)&a->socket;
	struct stat st;
	int fd;

	if (a->socket.ss_family != AF_UNIX || lstat(u->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&a->socket, a->length) && errno == ECONNREFUSED)
		unlink(u->sun_path);
	close(fd);
}

static int bind_private(int fd, const struct gdb_address *a)
{
	mode_t old = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)&a->socket, a->length);

	umask(old);
	return rc;
}

static void learn_port(struct gdb_address *a, int fd)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)&a->socket;
	char *colon = strrchr(a->name, ':');

	if (a->socket.ss_family == AF_UNIX || getsockname(fd, (struct sockaddr *)&a->socket, &a->length))
		return;
	/* The port is at the same place in both kinds. */
	snprintf(colon, sizeof(a->name) - (size_t)(colon - a->name), ":%u", ntohs(four->sin_port));
}

int32_t gdb_address_listen(struct gdb_address *a, int *out)
{
	int fd, one = 1;

	remove_stale(a);
	fd = socket(a->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return vr_error_set(VR_E_IO, "--gdb: %s: no socket: %s", a->name, strerror(errno));
	if (a->socket.ss_family != AF_UNIX) {
		/* The accepted socket has these from the listening one; it can't be given them then. */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	if (bind_private(fd, a) || listen(fd, 4)) {
		int32_t rc = vr_error_set(
			VR_E_IO, "--gdb: %s: can't listen there: %s%s", a->name, strerror(errno),
			errno == EADDRINUSE ? "; another program does, or a file of that name is there" : "");

		close(fd);
		return rc;
	}
	learn_port(a, fd);
	*out = fd;
	return VR_OK;
}
