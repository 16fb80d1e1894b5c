# SPDX-License-Identifier: MIT
# tests/refuse: guests whose emitter refuses some ops, through vmrun.
CPPFLAGS_tests_refuse := -Isdk -Isdk/xlate
REFUSE := $(B)/tests/refuse
REFUSE_LIBS := $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a

# $(call refuse,architecture,name of its vr_isa)
define refuse
$(REFUSE)/refuse-$(1).o: tests/refuse/plugin.c $(B)/flags
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CPPFLAGS_tests_refuse) $$(CFLAGS) -DREFUSE_ISA=$(2) '-DREFUSE_ID="refuse-$(1)"' -c -o $$@ $$<
$(REFUSE)/plugins/refuse-$(1).so: $(REFUSE)/refuse-$(1).o $(B)/lib/libxlate-isa-$(1).a $(REFUSE_LIBS)
	@mkdir -p $$(@D)
	@echo "  SO      $$@"
	$$(Q)$$(CC) $$(LDFLAGS) -shared -Wl,-z,defs -o $$@ $$^ -lm
	$$(Q)sed 's/xlate-$(1)-x86/refuse-$(1)/; s/^summary:.*/summary: refuses ops of the IR, for tests/' \
		plugins/xlate-$(1)-x86/xlate-$(1)-x86.yaml >$$(@:.so=.yaml)
TEST_NEEDS += $(REFUSE)/plugins/refuse-$(1).so
endef
$(eval $(call refuse,arm64,a64_isa))
$(eval $(call refuse,riscv64,rv_isa))
-include $(wildcard $(REFUSE)/*.d)
TESTS += tests/refuse/refuse.sh
