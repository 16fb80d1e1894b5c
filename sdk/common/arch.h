/* SPDX-License-Identifier: MIT */
/* arch.h: names of architectures and systems. The core knows their spelling and nothing else of them. */
#ifndef VR_COMMON_ARCH_H
#define VR_COMMON_ARCH_H

/* The one name that vmrun uses for what people spell in several ways ("aarch64" is "arm64"); the name itself
 * when it has no other spelling. Never NULL. */
const char *vr_arch_canonical(const char *name);
/* The canonical name of the architecture this vmrun was built for. */
const char *vr_arch_host(void);
/* "<os>-<arch>" with the compiler's spelling, the key of a manifest's `library` map: "linux-x86_64" ... */
const char *vr_arch_platform(void);

#endif
