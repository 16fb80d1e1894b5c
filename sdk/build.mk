# SPDX-License-Identifier: MIT
# The SDK as others get it: what of the kits is linked into their plugins, under names that can't clash with theirs.
#
#   libvmrun-board.a   the board kit; every name begins with vr_
#   libvmrun-xlate.a   the translation kit: IR, join and, one object each, every emitter and lifter. An emitter and a
#                      lifter are one table for others, <host>_emit and <guest>_isa: all other names become local.
#   libvmrun-double.a  the double of the host, for plugins' unit tests (sdk/validate)
#   vmrun-sdk.pc       for pkg-config; the one in build/lib/pkgconfig is for plugins beside this source tree
OBJCOPY ?= objcopy
SDK_LIBS := $(B)/lib/libvmrun-board.a $(B)/lib/libvmrun-xlate.a $(B)/lib/libvmrun-double.a
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

# $(call sdk_pc,prefix,libdir,includedir,kitdir,plugindir,sdklibdir,sdkdir,vmrun): vmrun-sdk.pc on standard output.
ABI_OF = $(shell sed -n 's/^.define VR_ABI_$(1) //p' sdk/include/vmrun/abi.h)
sdk_pc = sed -e 's|@prefix@|$(1)|;s|@libdir@|$(2)|;s|@includedir@|$(3)|;s|@kitdir@|$(4)|;s|@plugindir@|$(5)|' \
  -e 's|@patgen@|$(6)|;s|@tinydir@|$(7)|;s|@sdkdir@|$(8)|;s|@vmrun@|$(9)|' \
  -e 's|@version@|$(VERSION)|;s|@abi_major@|$(call ABI_OF,MAJOR)|;s|@abi_minor@|$(call ABI_OF,MINOR)|' sdk/vmrun-sdk.pc.in

$(B)/lib/pkgconfig/vmrun-sdk.pc: sdk/vmrun-sdk.pc.in sdk/build.mk sdk/include/vmrun/abi.h
	@mkdir -p $(@D)
	$(Q)$(call sdk_pc,$(CURDIR),$(abspath $(B))/lib,$(CURDIR)/sdk/include,$(CURDIR)/sdk,$(abspath $(B))/plugins,$(CURDIR)/$(PATGEN),$(abspath $(B))/sdk/plugins,$(CURDIR)/sdk,$(abspath $(B))/bin/vmrun) >$@

ALL += $(SDK_LIBS) $(B)/lib/pkgconfig/vmrun-sdk.pc
