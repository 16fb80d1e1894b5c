# SPDX-License-Identifier: MIT
# What is installed, and where.
#
#   make install        vmrun: the program, its plugins, manuals and the shells' completion
#   make install-sdk    what a plugin is built with: headers, libraries, patgen, templates, examples, manuals
#
#   make uninstall      takes away what both have put there
#   make deb            both as Debian packages, in build/deb
#
#   PREFIX (/usr/local) and /usr are where vmrun looks for plugins by itself; a vmrun in PREFIX/bin looks in its own PREFIX
#   as well. LIBDIR (PREFIX/lib) has the SDK's static libraries and vmrun-sdk.pc. DESTDIR goes before all of it.
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INSTALL ?= install
SHARE := $(PREFIX)/share
ZSH_FUNCTIONS ?= $(SHARE)/zsh/site-functions

SHELLS := bash zsh fish
COMPLETIONS := $(SHELLS:%=$(B)/gen/completion.%)
ALL += $(COMPLETIONS)
$(B)/tools/completion: tools/completion.c core/cli/option_table.h core/cli/options.def core/cli/commands.def
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(CC) -std=gnu11 -O1 -g $(WARN) -D_GNU_SOURCE -Icore -o $@ $<
$(COMPLETIONS): $(B)/gen/completion.%: $(B)/tools/completion
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	$(Q)$< $* >$@

# $(call put,mode,files,folder): into DESTDIR.
define put
	$(Q)$(INSTALL) -d "$(DESTDIR)$(3)"
	$(Q)$(INSTALL) -m $(1) $(2) "$(DESTDIR)$(3)/"

endef
# $(call put_tree,folder,files below it,to): with the folders that they are in.
define put_tree
	$(Q)for f in $(2); do $(INSTALL) -D -m 644 $(1)/$$f "$(DESTDIR)$(3)/$$f" || exit 1; done

endef
# $(call put_page,pages,folder): manuals, which name this PREFIX: vmrun-plugin(7) the SDK's folder, vmrun(1) that of plugins,
# which /usr and /usr/local are named for anyway.
man_path = $(subst ','\'',$(subst &,\&,$(subst \,\\,$(1))))
define put_page
	$(Q)$(INSTALL) -d "$(DESTDIR)$(2)"
	$(Q)for f in $(1); do sed -e 's|/usr/share/vmrun|$(call man_path,$(SHARE))/vmrun|' \
	  -e '$(if $(filter /usr /usr/local,$(PREFIX)),/^.fIPREFIX.fR.*elsewhere/d,/^.fIPREFIX.fR.*elsewhere/{s/ that was installed .*//;s|.fIPREFIX.fR|$(call man_path,$(PREFIX))|g;})' \
	  "$$f" >"$(DESTDIR)$(2)/$${f##*/}" && chmod 644 "$(DESTDIR)$(2)/$${f##*/}" || exit 1; done

endef
below = $(patsubst $(1)/%,%,$(shell find $(2) -type f | LC_ALL=C sort))

install: all
	$(call put,755,$(B)/bin/vmrun,$(PREFIX)/bin)
	$(call put,644,$(filter $(B)/plugins/%,$(ALL)),$(PREFIX)/lib/vmrun/plugins)
	$(call put_page,core/cli/vmrun.1,$(SHARE)/man/man1)
	$(call put,644,LICENSE,$(SHARE)/doc/vmrun)
	$(call put_page,core/cli/vmrun-machine.5 sdk/common/vmrun-manifest.5,$(SHARE)/man/man5)
	$(Q)$(INSTALL) -D -m 644 $(B)/gen/completion.bash "$(DESTDIR)$(SHARE)/bash-completion/completions/vmrun"
	$(Q)$(INSTALL) -D -m 644 $(B)/gen/completion.zsh "$(DESTDIR)$(ZSH_FUNCTIONS)/_vmrun"
	$(Q)$(INSTALL) -D -m 644 $(B)/gen/completion.fish "$(DESTDIR)$(SHARE)/fish/vendor_completions.d/vmrun.fish"

# Headers of the kits: what plugins include, and what that includes.
KIT := $(PREFIX)/include/vmrun/kit
KIT_HEADERS := $(call below,sdk,sdk/board sdk/virtio sdk/tiny -name '*.h') plugin_entry.h host_error.h fake_host/fake_host.h fake_host/driver.h \
  $(patsubst sdk/%,%,$(wildcard sdk/xlate/*.h sdk/xlate/ir/*.h $(foreach d,$(wildcard sdk/xlate/emit/*),$(d)/$(notdir $(d)).h) \
    $(foreach d,$(wildcard sdk/xlate/isa/*),$(d)/isa.h $(d)/$(notdir $(d)).h $(d)/helpers*.def $(d)/fields.def)))

install-sdk: all
	$(call put,644,$(wildcard sdk/include/vmrun/*.h sdk/include/vmrun/*.def),$(PREFIX)/include/vmrun)
	$(call put_tree,sdk,$(KIT_HEADERS),$(KIT))
	$(call put,644,$(SDK_LIBS),$(LIBDIR))
	$(call put,755,$(PATGEN),$(PREFIX)/lib/vmrun/sdk)
	$(call put,755,$(B)/bin/vmrun-check,$(PREFIX)/libexec/vmrun)
	$(call put,644,$(TINY_PLUGINS),$(PREFIX)/lib/vmrun/sdk/plugins)
	$(call put_tree,sdk,$(call below,sdk,$(wildcard sdk/template sdk/examples sdk/doc) ! -name build.mk ! -name '*.7'),$(SHARE)/vmrun/sdk)
	$(call put,644,LICENSE,$(SHARE)/doc/vmrun-sdk)
	$(call put_page,sdk/doc/vmrun-plugin.7,$(SHARE)/man/man7)
	$(Q)$(INSTALL) -d "$(DESTDIR)$(LIBDIR)/pkgconfig"
	$(Q)$(call sdk_pc,$(PREFIX),$(subst $(PREFIX)/,$${prefix}/,$(LIBDIR)),$${prefix}/include,$${prefix}/include/vmrun/kit,$${prefix}/lib/vmrun/plugins,$${prefix}/lib/vmrun/sdk/patgen,$${prefix}/lib/vmrun/sdk/plugins,$${prefix}/share/vmrun/sdk,$${prefix}/bin/vmrun) >"$(DESTDIR)$(LIBDIR)/pkgconfig/vmrun-sdk.pc"

# What is installed is installed once more, elsewhere, and that is the list. Folders of vmrun's own go when they are empty.
uninstall: all
	$(Q)t=$$(mktemp -d) && trap 'rm -rf "$$t"' EXIT && $(MAKE) --no-print-directory install install-sdk DESTDIR="$$t" >"$$t.log" 2>&1 || \
	  { cat "$$t.log" >&2; exit 1; }; rm -f "$$t.log"; cd "$$t" && \
	  find . -type f | while IFS= read -r f; do rm -f "$(DESTDIR)/$$f" || exit 1; done && \
	  find . -depth -type d -path '*vmrun*' | while IFS= read -r d; do rmdir "$(DESTDIR)/$$d" 2>/dev/null || :; done

# Two Debian packages, in build/deb.
deb:
	$(Q)tools/deb.sh $(B)/deb

.PHONY: install install-sdk uninstall deb
