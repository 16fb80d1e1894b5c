# SPDX-License-Identifier: MIT
# The SDK as others get it: what of the kits is linked into their plugins, under names that can't clash with theirs.
#
#   libvmrun-board.a   the board kit; every name begins with vr_
#   libvmrun-xlate.a   the translation kit: IR, plugin entry and, one object each, every emitter and lifter. An emitter and a
#                      lifter are one table for others, <host>_emit and <guest>_isa: all other names become local.
#   libvmrun-fake-host.a  a fake host, for plugins' unit tests (sdk/fake_host)
#   vmrun-sdk.pc       for pkg-config; the one in build/lib/pkgconfig is for plugins beside this source tree
OBJCOPY ?= objcopy
SDK_LIBS := $(B)/lib/libvmrun-board.a $(B)/lib/libvmrun-xlate.a $(B)/lib/libvmrun-fake-host.a
SDK_PARTS := $(patsubst $(B)/lib/libxlate-%.a,$(B)/obj/sdk-parts/%.o,$(filter $(B)/lib/libxlate-emit-%.a $(B)/lib/libxlate-isa-%.a,$(ALL)))

$(SDK_PARTS): $(B)/obj/sdk-parts/%.o: $(B)/lib/libxlate-%.a
	@mkdir -p $(@D)
	@echo "  PART    $@"
	$(Q)$(CC) -r -nostdlib -o $@ -Wl,--whole-archive $<
	$(Q)$(OBJCOPY) -w --keep-global-symbol='*_emit' --keep-global-symbol='*_isa' $@

$(B)/lib/libvmrun-xlate.a: $(IR_OBJS) $(SDK_PARTS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(B)/lib/libvmrun-board.a: $(BOARD_KIT_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# $(call sdk_pc,prefix,libdir,includedir,kitdir,plugindir,sdklibdir,sdkdir,vmrun): vmrun-sdk.pc on standard output. Blanks and
# quotes in a path are behind backslashes there, as pkg-config wants them, and as the shell wants what pkg-config prints.
ABI_OF = $(shell sed -n 's/^.define VR_ABI_$(1) //p' sdk/include/vmrun/abi.h)
blank := $(subst x,,x x)
ABSOLUTE_B := $(if $(filter /%,$(B)),$(B),$(CURDIR)/$(B))
pc_path = $(subst ',\\'\'',$(subst $(blank),\\ ,$(subst &,\&,$(1))))
sdk_pc = sed -e 's|@prefix@|$(call pc_path,$(1))|;s|@libdir@|$(call pc_path,$(2))|;s|@includedir@|$(call pc_path,$(3))|' \
  -e 's|@kitdir@|$(call pc_path,$(4))|;s|@plugindir@|$(call pc_path,$(5))|;s|@patgen@|$(call pc_path,$(6))|' \
  -e 's|@tinydir@|$(call pc_path,$(7))|;s|@sdkdir@|$(call pc_path,$(8))|;s|@vmrun@|$(call pc_path,$(9))|' \
  -e 's|@version@|$(VERSION)|;s|@abi_major@|$(call ABI_OF,MAJOR)|;s|@abi_minor@|$(call ABI_OF,MINOR)|' sdk/vmrun-sdk.pc.in

# Looked at each time: the folder that this source is in may have another name now.
$(B)/lib/pkgconfig/vmrun-sdk.pc: sdk/vmrun-sdk.pc.in sdk/build.mk sdk/include/vmrun/abi.h FORCE
	@mkdir -p $(@D)
	$(Q)$(call sdk_pc,$(CURDIR),$(ABSOLUTE_B)/lib,$(CURDIR)/sdk/include,$(CURDIR)/sdk,$(ABSOLUTE_B)/plugins,$(CURDIR)/$(PATGEN),$(ABSOLUTE_B)/sdk/plugins,$(CURDIR)/sdk,$(ABSOLUTE_B)/bin/vmrun) >$@.new$(MAKE_PID)
	$(Q)cmp -s $@.new$(MAKE_PID) $@ && rm $@.new$(MAKE_PID) || mv $@.new$(MAKE_PID) $@

ALL += $(SDK_LIBS) $(B)/lib/pkgconfig/vmrun-sdk.pc
