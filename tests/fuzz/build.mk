# SPDX-License-Identifier: MIT
# tests/fuzz: libFuzzer programs for whatever reads a file that a user was given. Needs clang.
#
#   make fuzz FUZZ_SECONDS=600 [FUZZ="gpt fat bls unpack elf fdt_arm64 fdt_riscv64"]
#
# Inputs that found something new stay in build/fuzz/corpus/; a crash is left in build/fuzz/ and fails the target.

FUZZ_SECONDS ?= 60
FUZZ ?= gpt fat bls unpack elf fdt_arm64 fdt_riscv64
FUZZ_CC ?= clang
FUZZ_SEEDED := bls fat gpt unpack # seeds.c writes all of these
FUZZ_DIR := $(B)/fuzz
FUZZ_SRC := $(wildcard core/boot/*.c) $(addprefix sdk/common/,elf.c error.c file.c) core/util/log.c
FUZZ_FLAGS := -std=gnu11 -O1 -g -Icore -Isdk -fno-sanitize-recover=all -fno-omit-frame-pointer

$(FUZZ_DIR)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_SRC) $(wildcard core/boot/*.h)
	@mkdir -p $(@D)
	@echo "  FUZZ    $@"
	$(Q)$(FUZZ_CC) $(CPPFLAGS) -MF $@.d $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ_SRC) -lz -ldl

# A board's device tree, and what it is written with.
FUZZ_FDT_arm64 := board-virt
FUZZ_FDT_riscv64 := board-virt-riscv64
FUZZ_VCPUS_arm64 := A64_MAX_VCPUS
FUZZ_VCPUS_riscv64 := RV_MAX_VCPUS
$(FUZZ_DIR)/fuzz_fdt_%: tests/fuzz/fuzz_fdt.c $(wildcard sdk/board/*.[ch]) $(wildcard plugins/board-virt*/*.[ch])
	@mkdir -p $(@D)
	@echo "  FUZZ    $@"
	$(Q)$(FUZZ_CC) $(CPPFLAGS) -I. -DBOARD_FDT_H='"plugins/$(FUZZ_FDT_$*)/fdt.h"' -DBOARD_MAP_H='"plugins/$(FUZZ_FDT_$*)/map.h"' \
	  -DBOARD_VCPUS=$(FUZZ_VCPUS_$*) -MF $@.d $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $@ $< \
	  $(wildcard sdk/board/*.c) $(addprefix plugins/$(FUZZ_FDT_$*)/,fdt.c map.c) -lfdt

$(FUZZ_DIR)/seeds: tests/fuzz/seeds.c tests/boot/image.c tests/boot/image.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARN) -o $@ $(filter %.c,$^) -lz

fuzz: $(FUZZ:%=$(FUZZ_DIR)/fuzz_%) $(FUZZ_DIR)/seeds $(TEST_CORE_FAULTY)
	@mkdir -p $(addprefix $(FUZZ_DIR)/corpus/,$(FUZZ) $(FUZZ_SEEDED))
	$(Q)$(FUZZ_DIR)/seeds $(FUZZ_DIR)/corpus
	$(Q)[ ! -d $(FUZZ_DIR)/corpus/elf ] || for f in good no_magic; do \
	  objcopy --strip-all $(B)/tests/faulty/$$f.so $(FUZZ_DIR)/corpus/elf/$$f || exit 1; done
	$(Q)for f in $(FUZZ); do \
	  echo "  RUN     fuzz_$$f, $(FUZZ_SECONDS) s"; \
	  $(FUZZ_DIR)/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) -max_len=131072 -timeout=20 -rss_limit_mb=2048 -verbosity=0 \
	    -print_final_stats=1 -artifact_prefix=$(FUZZ_DIR)/ $(FUZZ_DIR)/corpus/$$f >$(FUZZ_DIR)/$$f.log 2>&1 || \
	    { tail -n 60 $(FUZZ_DIR)/$$f.log; exit 1; }; \
	  grep -E 'number_of_executed_units' $(FUZZ_DIR)/$$f.log; \
	done

.PHONY: fuzz
