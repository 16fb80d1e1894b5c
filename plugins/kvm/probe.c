/* SPDX-License-Identifier: MIT */
/*
 * probe.c: is KVM usable here, and if not, why and what to do about it.
 *
 * The last step makes a virtual machine: the processor's extensions may be taken by another hypervisor, and
 * only that tells. It is kept, so a start pays for it once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kvm.h"

/* What a kernel has to have on every architecture. */
static const struct kvmp_capability required[] = {
	{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "guest memory in user space"},
	{KVM_CAP_DESTROY_MEMORY_REGION_WORKS, "KVM_CAP_DESTROY_MEMORY_REGION_WORKS",
	 "taking guest memory away"},
	{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "stopping a vCPU, Linux 4.12"},
	{KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE", "the run state of vCPUs"},
	{0, NULL, NULL},
};

/* The processor's word for hardware virtualisation, or NULL. Always there on arm64 when KVM is. */
static const char *processor_feature(void)
{
	char line[16384];
	const char *found = NULL;
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "flags", 5) != 0)
			continue;
		if (strstr(line, " vmx"))
			found = "vmx";
		else if (strstr(line, " svm"))
			found = "svm";
		else
			break;
	}
	if (f)
		fclose(f);
	return found;
}

static int32_t no_device(const struct kvmp_plugin *p)
{
#if defined(__x86_64__)
	const char *feature = processor_feature();

	if (!feature)
		return kvmp_error(
			p->instance.host, VR_E_NOENT,
			"%s is missing and this processor shows no hardware virtualisation; on a real "
			"machine "
			"switch VT-x / AMD-V on in the firmware's setup, in a virtual machine switch nested "
			"virtualisation on in the hypervisor outside",
			p->device);
	return kvmp_error(
		p->instance.host, VR_E_NOENT,
		"%s is missing though the processor has virtualisation (%s); load the module: modprobe %s",
		p->device, feature, !strcmp(feature, "vmx") ? "kvm_intel" : "kvm_amd");
#else
	(void)processor_feature;
	return kvmp_error(
		p->instance.host, VR_E_NOENT,
		"%s is missing; the kernel must have KVM and be started in EL2 (in a virtual machine: with "
		"nested virtualisation)",
		p->device);
#endif
}

static int32_t not_a_device(const struct kvmp_plugin *p)
{
	return kvmp_error(p->instance.host, VR_E_UNSUPPORTED,
			  "%s is not a device; name the KVM device with -p kvm,device=/dev/kvm", p->device);
}

static int32_t open_device(struct kvmp_plugin *p)
{
	struct stat st;

	p->fd = open(p->device, O_RDWR | O_CLOEXEC);
	if (p->fd < 0) {
		switch (errno) {
		case ENOENT:
		case ENOTDIR:
			return no_device(p);
		case EACCES:
		case EPERM:
			return kvmp_error(
				p->instance.host, VR_E_PERM,
				"%s: no permission to open it; add the user to the group that owns it "
				"(usermod -aG kvm USER) and log in again",
				p->device);
		case EISDIR:
			return not_a_device(p);
		case ENODEV:
		case ENXIO:
			return kvmp_error(
				p->instance.host, VR_E_NOENT,
				"%s is there but no driver answers; load kvm_intel or kvm_amd, or give the "
				"container the device",
				p->device);
		default:
			return kvmp_error(p->instance.host, VR_E_IO, "%s: can't open it: %s%s", p->device,
					  strerror(errno), kvmp_remedy(errno));
		}
	}
	if (fstat(p->fd, &st) < 0 || !S_ISCHR(st.st_mode))
		return not_a_device(p);
	return VR_OK;
}

static int32_t check_version(const struct kvmp_plugin *p)
{
	int version = kvmp_ioctl_number(p->fd, KVM_GET_API_VERSION, 0);

	if (version < 0)
		return kvmp_error(p->instance.host, VR_E_UNSUPPORTED,
				  "%s is not the KVM device (%s); name it with -p kvm,device=/dev/kvm",
				  p->device, strerror(errno));
	if (version != KVM_API_VERSION)
		return kvmp_error(p->instance.host, VR_E_UNSUPPORTED,
				  "%s speaks version %d of the KVM API, and this is written for %d; another "
				  "kernel is needed",
				  p->device, version, KVM_API_VERSION);
	return VR_OK;
}

static int32_t check_capabilities(const struct kvmp_plugin *p, const struct kvmp_capability *c)
{
	for (; c->name; c++)
		if (!kvmp_extension(p->fd, c->number))
			return kvmp_error(p->instance.host, VR_E_UNSUPPORTED,
					  "%s: this kernel's KVM lacks %s (%s); a newer kernel has it",
					  p->device, c->name, c->what);
	return VR_OK;
}

static int32_t make_vm(struct kvmp_plugin *p)
{
	p->spare_vm = kvmp_ioctl_number(p->fd, KVM_CREATE_VM, 0);
	if (p->spare_vm >= 0)
		return VR_OK;
	switch (errno) {
	case EBUSY:
		return kvmp_error(
			p->instance.host, VR_E_BUSY,
			"%s: the processor's virtualisation is taken; end the other hypervisor (VirtualBox, "
			"VMware) that runs here",
			p->device);
	case ENOMEM:
		return kvmp_error(p->instance.host, VR_E_NOMEM, "%s: no memory for a virtual machine%s",
				  p->device, kvmp_remedy(ENOMEM));
	default:
		return kvmp_error(p->instance.host, VR_E_UNSUPPORTED,
				  "%s: a virtual machine can't be made (%s); is virtualisation switched on, "
				  "in the firmware "
				  "or, nested, in the hypervisor outside?",
				  p->device, strerror(errno));
	}
}

static bool flag(const struct kvmp_plugin *p, const struct vr_host_config *config, const char *name,
		 bool otherwise)
{
	uint64_t value = otherwise;

	if (VR_HAS(config, number))
		(void)config->number(p->instance.host, name, &value);
	return value != 0;
}

static int32_t read_options(struct kvmp_plugin *p)
{
	const struct vr_host_config *config = p->instance.host->query(p->instance.host, VR_CONFIG_ID);
	const char *device = VR_HAS(config, string) ? config->string(p->instance.host, "device") : NULL;
	const char *irqchip = VR_HAS(config, string) ? config->string(p->instance.host, "irqchip") : NULL;
	static const struct {
		const char *name;
		uint32_t kind;
	} kinds[] = {
		{"auto", KVMP_IRQCHIP_AUTO},
		{"none", VR_IRQCHIP_NONE},
		{"split", VR_IRQCHIP_SPLIT},
		{"full", VR_IRQCHIP_FULL},
	};

	if (!device)
		device = "/dev/kvm";
	if (strlen(device) >= sizeof(p->device))
		return kvmp_error(p->instance.host, VR_E_CONFIG, "option 'device': the path is too long");
	strcpy(p->device, device);
	p->no_notify = !flag(p, config, "notify", true);
	p->nested = flag(p, config, "nested", false);
	p->irqchip_option = KVMP_IRQCHIP_AUTO;
	if (!irqchip)
		return VR_OK;
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(irqchip, kinds[i].name) == 0) {
			p->irqchip_option = kinds[i].kind;
			return VR_OK;
		}
	}
	return kvmp_error(p->instance.host, VR_E_CONFIG,
			  "option 'irqchip': '%s' is not one of auto, none, split, full", irqchip);
}

int32_t kvmp_probe(struct kvmp_plugin *p)
{
	int32_t rc;

	if (p->probed)
		return VR_OK;
	rc = read_options(p);
	if (rc == VR_OK)
		rc = open_device(p);
	if (rc == VR_OK)
		rc = check_version(p);
	if (rc == VR_OK)
		rc = check_capabilities(p, required);
	if (rc == VR_OK)
		rc = check_capabilities(p, kvmp_arch_required);
	if (rc == VR_OK)
		rc = make_vm(p);
	if (rc == VR_OK) {
		p->probed = true;
	} else if (p->fd >= 0) {
		close(p->fd);
		p->fd = -1;
	}
	return rc;
}
