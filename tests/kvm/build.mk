# SPDX-License-Identifier: MIT
# tests/kvm: micro-guests on kvm.so's objects, in one process with a fake host.
ifeq ($(KVM_ARCH),x86)
KVM_TEST_NAMES := probe guests state notify cpuid irqchip debug
KVM_TESTS := $(KVM_TEST_NAMES:%=$(B)/tests/test-kvm-%)
TESTS += $(KVM_TESTS)
CPPFLAGS_tests_kvm := -Itests/kvm -Isdk
KVM_TEST_VM := $(call objects,tests/kvm/vm_host.c tests/kvm/vm.c tests/kvm/entry.c)
KVM_TEST_OBJS := $(call objects,$(KVM_TEST_NAMES:%=tests/kvm/test_%.c))
KVM_GUESTS := $(patsubst GUEST(%),%,$(shell grep -o '^GUEST([a-z0-9]*)' tests/kvm/guests.def))
KVM_BLOBS := $(KVM_GUESTS:%=$(B)/tests/kvm/%.bin)

$(B)/tests/kvm/%.bin: tests/kvm/guests/%.S tests/kvm/guests/macros.S tests/kvm/guests/state.S tests/kvm/layout.h
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(CC) -c -Itests/kvm/guests -o $(@:.bin=.o) $<
	$(Q)$(LD) -m elf_x86_64 --oformat binary -e 0 -Ttext $(if $(filter ap,$*),0x4000,0x1000) -o $@ $(@:.bin=.o)
$(B)/tests/kvm/blobs.o: tests/kvm/blobs.S tests/kvm/guests.def $(KVM_BLOBS)
	$(Q)$(CC) -c -Itests/kvm -Wa,-I$(B)/tests/kvm -o $@ $<

# Faults are injected between the plugin and the kernel.
$(KVM_TESTS): $(B)/tests/test-kvm-%: $(B)/obj/tests/kvm/test_%.o $(KVM_TEST_VM) $(KVM_OBJS) $(B)/tests/kvm/blobs.o $(filter %.a,$(KVM_LIBS))
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -Wl,--wrap=ioctl,--wrap=open,--wrap=mmap -o $@ $^ $(KVM_LIBS)

# Whole machines: a guest on tests/micro/runtime, and faults put between vmrun and the kernel.
$(B)/tests/kvm/disk.o: tests/kvm/machine/disk.c $(wildcard tests/micro/runtime/*.h tests/micro/runtime/x86_64/*.h)
	@mkdir -p $(@D)
	$(Q)$(MICRO_COMPILE_x86_64)
$(B)/tests/kvm/disk.elf: $(B)/tests/kvm/disk.o $(addprefix $(B)/tests/micro/x86_64/runtime/,start.o arch.o guest.o) tests/micro/runtime/x86_64/link.ld
	@echo "  GUEST   $@"
	$(Q)$(MICRO_LINK_x86_64) -o $@ $(filter %.o,$^)

$(B)/tests/kvm/fault.so: tests/kvm/machine/fault.c
	@mkdir -p $(@D)
	@echo "  SO      $@"
	$(Q)$(CC) $(filter-out -MMD -MP,$(CPPFLAGS)) -std=gnu11 -O2 -fPIC $(WARN) -shared -o $@ $< -ldl
TESTS += tests/kvm/kvm-machine.sh
TEST_NEEDS += $(B)/tests/kvm/disk.elf $(B)/tests/kvm/fault.so

# With the pc board's controllers beside the kernel's.
$(B)/tests/test-kvm-irqchip: $(call objects,$(filter-out %/plugin.c,$(BOARD_PC_SRC))) $(FAKE_HOST_TEST)

# arm64: the whole plugin links; its state code runs under qemu-aarch64 against a fake register file.
TESTS += $(B)/tests/test-kvm-arm64
$(B)/tests/kvm/arm64-state: tests/kvm/arm64_state.c plugins/kvm/state_arm64.c $(B)/obj/kvm-arm64/kvm.so
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(KVM_ARM64_CC) -static -Iplugins/kvm -o $@ $(filter %.c,$^)
$(B)/tests/test-kvm-arm64: $(B)/tests/kvm/arm64-state
	@mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec qemu-aarch64 "$$(dirname "$$0")/kvm/arm64-state"\n' >$@ && chmod +x $@
endif
