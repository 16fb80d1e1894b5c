/* SPDX-License-Identifier: MIT */
/* error.c: texts to the host, and ioctl(). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "kvm.h"

int32_t kvm_error(const struct vr_host *host, int32_t code, const char *format, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	host->error(host, code, text);
	return code;
}

void kvm_log(const struct vr_host *host, uint32_t level, const char *format, ...)
{
	const struct vr_host_log *log = host->query(host, VR_LOG_ID);
	char text[768];
	va_list ap;

	if (!VR_HAS(log, write) || level > log->level)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log->write(host, level, text);
}

int kvm_ioctl(int fd, unsigned long request, const void *argument)
{
	int rc;

	do {
		rc = ioctl(fd, request, argument);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

int kvm_ioctl_number(int fd, unsigned long request, unsigned long argument)
{
	return kvm_ioctl(fd, request, (const void *)argument);
}

int32_t kvm_code_of(int e)
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
