/* SPDX-License-Identifier: MIT */
/* error.c: texts to the host, and ioctl(). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kvm.h"

static _Thread_local char *kept; /* of VR_HOST_ERROR_TEXT bytes */

int32_t kvmp_error(const struct vr_host *host, int32_t code, const char *format, ...)
{
	char text[VR_HOST_ERROR_TEXT] = "";
	va_list ap;

	va_start(ap, format);
	vr_host_error_v(host, code, text, sizeof(text), format, ap);
	va_end(ap);
	if (kept)
		memcpy(kept, text, sizeof(text));
	return code;
}

void kvmp_error_keep(char text[VR_HOST_ERROR_TEXT])
{
	kept = text;
}

void kvmp_log(const struct vr_host *host, uint32_t level, const char *format, ...)
{
	const struct vr_host_log *log = host->query(host, VR_LOG_ID);
	char text[VR_HOST_ERROR_TEXT];
	va_list ap;

	if (!VR_HAS(log, write) || level > log->level)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log->write(host, level, text);
}

const char *kvmp_remedy(int e)
{
	switch (e) {
	case ENOMEM:
		return "; free some memory, or give the guest less (-m)";
	case EMFILE:
	case ENFILE:
		return "; raise the limit on open files (ulimit -n)";
	case ENOSPC:
		return "; use fewer devices or less memory";
	case EBUSY:
		return "; end the other hypervisor that runs here";
	case EEXIST:
		return "; start it again, and report it if it stays";
	case ENODEV:
	case ENXIO:
	case EBADF:
	case EIO:
		return "; KVM has gone or fails (see dmesg): start the guest again, or run it in software "
		       "(VM_ACCEL_FALLBACK=1)";
	default:
		return "";
	}
}

int kvmp_ioctl(int fd, unsigned long request, const void *argument)
{
	int rc;

	do {
		rc = ioctl(fd, request, argument);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

int kvmp_ioctl_number(int fd, unsigned long request, unsigned long argument)
{
	return kvmp_ioctl(fd, request, (const void *)argument);
}

int kvmp_extension(int fd, int capability)
{
	int rc = kvmp_ioctl_number(fd, KVM_CHECK_EXTENSION, (unsigned long)capability);

	return rc < 0 ? 0 : rc;
}

int32_t kvmp_code_of(int e)
{
	switch (e) {
	case ENOMEM:
		return VR_E_NOMEM;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return VR_E_NOENT;
	case EACCES:
	case EPERM:
		return VR_E_PERM;
	case EBUSY:
		return VR_E_BUSY;
	case EEXIST:
		return VR_E_EXISTS;
	case EINVAL:
		return VR_E_INVAL;
	default:
		return VR_E_IO;
	}
}
