# SPDX-License-Identifier: MIT
# The tiny machine's board and translator, made of the templates: build/sdk/plugins, where vmrun does not look by
# itself. A new plugin is tried with them before there is more.
TINY_PLUGINS := $(foreach p,tiny-board tiny-xlate,$(B)/sdk/plugins/$(p).so $(B)/sdk/plugins/$(p).yaml)
ALL += $(TINY_PLUGINS)

CPPFLAGS_sdk_template_board := -DPLUGIN_ID='"tiny-board"'
CPPFLAGS_sdk_template_translator := -DPLUGIN_ID='"tiny-xlate"'
# Not linked: the classes that need no help to be tried. Compiled as strictly as the rest.
CPPFLAGS_sdk_template_accel := -DPLUGIN_ID='"tiny-accel"'
CPPFLAGS_sdk_template_device := -DPLUGIN_ID='"tiny-device"'
CPPFLAGS_sdk_template_mmio-device := -DPLUGIN_ID='"tiny-mmio-device"'
ALL += $(call objects,$(foreach d,accel device mmio-device,sdk/template/$(d)/plugin.c) $(foreach d,common device mmio-device,sdk/template/$(d)/guest.c))

$(B)/gen/tiny_decode.h: $(PATGEN) sdk/template/translator/tiny.pat
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	$(Q)$(PATGEN) tiny sdk/template/translator/tiny.pat > $@

TINY_XLATE_LIBS := $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a
TINY_BOARD_OBJ := $(call objects,sdk/template/board/plugin.c)
TINY_XLATE_OBJ := $(call objects,sdk/template/translator/plugin.c)
$(TINY_XLATE_OBJ): | $(B)/gen/tiny_decode.h
$(B)/sdk/plugins/tiny-board.so: $(TINY_BOARD_OBJ) $(BOARD_KIT)
$(B)/sdk/plugins/tiny-xlate.so: $(TINY_XLATE_OBJ) $(TINY_XLATE_LIBS)
$(B)/sdk/plugins/%.so:
	@mkdir -p $(@D)
	@echo "  SO      $@"
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-z,defs -o $@ $^ -lm
$(B)/sdk/plugins/tiny-board.yaml: sdk/template/board/com.example.template.yaml
$(B)/sdk/plugins/tiny-xlate.yaml: sdk/template/translator/com.example.template.yaml
$(B)/sdk/plugins/%.yaml:
	@mkdir -p $(@D)
	$(Q)sed 's/com\.example\.template/$*/g' $< >$@
