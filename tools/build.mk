# SPDX-License-Identifier: MIT
# tools: the packages that building needs, and the test guests made from Debian's.
#
#   make deps              install what is missing (Debian)
#   make guest.img         the disk that `make run` boots; `rm guest.img` to make it afresh
#   make guest-installer   build/guest/di/linux and initrd.gz
#   make guest-riscv64     build/guest-riscv64/: Image, initrd.img and firmware/ (OpenSBI, U-Boot); guest.img there: a disk
#   make guest-x86_64      build/guest-x86_64/: vmlinuz, vmlinux (the same, unpacked), initrd.img
#   make doc               sdk/doc/interfaces.md and ir.md, out of the headers
#   make guest-update      read Debian's package index again: a newer point release

# The guests do not depend on how vmrun was built: always in build/, also with SAN=1.
GUEST := build/guest
GUEST_SH := tools/guest/common.sh tools/guest/apt.sh tools/apt_state.sh
CLEAN += guest.img

deps:
	$(Q)tools/deps.sh

doc:
	$(Q)tools/doc/reference.sh sdk/doc

$(GUEST)/vmlinuz: tools/guest/kernel.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/kernel.sh
$(GUEST)/Image: $(GUEST)/vmlinuz
	$(Q)touch $@

$(GUEST)/initrd.img: tools/guest/initrd.sh tools/guest/init tools/guest/power tools/guest/applets $(GUEST)/vmlinuz
	$(Q)tools/guest/initrd.sh

$(GUEST)/root.stamp: tools/guest/rootfs.sh tools/guest/init tools/guest/power tools/guest/applets tools/guest/packages $(GUEST)/vmlinuz $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/rootfs.sh
	$(Q)touch $@

guest.img: tools/guest/disk.sh $(GUEST)/root.stamp $(GUEST)/initrd.img $(GUEST)/vmlinuz
	$(Q)tools/guest/disk.sh "$$PWD/$@"

guest-installer: $(GUEST)/di/linux $(GUEST)/di/initrd.gz
$(GUEST)/di/initrd.gz: tools/guest/installer.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/installer.sh
$(GUEST)/di/linux: $(GUEST)/di/initrd.gz
	$(Q)touch $@

# The riscv64 guest, of Debian 13: kernel, initrd and firmware.
GUEST_RV := build/guest-riscv64
guest-riscv64: $(GUEST_RV)/Image $(GUEST_RV)/initrd.img $(GUEST_RV)/firmware.stamp
$(GUEST_RV)/Image: tools/guest/kernel.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)GUEST_ARCH=riscv64 tools/guest/kernel.sh
$(GUEST_RV)/initrd.img: tools/guest/initrd.sh tools/guest/init tools/guest/power tools/guest/applets $(GUEST_RV)/Image
	$(Q)GUEST_ARCH=riscv64 tools/guest/initrd.sh
$(GUEST_RV)/firmware.stamp: tools/guest/firmware.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/firmware.sh
	$(Q)touch $@

$(GUEST_RV)/root.stamp: tools/guest/rootfs.sh tools/guest/init tools/guest/power tools/guest/applets tools/guest/packages $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)GUEST_ARCH=riscv64 tools/guest/rootfs.sh
	$(Q)touch $@
$(GUEST_RV)/guest.img: tools/guest/disk.sh $(GUEST_RV)/root.stamp $(GUEST_RV)/initrd.img $(GUEST_RV)/Image
	$(Q)GUEST_ARCH=riscv64 tools/guest/disk.sh "$$PWD/$@"

# The images of configs/ci: the guests' kernels and initrds with a root that has a compiler.
ci_root = ROOT=build/ci/$(1) PACKAGES=configs/ci/packages GUEST_ARCH=$(1) tools/guest/rootfs.sh && \
  ROOT=build/ci/$(1) GUEST_ARCH=$(1) tools/guest/disk.sh "$$PWD/$@" && rm -rf build/ci/$(1)
CI_FROM := configs/ci/packages tools/guest/rootfs.sh tools/guest/disk.sh tools/guest/init tools/guest/power tools/guest/applets $(GUEST_SH)
build/ci/arm64.img: $(CI_FROM) $(GUEST)/vmlinuz $(GUEST)/initrd.img
	@mkdir -p $(@D)
	$(Q)$(call ci_root,arm64)
build/ci/riscv64.img: $(CI_FROM) $(GUEST_RV)/Image $(GUEST_RV)/initrd.img
	@mkdir -p $(@D)
	$(Q)$(call ci_root,riscv64)

# A stock Debian with systemd: tests/guest/guest-systemd.sh.
$(GUEST)/systemd/disk.img: tools/guest/debian.sh $(GUEST_SH) | $(B)/bin/vmrun $(GUEST)/Image $(GUEST)/initrd.img
	$(Q)VMRUN="$(abspath $(B))/bin/vmrun" tools/guest/debian.sh

# A kernel and its debug symbols: tests/guest/gdb-full.sh.
$(GUEST)/debug/vmlinux: tools/guest/kernel-debug.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)tools/guest/kernel-debug.sh

# The x86-64 guest, of Debian 12: kernel and initrd.
GUEST_PC := build/guest-x86_64
guest-x86_64: $(GUEST_PC)/vmlinuz $(GUEST_PC)/initrd.img
$(GUEST_PC)/vmlinuz: tools/guest/kernel.sh $(GUEST_SH) | deps
	@mkdir -p $(@D)
	$(Q)GUEST_ARCH=amd64 tools/guest/kernel.sh
$(GUEST_PC)/initrd.img: tools/guest/initrd.sh tools/guest/init tools/guest/power tools/guest/applets $(GUEST_PC)/vmlinuz
	$(Q)GUEST_ARCH=amd64 tools/guest/initrd.sh
# The same with KVM in it, and what reaches the files of the machine around it: tests/guest/nested.sh.
$(GUEST_PC)/nested.img: $(GUEST_PC)/initrd.img
	$(Q)GUEST_ARCH=amd64 tools/guest/initrd.sh nested kvm_amd 9p 9pnet_virtio overlay

guest-update: | deps
	$(Q)tools/guest/apt.sh update
	$(Q)rm -f $(GUEST)/vmlinuz $(GUEST)/root.stamp

# What a user sees first: a shell, or, without a terminal, what RUN says. RUN_ARGS: more options.
RUN ?= uname -a; nproc; openssl version; python3 -c 'print(6 * 7)'
run: deps
	$(Q)$(MAKE) --no-print-directory all guest.img
	$(Q)if [ -t 0 ] && [ -t 1 ]; then \
	  $(B)/bin/vmrun -p soft -p xlate-arm64-x86 $(RUN_ARGS) guest.img || \
	    { s=$$?; [ $$s = 5 ] || exit $$s; }; `# 5: left by Ctrl-A x` \
	else \
	  exec $(B)/bin/vmrun -p soft -p xlate-arm64-x86 $(RUN_ARGS) --run "$$RUN" guest.img; \
	fi
export RUN

.PHONY: deps doc guest-installer guest-riscv64 guest-x86_64 guest-update
