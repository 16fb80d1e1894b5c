# SPDX-License-Identifier: MIT
# The examples, built against the source for their tests: build/examples/<id>.so with its manifest beside it. A third
# party uses the Makefile in each folder instead, with an installed SDK.
EXAMPLES_DIR := $(B)/examples

# $(call example,id,folder,libraries,flags): one library of one source, sdk/examples/<folder>/<id>.c
define example
EXAMPLES += $(EXAMPLES_DIR)/$(1).so $(EXAMPLES_DIR)/$(1).yaml
$(EXAMPLES_DIR)/$(1).so: $(call objects,sdk/examples/$(2)/$(1).c) $(3)
	@mkdir -p $$(@D)
	@echo "  SO      $$@"
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-z,defs -o $$@ $$^ $(4)
$(EXAMPLES_DIR)/$(1).yaml: sdk/examples/$(2)/$(1).yaml
	@mkdir -p $$(@D)
	$(Q)cp $$< $$@
endef
$(eval $(call example,trace-accel,trace-accel))
$(eval $(call example,serial-log,serial-log))
$(eval $(call example,file-drop,file-drop))
$(eval $(call example,sp805,sp805))
$(eval $(call example,sbsa-gwdt,sbsa-gwdt))
$(eval $(call example,ram-disk,ram-disk))
$(eval $(call example,board-teach,teach))
$(eval $(call example,xlate-teach,teach,$(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a,-lm))

EXAMPLES += $(EXAMPLES_DIR)/primes.teach
$(EXAMPLES_DIR)/%.teach: sdk/examples/teach/%.S sdk/examples/teach/teach.inc
	@mkdir -p $(@D)
	@echo "  AS      $@"
	$(Q)$(CC) -x assembler -c -Isdk/examples/teach -o $(@:.teach=.o) $<
	$(Q)objcopy -O binary -j .text $(@:.teach=.o) $@

examples: $(EXAMPLES)
.PHONY: examples
