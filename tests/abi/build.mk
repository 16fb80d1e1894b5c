# SPDX-License-Identifier: MIT
# tests/abi: the binary interface does not change under plugins that use it.
#
#   make abi-update             the headers grew, and that is meant: note it
#   tests/abi/make-release.sh   when a minor is released: keep what its users have
TESTS += tests/abi/compat.sh tests/abi/emitters.sh tests/abi/compilers.sh
TEST_NEEDS += $(B)/tests/abi/micro.img $(EXAMPLES)

$(B)/tests/abi/micro.img: tests/abi/micro.S
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc -c -o $(@:.img=.o) $<
	$(Q)aarch64-linux-gnu-objcopy -O binary -j .text $(@:.img=.o) $@

abi-update:
	$(Q)tests/abi/abi.sh golden tests/abi
# A commit that changes a header makes the references again: it then shows what it does to the records.
doc: abi-update
.PHONY: abi-update
