/* SPDX-License-Identifier: MIT */
/* vm.h: micro-guests: make a machine, put a guest into it, run it, look. */
#ifndef KVMP_VM_H
#define KVMP_VM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/plugin.h>
#include <vmrun/state_x86.h>

#include "vm_host.h"

/* ---- tests ----------------------------------------------------------------------------------- */
/* A test returns these. */
#define PASS 0
#define FAIL 1
#define SKIP 2
struct test_case {
	const char *name;
	int (*run)(void);
};
/* Runs them all; the program's exit status. */
int test_main(const struct test_case *tests, size_t n);
__attribute__((format(printf, 1, 2))) int test_fail(const char *format, ...);
__attribute__((format(printf, 1, 2))) int test_skip(const char *format, ...);
#define CHECK(condition, ...)                                                    \
	do {                                                                     \
		if (!(condition)) {                                              \
			printf("  %s:%d: %s: ", __FILE__, __LINE__, #condition); \
			result = test_fail(__VA_ARGS__);                         \
			goto out;                                                \
		}                                                                \
	} while (0)
/* Leaves the test with this result unless it is PASS. */
#define TRY(expression)                \
	do {                           \
		result = (expression); \
		if (result != PASS)    \
			goto out;      \
	} while (0)

/* ---- what the KVM at hand does ------------------------------------------------------------------ */
const char *test_fact(const char *name); /* "" when it is not known */
/* Seconds that what takes milliseconds may take: 5, times VMRUN_SLOW of the environment. */
uint32_t test_patience(void);
bool test_native(void); /* kernel mode runs on the processor */
/* NULL, or why there is no KVM here. */
const char *test_no_kvm(void);

/* ---- machines ------------------------------------------------------------------------------------- */
#define GUEST(name) extern const uint8_t guest_##name[], guest_##name##_end[];
#include "guests.def"
#undef GUEST
#define GUEST_OF(name) guest_##name, (size_t)(guest_##name##_end - guest_##name)

#define MODE_REAL 0
#define MODE_PROTECTED 1
#define MODE_LONG 2
#define MODE_USER 3 /* 64-bit, CPL 3, IOPL 3 */

/* A machine with n vCPUs, made by this thread; the guest is loaded and vCPU 0 stands before it in `mode`. */
int test_open(struct test_vm *k, uint32_t vcpus, const char *irqchip, const uint8_t *guest, size_t size,
	      uint32_t mode);
void test_close(struct test_vm *k);
/* Its parts, for a test that needs another order. */
int test_start(struct test_vm *k, uint32_t vcpus, const char *irqchip);
int test_vcpu(struct test_vm *k, uint32_t index);
void test_load(struct test_vm *k, const uint8_t *guest, size_t size);
int test_enter(struct test_vm *k, uint32_t vcpu, uint32_t mode);
void test_tables(struct test_vm *k);                    /* descriptors and page tables */
void test_entry(struct vr_state_x86 *s, uint32_t mode); /* changes a power-on state */

int test_get(struct test_vm *k, uint32_t vcpu, struct vr_state_x86 *s);
int test_set(struct test_vm *k, uint32_t vcpu, const struct vr_state_x86 *s);
/* Runs vCPU 0 on this thread until the guest ends, stops, powers off, or for test_patience(). PASS unless it failed
 * or hung; what the KVM at hand can't emulate is skipped. */
int test_run(struct test_vm *k);
/* And it must end with this result. */
int test_expect(struct test_vm *k, uint32_t result);
uint64_t test_u64(const struct test_vm *k, uint32_t offset); /* at OUT_AREA + offset */
uint32_t test_u32(const struct test_vm *k, uint32_t offset);

#endif
