/* SPDX-License-Identifier: MIT */
/*
 * fault.c: stands between vmrun and the kernel (LD_PRELOAD) and lets calls to KVM fail, as VMRUN_FAULT says:
 *
 *     CALL:ERROR[:N]     CALL fails with that error, always but the first N times
 *
 * CALL: open (of /dev/kvm), vm, vcpu, memory, registers (set), run; or gone: N times a vCPU is run, then
 * every call to KVM fails. ERROR: a name of errno.h. With VMRUN_SYNCS=FILE each fdatasync() leaves a line
 * there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned long request;
} calls[] = {
	{"open", 0},
	{"vm", KVM_CREATE_VM},
	{"vcpu", KVM_CREATE_VCPU},
	{"memory", KVM_SET_USER_MEMORY_REGION},
	{"registers", KVM_SET_REGS},
	{"run", KVM_RUN},
	{"gone", KVM_RUN},
};

static const struct {
	const char *name;
	int number;
} errors[] = {
#define E(name)             \
	{                   \
#name, name \
	}
	E(EACCES), E(EBADF),  E(EBUSY),  E(EEXIST), E(EFAULT), E(EINVAL),
	E(EIO),    E(EMFILE), E(ENODEV), E(ENOMEM), E(ENOSPC),
#undef E
};

static int (*real_ioctl)(int fd, unsigned long request, ...);
static int (*real_open)(const char *path, int flags, ...);
static int (*real_fdatasync)(int fd);
static const char *fault;
static unsigned long request_of_fault;
static int error, syncs = -1;
static _Atomic long left;
static _Atomic int gone;

static void wrong(const char *text)
{
	fprintf(stderr, "fault.so: VMRUN_FAULT: %s\n", text);
	_exit(99);
}

__attribute__((constructor)) static void begin(void)
{
	char text[64], *rest = text, *call, *name;
	size_t i;

	*(void **)&real_ioctl = dlsym(RTLD_NEXT, "ioctl");
	*(void **)&real_open = dlsym(RTLD_NEXT, "open");
	*(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
	if (getenv("VMRUN_SYNCS"))
		syncs = real_open(getenv("VMRUN_SYNCS"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (!getenv("VMRUN_FAULT"))
		return;
	snprintf(text, sizeof(text), "%s", getenv("VMRUN_FAULT"));
	call = strsep(&rest, ":");
	name = strsep(&rest, ":");
	left = rest ? atol(rest) : 0;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(call, calls[i].name) == 0) {
			fault = calls[i].name;
			request_of_fault = calls[i].request;
		}
	for (i = 0; name && i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(name, errors[i].name) == 0)
			error = errors[i].number;
	if (!fault || !error)
		wrong("no such call, or no such error");
}

static int fails(void)
{
	if (atomic_fetch_sub(&left, 1) > 0)
		return 0;
	errno = error;
	return 1;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	if (fault && request_of_fault && request == request_of_fault && fails()) {
		if (strcmp(fault, "gone") == 0)
			atomic_store(&gone, 1);
		return -1;
	}
	if (atomic_load(&gone) && (request >> 8 & 0xff) == KVMIO) {
		errno = error;
		return -1;
	}
	return real_ioctl(fd, request, argument);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, int) : 0;
	va_end(ap);
	if (fault && !request_of_fault && strcmp(path, "/dev/kvm") == 0 && fails())
		return -1;
	return real_open(path, flags, mode);
}

int fdatasync(int fd)
{
	if (syncs >= 0 && write(syncs, "fdatasync\n", 10) < 0)
		abort();
	return real_fdatasync(fd);
}
