# SPDX-License-Identifier: MIT
# tools: the packages that building needs, and the test guests made from Debian's.
#
#   make deps              install what is missing (Debian)
#   make guest.img         the disk that `make run` boots; `rm guest.img` to make it afresh
#   make guest-installer   build/guest/di/linux and initrd.gz
#   make guest-update      read Debian's package index again: a newer point release

# The guests do not depend on how vmrun was built: always in build/, also with SAN=1.
GUEST := build/guest
GUEST_SH := tools/guest/common.sh tools/guest/apt.sh
CLEAN += guest.img

deps:
	$(Q)tools/deps.sh

$(GUEST)/vmlinuz: tools/guest/kernel.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/kernel.sh
$(GUEST)/Image: $(GUEST)/vmlinuz
	$(Q)touch $@

$(GUEST)/initrd.img: tools/guest/initrd.sh tools/guest/init tools/guest/applets $(GUEST)/vmlinuz
	$(Q)tools/guest/initrd.sh

$(GUEST)/root.stamp: tools/guest/rootfs.sh tools/guest/init tools/guest/applets tools/guest/packages $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/rootfs.sh
	$(Q)touch $@

guest.img: tools/guest/disk.sh $(GUEST)/root.stamp $(GUEST)/initrd.img $(GUEST)/vmlinuz
	$(Q)tools/guest/disk.sh $(CURDIR)/$@

guest-installer: $(GUEST)/di/linux $(GUEST)/di/initrd.gz
$(GUEST)/di/initrd.gz: tools/guest/installer.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/installer.sh
$(GUEST)/di/linux: $(GUEST)/di/initrd.gz
	$(Q)touch $@

guest-update: | deps
	$(Q)tools/guest/apt.sh update
	$(Q)rm -f $(GUEST)/vmlinuz $(GUEST)/root.stamp

# What a user sees first. RUN_ARGS: more options, or a command after "--".
run: deps
	$(Q)$(MAKE) --no-print-directory all guest.img
	$(Q)$(B)/bin/vmrun -p soft -p xlate-arm64-x86 $(RUN_ARGS) guest.img

.PHONY: deps guest-installer guest-update
