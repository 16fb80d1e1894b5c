/* SPDX-License-Identifier: MIT */
/*
 * log.c: `vmrun -d int`: the interrupts that are injected here, and KVM's exits.
 *
 * The processor, or KVM, takes exceptions, and the interrupts of KVM's own controllers, without telling; the
 * user hears of that once.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <vmrun/debuglog.h>

#include "kvm.h"

#define TEXT 192

static const char *exit_name(uint32_t reason)
{
	static const char *const names[] = {
		[KVM_EXIT_UNKNOWN] = "unknown",
		[KVM_EXIT_IO] = "port",
		[KVM_EXIT_HYPERCALL] = "hypercall",
		[KVM_EXIT_DEBUG] = "debug",
		[KVM_EXIT_HLT] = "HLT",
		[KVM_EXIT_MMIO] = "MMIO",
		[KVM_EXIT_IRQ_WINDOW_OPEN] = "interrupt window",
		[KVM_EXIT_SHUTDOWN] = "triple fault",
		[KVM_EXIT_FAIL_ENTRY] = "entry failure",
		[KVM_EXIT_INTR] = "signal",
		[KVM_EXIT_SET_TPR] = "task priority",
		[KVM_EXIT_INTERNAL_ERROR] = "internal error",
		[KVM_EXIT_SYSTEM_EVENT] = "system event",
		[KVM_EXIT_IOAPIC_EOI] = "end of interrupt",
		[KVM_EXIT_X86_RDMSR] = "RDMSR",
		[KVM_EXIT_X86_WRMSR] = "WRMSR",
	};

	return reason < sizeof(names) / sizeof(names[0]) && names[reason] ? names[reason] : "other";
}

void kvmp_intlog_open(struct kvmp_vm *vm)
{
	const struct vr_host_debuglog *table = vm->host->query(vm->host, VR_DEBUGLOG_ID);

	if (!VR_HAS(table, write) || !(table->items(vm->host, 1u << VR_DEBUGLOG_INT) >> VR_DEBUGLOG_INT & 1))
		return;
	vm->intlog = table;
	kvmp_log(vm->host, VR_LOG_WARN,
		 "-d int: KVM tells of no exception, and of no interrupt of its own controllers; the log has "
		 "the interrupts that vmrun injects, and KVM's exits");
}

void kvmp_intlog(const struct kvmp_vcpu *v, const char *format, ...)
{
	const struct kvmp_vm *vm = v->vm;
	char text[TEXT];
	uint64_t pc = 0;
	va_list ap;
	int n;

	if (kvmp_arch_pc(v, &pc) < 0 || !vm->intlog->wanted(vm->host, VR_DEBUGLOG_INT, pc, pc))
		return;
	n = snprintf(text, sizeof(text), "cpu%u 0x%" PRIx64 " ", v->index, pc);
	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	vm->intlog->write(vm->host, VR_DEBUGLOG_INT, text);
}

void kvmp_intlog_exit(const struct kvmp_vcpu *v)
{
	const struct kvm_run *r = v->run;
	const char *name = exit_name(r->exit_reason);

	switch (r->exit_reason) {
	case KVM_EXIT_IO:
		kvmp_intlog(v, "exit %u, %s 0x%x %s %u", r->exit_reason, name, r->io.port,
			    r->io.direction == KVM_EXIT_IO_OUT ? "write" : "read", r->io.size);
		break;
	case KVM_EXIT_MMIO:
		kvmp_intlog(v, "exit %u, %s 0x%llx %s %u", r->exit_reason, name,
			    (unsigned long long)r->mmio.phys_addr, r->mmio.is_write ? "write" : "read",
			    r->mmio.len);
		break;
	default:
		kvmp_intlog(v, "exit %u, %s", r->exit_reason, name);
	}
}
