# SPDX-License-Identifier: MIT
# kvm.so. What depends on the architecture ends in _x86.c or _arm64.c; the rest is for both.
KVM_ARCH := $(if $(filter aarch64%,$(shell $(CC) -dumpmachine 2>/dev/null)),arm64,x86)
KVM_OTHER := $(filter-out $(KVM_ARCH),x86 arm64)
KVM_OBJS := $(call objects,$(filter-out %_$(KVM_OTHER).c,$(sort $(wildcard plugins/kvm/*.c))))
KVM_LIBS := $(if $(filter x86,$(KVM_ARCH)),$(BOARD_KIT) -lZydis)
CPPFLAGS_plugins_kvm := -Isdk
$(eval $(call plugin,kvm,$(KVM_OBJS),-pthread $(KVM_LIBS),$(filter %.a,$(KVM_LIBS))))

# The same sources for arm64 hosts: compiled and linked, not run. Needs aarch64-linux-gnu-gcc.
KVM_ARM64_SRC := $(filter-out %_x86.c,$(sort $(wildcard plugins/kvm/*.c)))
KVM_ARM64_CC = $(or $(CROSS_ARM64),aarch64-linux-gnu-gcc) $(filter-out -MMD -MP,$(CPPFLAGS)) -Isdk $(filter-out -fsanitize=% $(HARDEN_HOST),$(CFLAGS)) \
  -mbranch-protection=standard
$(B)/obj/kvm-arm64/kvm.so: $(KVM_ARM64_SRC) $(wildcard plugins/kvm/*.h sdk/include/vmrun/*.h)
	@mkdir -p $(@D)
	@echo "  SO      $@"
	$(Q)$(KVM_ARM64_CC) -shared -Wl,-z,defs -o $@ $(KVM_ARM64_SRC)
