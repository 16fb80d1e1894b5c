# SPDX-License-Identifier: MIT
# tests/micro: guests of a few hundred instructions, run by the vmrun that was built, on every accelerator that is usable.
#
# guests/*.c are for every architecture, guests/<architecture>/ for that one; runtime/ is below both. guests/riscv64/machine/ begin in M-mode, on
# another start of the runtime.
MICRO := tests/micro
MICRO_ARCHES := x86_64 arm64 riscv64
MICRO_CC_x86_64 ?= x86_64-linux-gnu-gcc
MICRO_CC_arm64 ?= aarch64-linux-gnu-gcc
MICRO_CC_riscv64 ?= riscv64-linux-gnu-gcc
MICRO_CFLAGS_x86_64 := -mgeneral-regs-only -mno-red-zone -fcf-protection=none
MICRO_CFLAGS_arm64 := -mgeneral-regs-only -mno-outline-atomics
MICRO_CFLAGS_riscv64 := -march=rv64gc -mabi=lp64d -mcmodel=medany -mno-relax
# Loops stay loops: calls of memset in the middle of a vector test are of no use.
MICRO_CFLAGS := -std=gnu11 -O1 -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -fno-strict-aliasing
MICRO_GUESTS_COMMON := $(patsubst $(MICRO)/guests/%.c,%,$(wildcard $(MICRO)/guests/*.c))
MICRO_FILES :=
comma := ,

# $(call micro,architecture): its guests, as build/tests/micro/<architecture>/NAME
define micro
MICRO_OUT_$(1) := $$(B)/tests/micro/$(1)
MICRO_RUNTIME_$(1) := $$(addprefix $$(MICRO_OUT_$(1))/runtime/,start.o arch.o guest.o)
MICRO_NAMES_$(1) := $$(MICRO_GUESTS_COMMON) $$(basename $$(notdir $$(wildcard $(MICRO)/guests/$(1)/*.[cS] $(MICRO)/guests/$(1)/machine/*.c)))
MICRO_RUNTIME_MACHINE_$(1) := $$(if $$(wildcard $(MICRO)/runtime/$(1)/machine.c),$$(addprefix $$(MICRO_OUT_$(1))/runtime/,machine-start.o machine.o guest.o))
MICRO_FILES += $$(MICRO_NAMES_$(1):%=$$(MICRO_OUT_$(1))/%)
MICRO_COMPILE_$(1) = $$(MICRO_CC_$(1)) $$(MICRO_CFLAGS) $$(MICRO_CFLAGS_$(1)) -I$(MICRO)/runtime -I$(MICRO)/runtime/$(1) -c -o $$@ $$<
MICRO_LINK_$(1) = $$(MICRO_CC_$(1)) -nostdlib -static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments,-zmax-page-size=4096 \
	-T $(MICRO)/runtime/$(1)/link.ld
$$(MICRO_OUT_$(1))/runtime/%.o: $(MICRO)/runtime/$(1)/%.c $$(wildcard $(MICRO)/runtime/*.h $(MICRO)/runtime/$(1)/*.h)
	@mkdir -p $$(@D)
	$$(Q)$$(MICRO_COMPILE_$(1))
$$(MICRO_OUT_$(1))/runtime/%.o: $(MICRO)/runtime/$(1)/%.S $$(wildcard $(MICRO)/runtime/$(1)/*.[hS])
	@mkdir -p $$(@D)
	$$(Q)$$(MICRO_COMPILE_$(1))
$$(MICRO_OUT_$(1))/runtime/%.o: $(MICRO)/runtime/%.c $$(wildcard $(MICRO)/runtime/*.h $(MICRO)/runtime/$(1)/*.h)
	@mkdir -p $$(@D)
	$$(Q)$$(MICRO_COMPILE_$(1))
$$(MICRO_OUT_$(1))/%.o: $(MICRO)/guests/%.c $$(wildcard $(MICRO)/runtime/*.h $(MICRO)/runtime/$(1)/*.h)
	@mkdir -p $$(@D)
	$$(Q)$$(MICRO_COMPILE_$(1))
$$(MICRO_OUT_$(1))/%.o: $(MICRO)/guests/$(1)/%.c $$(wildcard $(MICRO)/runtime/*.h $(MICRO)/runtime/$(1)/*.h)
	@mkdir -p $$(@D)
	$$(Q)$$(MICRO_COMPILE_$(1))
$$(MICRO_OUT_$(1))/%.o: $(MICRO)/guests/$(1)/machine/%.c $$(wildcard $(MICRO)/runtime/*.h $(MICRO)/runtime/$(1)/*.h)
	@mkdir -p $$(@D)
	$$(Q)$$(MICRO_COMPILE_$(1))
$$(MICRO_OUT_$(1))/%.o: $(MICRO)/guests/$(1)/%.S $$(wildcard $(MICRO)/runtime/$(1)/*.[hS])
	@mkdir -p $$(@D)
	$$(Q)$$(MICRO_COMPILE_$(1))
# A guest in assembly begins by itself; those in C begin in the runtime. Boards for arm64 and riscv64 take a flat Image; what begins in M-mode lies
# where RAM begins.
$$(MICRO_NAMES_$(1):%=$$(MICRO_OUT_$(1))/%): $$(MICRO_OUT_$(1))/%: $$(MICRO_OUT_$(1))/%.o $$(MICRO_RUNTIME_$(1)) $$(MICRO_RUNTIME_MACHINE_$(1)) $(MICRO)/runtime/$(1)/link.ld
	@echo "  GUEST   $$@"
	$$(Q)$$(MICRO_LINK_$(1)) -o $$@.elf $$< $$(if $$(wildcard $(MICRO)/guests/$(1)/$$*.S),,$$(if \
		$$(wildcard $(MICRO)/guests/$(1)/machine/$$*.c),-Wl$$(comma)--defsym=machine=1 $$(MICRO_RUNTIME_MACHINE_$(1)),$$(MICRO_RUNTIME_$(1))))
	$$(Q)$$(if $$(filter x86_64,$(1)),cp $$@.elf $$@,$$(MICRO_CC_$(1):gcc=objcopy) -O binary $$@.elf $$@)
endef
$(foreach a,$(MICRO_ARCHES),$(eval $(call micro,$(a))))

# $(call micro_guest,architecture,file,source): another test's guest, made of the runtime.
define micro_guest
$(2): $(3) $$(wildcard $(MICRO)/runtime/*.h $(MICRO)/runtime/$(1)/*.h) $$(MICRO_RUNTIME_$(1)) $(MICRO)/runtime/$(1)/link.ld
	@mkdir -p $$(@D)
	@echo "  GUEST   $$@"
	$$(Q)$$(MICRO_CC_$(1)) $$(MICRO_CFLAGS) $$(MICRO_CFLAGS_$(1)) -I$(MICRO)/runtime -I$(MICRO)/runtime/$(1) -c -o $$@.o $$<
	$$(Q)$$(MICRO_LINK_$(1)) -o $$@.elf $$@.o $$(MICRO_RUNTIME_$(1))
	$$(Q)$$(if $$(filter x86_64,$(1)),cp $$@.elf $$@,$$(MICRO_CC_$(1):gcc=objcopy) -O binary $$@.elf $$@)
endef

TESTS += tests/micro/micro.sh tests/micro/files.sh tests/micro/names.sh tests/micro/announced.sh
TEST_NEEDS += $(MICRO_FILES) $(B)/tests/guest/json
micro-guests: $(MICRO_FILES)
.PHONY: micro-guests
