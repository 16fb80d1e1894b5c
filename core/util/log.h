/* SPDX-License-Identifier: MIT */
/* log.h: messages for the person at the terminal, on stderr: "vmrun: warning: ...". */
#ifndef VR_UTIL_LOG_H
#define VR_UTIL_LOG_H

#include <stdint.h>

void vr_log_set_level(uint32_t level); /* VR_LOG_* of <vmrun/host.h>; default VR_LOG_WARN */
uint32_t vr_log_level(void);
void vr_log(uint32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Called around each message so that a raw terminal gets "\r\n". */
void vr_log_set_raw(int raw);
int vr_log_raw(void);

#endif
