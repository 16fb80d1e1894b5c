/* SPDX-License-Identifier: MIT */
/* log.h: messages for the person at the terminal, on stderr: "vmrun: warning: ...". */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stddef.h>
#include <stdint.h>

void log_set_level(uint32_t level); /* VR_LOG_* of <vmrun/host.h>; default VR_LOG_WARN */
uint32_t log_get_level(void);
void log_print(uint32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Lines that are no message, as they are. */
void log_text(const char *text, size_t n);
/* Called around each message so that a raw terminal gets "\r\n". */
void log_set_raw(int raw);
int log_is_raw(void);

#endif
