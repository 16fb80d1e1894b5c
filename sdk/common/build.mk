# SPDX-License-Identifier: MIT
# What vmrun and the validator share, so that they never disagree: manifests (their reader, where they are looked for and
# which plugin is preferred), architectures' names, libraries' files, errors' texts, what the sandbox is made of. The SDK installs none of it: vmrun-check
# is linked with it, and plugins are not.
CPPFLAGS_sdk_common := -Isdk
COMMON_OBJS := $(call objects,$(sort $(wildcard sdk/common/*.c)))
COMMON_LIB := $(B)/lib/libvmrun-common.a

# The keys of a manifest's `library` map are spelt as the compiler spells its target: "linux-x86_64".
COMMON_TARGET := $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null))
COMMON_OS := $(if $(findstring linux,$(COMMON_TARGET)),linux,$(if $(findstring darwin,$(COMMON_TARGET)),macos,unknown))
COMMON_ARCH := $(firstword $(COMMON_TARGET))
CFLAGS_sdk/common/arch.c := -DVR_BUILD_ARCH='"$(COMMON_ARCH)"' -DVR_BUILD_OS='"$(COMMON_OS)"'

# Made anew each time: a member whose source is gone must not stay.
$(COMMON_LIB): $(COMMON_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

ALL += $(COMMON_LIB)
