# SPDX-License-Identifier: MIT
# tests/validate: the validator against plugins with one fault each, and against all of our own.
VALIDATE_FAULTS := $(shell sed -n 's/^PLANT.\([a-z]*\), \([a-z0-9_]*\),.*/\1-\2/p' tests/validate/faults.def)
VALIDATE_CLASSES := $(sort $(foreach f,$(VALIDATE_FAULTS),$(firstword $(subst -, ,$(f)))))
VALIDATE_FAULTY := $(patsubst %,$(B)/tests/validate/%.so,$(VALIDATE_FAULTS) $(VALIDATE_CLASSES:%=%-none))

# What a class's plugin is linked with.
VALIDATE_LIBS_accel := $(filter-out %/plugin.o,$(SOFT_OBJS)) $(B)/lib/libxlate-ir.a
VALIDATE_LIBS_translator := $(B)/lib/libxlate-isa-riscv64.a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a

# faulty_<class>.c with one fault: build/tests/validate/<class>-<fault>.so and its manifest.
define faulty
$(B)/tests/validate/$(1)-%.so: tests/validate/faulty_$(1).c tests/validate/faulty_$(1).yaml tests/validate/faulty.h \
    tests/validate/faults.def tests/validate/exports $(VALIDATE_LIBS_$(1))
	@mkdir -p $$(@D)
	@echo "  FAULT   $$@"
	$(Q)$(CC) $(filter-out -MMD -MP,$(CPPFLAGS)) -Isdk -Isdk/xlate -Itests/validate -DTHE_FAULT=$$* -DTHE_FAULT_$$*=1 \
	  $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,now $$(if $$(filter exports_%,$$*),,-Wl,--version-script=tests/validate/exports) \
	  -o $$@ $$< $(VALIDATE_LIBS_$(1)) -lm
	$(Q)sed 's/LIBRARY/$$(@F)/g' tests/validate/faulty_$(1).yaml > $$(@:.so=.yaml)
	$(Q)case $$* in process_unasked) ;; process_*) echo 'helper: share' >> $$(@:.so=.yaml) ;; \
	  magic_minor) sed -i 's/minor: 0}/minor: 1}/' $$(@:.so=.yaml) ;; \
	  manifest_odd) sed -i 's/^priority:.*/priority: high/' $$(@:.so=.yaml) ;; \
	  class_revision) sed -i 's|vmrun.device/1|vmrun.device/2|' $$(@:.so=.yaml) ;; esac
endef
$(foreach c,$(VALIDATE_CLASSES),$(eval $(call faulty,$(c))))

# In place of the C library's syscall(): a kernel without seccomp, or without a part of it.
VALIDATE_NO_SECCOMP := $(B)/tests/validate/no-seccomp.so
$(VALIDATE_NO_SECCOMP): $(call objects,tests/validate/no_seccomp.c)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $< -ldl

$(B)/tests/test-validate: tests/validate/validate.sh tests/validate/faults.def | $(B)/bin/vmrun-check $(VALIDATE_FAULTY) $(VALIDATE_NO_SECCOMP) examples
	@mkdir -p $(@D)
	$(Q)cp $< $@ && chmod +x $@
TESTS += $(B)/tests/test-validate
