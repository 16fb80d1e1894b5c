/* SPDX-License-Identifier: MIT */
/* address.h: where a debugger may attach: "unix:PATH", "tcp:HOST:PORT". */
#ifndef GDB_ADDRESS_H
#define GDB_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct gdb_address {
	struct sockaddr_storage socket;
	socklen_t length;
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 16]; /* as messages show it */
};

/* anywhere: it need not be loopback. VR_E_INVAL with text. */
int32_t gdb_address_parse(const char *text, bool anywhere, struct gdb_address *out);
/* A listening socket; the port that the system chose, if it was 0, is then in `a`. A socket file that nothing
 * listens on is replaced. */
int32_t gdb_address_listen(struct gdb_address *a, int *fd);

#endif
