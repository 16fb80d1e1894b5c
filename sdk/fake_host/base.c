/* SPDX-License-Identifier: MIT */
/* base.c: what every table of the fake host uses: whose host it is, findings, refusals and the error text. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

size_t vr_fake_host_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

struct vr_fake_host *vr_fake_host_of(const struct vr_host *host)
{
	return *(struct vr_fake_host **)((uintptr_t)host & ~(uintptr_t)(vr_fake_host_page() - 1));
}

/* ---- findings ------------------------------------------------------------------------------------ */

void vr_fake_host_note(struct vr_fake_host *f, const char *format, ...)
{
	va_list ap;

	if (f->lenient)
		return;
	pthread_mutex_lock(&f->lock);
	if (f->finding_count < VR_FAKE_HOST_FINDINGS) {
		va_start(ap, format);
		vsnprintf(f->finding[f->finding_count], sizeof(f->finding[0]), format, ap);
		va_end(ap);
	}
	f->finding_count++;
	pthread_mutex_unlock(&f->lock);
}

const char *vr_fake_host_finding(const struct vr_fake_host *f, uint32_t i)
{
	return i < f->finding_count && i < VR_FAKE_HOST_FINDINGS ? f->finding[i] : NULL;
}

void vr_fake_host_on_main(struct vr_fake_host *f, const char *function)
{
	if (!pthread_equal(pthread_self(), f->main_thread))
		vr_fake_host_note(f, "%s, which is for the main thread, was called on another one", function);
}

void vr_fake_host_on_vcpu(struct vr_fake_host *f, uint32_t vcpu, const char *function)
{
	if (vcpu >= f->vcpu_count)
		vr_fake_host_note(f, "%s was called for vCPU %u of %u", function, vcpu, f->vcpu_count);
	else if (f->vcpu[vcpu].has_thread && !pthread_equal(pthread_self(), f->vcpu[vcpu].thread))
		vr_fake_host_note(f, "%s was called for vCPU %u on another thread than its own", function,
				  vcpu);
}

int vr_fake_host_known_error(int32_t code)
{
	switch (code) {
#define VR_ERROR(name, value, text) case value:
#include <vmrun/errors.def>
#undef VR_ERROR
		return 1;
	default:
		return 0;
	}
}

/* ---- refusing -------------------------------------------------------------------------------------- */

int32_t vr_fake_host_request(struct vr_fake_host *f, const char *function)
{
	uint32_t mine = __atomic_add_fetch(&f->requests, 1, __ATOMIC_SEQ_CST);

	if (!f->refuse_at || mine != f->refuse_at)
		return VR_OK;
	f->refused = 1;
	snprintf(f->refused_what, sizeof(f->refused_what), "%s", function);
	return vr_fake_host_no(f, VR_E_NOMEM, "the fake host refuses this request");
}

/* As the core does: the function that refuses gives the text. */
int32_t vr_fake_host_no(struct vr_fake_host *f, int32_t code, const char *text)
{
	vr_fake_host_error(f->host, code, text);
	return code;
}

void vr_fake_host_refuse(struct vr_fake_host *f, uint32_t n)
{
	f->refuse_at = n ? f->requests + n : 0;
	f->refused = 0;
	f->refused_what[0] = 0;
}

/* ---- errors ------------------------------------------------------------------------------------------ */

void VR_CALL vr_fake_host_error(const struct vr_host *host, int32_t code, const char *text)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (!vr_fake_host_known_error(code))
		vr_fake_host_note(f, "error() was given the code %d, which errors.def does not have", code);
	if (!text || !*text)
		vr_fake_host_note(f, "error() was given no text (code %d)", code);
	pthread_mutex_lock(&f->lock);
	if (!f->error_count++) {
		f->error_code = code;
		snprintf(f->error_text, sizeof(f->error_text), "%s", text ? text : "");
	}
	pthread_mutex_unlock(&f->lock);
}

void vr_fake_host_error_clear(struct vr_fake_host *f)
{
	pthread_mutex_lock(&f->lock);
	f->error_count = 0;
	f->error_code = 0;
	f->error_text[0] = 0;
	pthread_mutex_unlock(&f->lock);
}
