# SPDX-License-Identifier: MIT
# tests/fuzz: libFuzzer programs for what reads a file that a user was given, and for what a guest controls. Needs clang.
#
#   make fuzz FUZZ_SECONDS=600 FUZZ='gpt lift_arm64'
#
# Inputs that found something new stay in build/fuzz/corpus/; a crash is left in build/fuzz/ and fails the target.

FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
FUZZ_DIR := $(B)/fuzz
FUZZ_FLAGS := -std=gnu11 -O1 -g -pthread -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJS :=
FUZZERS :=

# The sources of these objects, as objects with a fuzzer's instrumentation.
fuzz_objects = $(patsubst $(B)/obj/%,$(FUZZ_DIR)/obj/%,$(1:%.c=$(FUZZ_DIR)/obj/%.o))

# $(call fuzzer,name,harness,sources or objects,flags,libraries): fuzz_name out of tests/fuzz/fuzz_harness.c.
define fuzzer
FUZZERS += $(1)
FUZZ_OBJS += $(FUZZ_DIR)/obj/fuzz_$(1).o $(call fuzz_objects,$(3))
$(FUZZ_DIR)/obj/fuzz_$(1).o: tests/fuzz/fuzz_$(2).c tests/fuzz/build.mk
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC) $$(CPPFLAGS) -Icore -Isdk -Isdk/xlate -I. $$(FUZZ_FLAGS) $$(WARN) -fsanitize=fuzzer-no-link,address,undefined $(4) -c -o $$@ $$<
$(FUZZ_DIR)/fuzz_$(1): $(FUZZ_DIR)/obj/fuzz_$(1).o $(call fuzz_objects,$(3))
	@echo "  FUZZ    $$@"
	$$(Q)$$(FUZZ_CC) $$(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $$@ $$^ $(5)
endef

FUZZ_UTIL := $(addprefix sdk/common/,error.c file.c) core/util/log.c
FUZZ_BOOT := $(wildcard core/boot/*.c) $(FUZZ_UTIL)
FUZZ_FAKE_HOST := $(wildcard sdk/fake_host/*.c) $(addprefix tests/fake_host/,fake.c maker.c)
FUZZ_BOARD := $(BOARD_KIT_OBJS) $(FUZZ_FAKE_HOST)
FUZZ_CORE := $(wildcard sdk/common/*.c core/util/*.c core/plugin/*.c) $(addprefix core/cli/,options.c machine_file.c resolve.c)
FUZZ_ENGINE := $(addprefix tests/diff/,engine.c generate.c unit.c machine.c) $(wildcard sdk/fake_host/*.c) $(SOFT_OBJS) $(X86_EMIT_OBJS) $(IR_OBJS)
# The engine's optimiser tells the harness of each pass.
FUZZ_PASSES := -Wl,--wrap=soft_optimize_logged,--wrap=soft_log_pass -lm

$(eval $(call fuzzer,gpt,gpt,$(FUZZ_BOOT),,-lz -ldl))
$(eval $(call fuzzer,fat,fat,$(FUZZ_BOOT),,-lz -ldl))
$(eval $(call fuzzer,bls,bls,$(FUZZ_BOOT),,-lz -ldl))
$(eval $(call fuzzer,unpack,unpack,$(FUZZ_BOOT),,-lz -ldl))
$(eval $(call fuzzer,elf,elf,sdk/common/elf.c $(FUZZ_UTIL)))
$(eval $(call fuzzer,core_manifest,core_manifest,$(FUZZ_CORE),,$(CORE_LIBS)))
$(eval $(call fuzzer,core_cli,core_cli,$(FUZZ_CORE),,$(CORE_LIBS)))
# What else of the core these call is as it is in vmrun.
$(FUZZ_DIR)/fuzz_core_manifest $(FUZZ_DIR)/fuzz_core_cli: $(LIBVMRUN)
$(eval $(call fuzzer,fdt_arm64,fdt,$(BOARD_KIT_OBJS) $(addprefix plugins/board-virt/,fdt.c map.c),\
  -DBOARD_FDT_H='"plugins/board-virt/fdt.h"' -DBOARD_MAP_H='"plugins/board-virt/map.h"' -DBOARD_VCPUS=A64_MAX_VCPUS,-lfdt))
$(eval $(call fuzzer,fdt_riscv64,fdt,$(BOARD_KIT_OBJS) $(addprefix plugins/board-virt-riscv64/,fdt.c map.c),\
  -DBOARD_FDT_H='"plugins/board-virt-riscv64/fdt.h"' -DBOARD_MAP_H='"plugins/board-virt-riscv64/map.h"' -DBOARD_VCPUS=RV_MAX_VCPUS,-lfdt))
$(eval $(call fuzzer,lift_arm64,lift,tests/diff/arm64.c $(a64_OBJS) $(FUZZ_ENGINE),,$(FUZZ_PASSES)))
$(eval $(call fuzzer,lift_riscv64,lift,tests/diff/riscv64.c $(rv_OBJS) $(FUZZ_ENGINE),,$(FUZZ_PASSES)))
$(eval $(call fuzzer,kernel_pc,kernel,$(BOARD_PC_OBJS) $(FUZZ_BOARD),-DBOARD_ID='"board-pc"' -DBOARD_ARCH='"x86_64"',-lfdt))
$(eval $(call fuzzer,kernel_arm64,kernel,$(BOARD_VIRT_OBJS) $(FUZZ_BOARD),-DBOARD_ID='"board-virt"' -DBOARD_ARCH='"arm64"',-lfdt))
$(eval $(call fuzzer,kernel_riscv64,kernel,$(BOARD_RISCV64_OBJS) $(FUZZ_BOARD),\
  -DBOARD_ID='"board-virt-riscv64"' -DBOARD_ARCH='"riscv64"',-lfdt))
$(eval $(call fuzzer,virtio,virtio,tests/virtio/driver.c $(VIRTIO_OBJS) $(VIRTIO_KIT_OBJS) $(FUZZ_FAKE_HOST)))
$(eval $(call fuzzer,walk_arm64,walk_arm64,tests/sys/fake.c $(a64_OBJS) $(IR_OBJS),,-lm))
$(eval $(call fuzzer,walk_riscv64,walk_riscv64,tests/riscv64/fake.c $(rv_OBJS) $(IR_OBJS),,-lm))

$(FUZZ_DIR)/obj/%.o: %.c tests/fuzz/build.mk | $(B)/gen/a64_decode.h $(B)/gen/rv_decode.h
	@mkdir -p $(@D)
	@echo "  CC      $< for a fuzzer"
	$(Q)$(FUZZ_CC) $(call preprocess,$<) $(FUZZ_FLAGS) $(CFLAGS_$<) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<
-include $(FUZZ_OBJS:.o=.d)

$(FUZZ_DIR)/seeds: tests/fuzz/seeds.c tests/boot/image.c tests/boot/image.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -o $@ $(filter %.c,$^) -lz

FUZZ ?= $(FUZZERS)
fuzz-programs: $(FUZZ:%=$(FUZZ_DIR)/fuzz_%) $(FUZZ_DIR)/seeds $(TEST_CORE_FAULTY)
fuzz: fuzz-programs
	$(Q)VR_B=$(B) FUZZ='$(FUZZ)' FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/fuzz.sh

FULL_TESTS += tests/fuzz/fuzz.sh
FULL_TEST_NEEDS += fuzz-programs
.PHONY: fuzz fuzz-programs
