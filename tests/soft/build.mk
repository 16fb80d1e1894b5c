# SPDX-License-Identifier: MIT
# tests/soft: the software engine, with a fake architecture; NAME runs it interpreted, NAME-compiled by the x86 emitter,
# NAME-hot by that emitter quickly at first and well what is hot, NAME-refused by it but for some ops, which it refuses, NAME-short by that emitter for a host with short branches and an
# instruction cache that must be told.
CPPFLAGS_tests_soft := -Isdk -Isdk/xlate -Iplugins/soft

TEST_SOFT_TIERS := memory flush code copy evict smp induction points flags bytes space vector
TEST_SOFT_NAMES := complete optimize $(TEST_SOFT_TIERS)
TEST_SOFT := $(foreach t,$(TEST_SOFT_NAMES),$(B)/tests/test-soft-$(t))
TEST_SOFT_COMPILED := $(foreach t,$(TEST_SOFT_TIERS),$(B)/tests/test-soft-$(t)-compiled)
TEST_SOFT_HOT := $(B)/tests/test-soft-hot $(foreach t,$(TEST_SOFT_TIERS),$(B)/tests/test-soft-$(t)-hot)
TEST_SOFT_REFUSED := $(B)/tests/test-soft-refuse $(foreach t,$(TEST_SOFT_TIERS),$(B)/tests/test-soft-$(t)-refused)
TEST_SOFT_SHORT := $(B)/tests/test-soft-short $(foreach t,$(TEST_SOFT_TIERS),$(B)/tests/test-soft-$(t)-short)
TEST_SOFT_OBJS := $(call objects,$(foreach t,$(TEST_SOFT_NAMES),tests/soft/test_$(t).c)) $(call objects,tests/soft/test_refuse.c tests/soft/test_short.c tests/soft/test_hot.c)
TESTS += $(TEST_SOFT) $(TEST_SOFT_COMPILED) $(TEST_SOFT_HOT) $(TEST_SOFT_REFUSED) $(TEST_SOFT_SHORT)

TEST_SOFT_SUPPORT := $(call objects,tests/soft/fake_isa.c tests/soft/fake_bytes.c tests/soft/fake_machine.c tests/soft/fake_hot.c) $(SOFT_OBJS) $(FAKE_HOST) $(B)/lib/libxlate-ir.a
$(TEST_SOFT): $(B)/tests/test-soft-%: $(B)/obj/tests/soft/test_%.o $(call objects,tests/soft/fake_isa_tier0.c) $(TEST_SOFT_SUPPORT)
$(TEST_SOFT_COMPILED): $(B)/tests/test-soft-%-compiled: $(B)/obj/tests/soft/test_%.o $(call objects,tests/soft/fake_isa_tier1.c) \
	$(B)/lib/libxlate-emit-x86.a $(TEST_SOFT_SUPPORT)
$(TEST_SOFT_HOT): $(call objects,tests/soft/fake_isa_hot.c) $(B)/lib/libxlate-emit-x86.a $(TEST_SOFT_SUPPORT)
$(filter %-hot,$(filter-out %/test-soft-hot,$(TEST_SOFT_HOT))): $(B)/tests/test-soft-%-hot: $(B)/obj/tests/soft/test_%.o
$(B)/tests/test-soft-hot: $(call objects,tests/soft/test_hot.c)
$(TEST_SOFT_REFUSED): $(call objects,tests/soft/fake_isa_refusing.c) $(B)/lib/libxlate-emit-x86.a $(TEST_SOFT_SUPPORT)
$(filter %-refused,$(TEST_SOFT_REFUSED)): $(B)/tests/test-soft-%-refused: $(B)/obj/tests/soft/test_%.o
$(B)/tests/test-soft-refuse: $(call objects,tests/soft/test_refuse.c)
$(TEST_SOFT_SHORT): $(call objects,tests/soft/fake_isa_short.c tests/emit/short_host.c) $(B)/lib/libxlate-emit-x86.a $(TEST_SOFT_SUPPORT)
$(filter %-short,$(filter-out %/test-soft-short,$(TEST_SOFT_SHORT))): $(B)/tests/test-soft-%-short: $(B)/obj/tests/soft/test_%.o
$(B)/tests/test-soft-short: $(call objects,tests/soft/test_short.c)
$(TEST_SOFT) $(TEST_SOFT_COMPILED) $(TEST_SOFT_HOT) $(TEST_SOFT_REFUSED) $(TEST_SOFT_SHORT):
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm

# As on a host without a compare-and-swap of 16 bytes, interpreted.
TEST_SOFT_PLAIN16_OBJS := $(B)/obj/tests/soft/plain16/memory.o $(B)/obj/tests/soft/plain16/rmw.o $(B)/obj/tests/soft/plain16/cas16.o
$(TEST_SOFT_PLAIN16_OBJS): $(B)/obj/tests/soft/plain16/%.o: $(B)/obj/plugins/soft/%.o
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(call compile,plugins/soft/$*.c) -DSOFT_HAS_CAS16=0 -o $@ plugins/soft/$*.c
TESTS += $(B)/tests/test-soft-smp-plain16 $(B)/tests/test-soft-memory-plain16
$(B)/tests/test-soft-smp-plain16 $(B)/tests/test-soft-memory-plain16: $(B)/tests/test-soft-%-plain16: $(B)/obj/tests/soft/test_%.o \
	$(call objects,tests/soft/fake_isa_tier0.c) $(TEST_SOFT_PLAIN16_OBJS) $(filter-out %/memory.o %/rmw.o %/cas16.o,$(TEST_SOFT_SUPPORT))
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm

# Two machines in one process, with the guests and the emitter that vmrun has.
TESTS += $(B)/tests/test-soft-machines
$(B)/tests/test-soft-machines: $(call objects,tests/soft/test_machines.c) $(SOFT_OBJS) $(FAKE_HOST) $(B)/lib/libxlate-isa-arm64.a \
	$(B)/lib/libxlate-isa-riscv64.a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm
