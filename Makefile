# SPDX-License-Identifier: MIT
# vmrun: the top Makefile. Each component has a build.mk that adds its targets to the lists below; nothing recurses, so one
# `make -j` sees the whole graph. The lines between the two rules are what `make help` prints.
#---
#   make                  build/bin/vmrun and build/plugins
#   make run              build guest.img from Debian's arm64 packages and boot it; RUN='command', RUN_ARGS='options'
#   make test             unit, differential and guest tests (installs what it needs); TEST_JOBS=1: one after the other, not one a CPU
#   make test-full        the long ones as well
#   make test-unit        only what needs neither guest nor download; SAN=1 test-san: those of it that are quick with sanitizers
#   make fuzz             the fuzzers; FUZZ_SECONDS=60 each, FUZZ='names'
#   make perf             side by side with QEMU; perf-start, perf-quick, perf-loading: parts of it
#   make perf-turns       OLD=FOLDER: another build and this one in turn, row by row
#   make count            host code made of fixed guest snippets, beside the committed numbers
#   make install          into PREFIX (/usr/local) below DESTDIR; install-sdk: what plugins are written with; uninstall
#   make deb              two Debian packages, in build/deb/
#   make doc              sdk/doc/interfaces.md and ir.md, out of the headers
#   make deps             the Debian packages that building and testing need
#   make guest.img guest-riscv64 guest-x86_64 guest-installer guest-update   the test guests: tools/build.mk
#   make format format-check cppcheck headers   what CI checks in the source
#   make compile_commands.json                  for clangd and other tools
#   make clean            what was compiled; distclean: guests and downloaded packages as well
#
#   V=1                   shows commands
#   O=FOLDER              what is compiled goes there instead of build/; guests and packages stay in build/
#   SAN=1                 with AddressSanitizer and UBSan, in build-san/ (or O)
#   CC=clang OPT='-O0 -g' another compiler, other flags: what was built with others is built again
#---

# The last line of `make -C folder test` is the sum of the tests, not the folder that make leaves.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

# Folders are named in lists with colons between them (PATH and its like), and in scripts: these characters would take them
# apart. Blanks and quotes are no fault.
define newline


endef
$(foreach c,: | ` " $$ \ $(newline),$(if $(findstring $c,$(CURDIR)),$(error vmrun: the path of this source, $(CURDIR), has a '$c' in it; \
  move the source to a folder without it)))

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
CC ?= cc
ifeq ($(origin CC),default)
CC := cc
endif
PKG_CONFIG ?= pkg-config
B := $(patsubst %/,%,$(or $(O),$(if $(SAN),build-san,build)))
VERSION := 0.1.0

WARN := -Wall -Wextra -Wconversion -Wshadow -Werror
# The kernel's interfaces have structures that end in an array of any length, which others then begin with.
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
WARN += -Wno-gnu-variable-sized-type-not-at-end
endif
OPT ?= -O2 -g
include tools/harden.mk
CPPFLAGS := -D_GNU_SOURCE -DVR_VERSION='"$(VERSION)"' -Isdk/include -I$(B)/gen -MMD -MP
# Thread-local variables of a library that was opened by dlopen() are allocated at first use, and the C library aborts when
# there is no memory; in the initial-exec model their place comes with the thread. It is little, for pointers.
TLS := -ftls-model=initial-exec
CFLAGS := -std=gnu11 $(OPT) $(WARN) $(HARDEN) $(TLS) -fPIC -fvisibility=hidden -fno-strict-aliasing -pthread
LDFLAGS := -pthread $(HARDEN_LD) $(EXTRA_LDFLAGS)
ifdef SAN
CFLAGS += -fsanitize=address,undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

all:

# A component's build.mk adds to these.
ALL :=        # built by `make`
TESTS :=      # run by `make test`
FULL_TESTS := # run by `make test-full` as well
CLEAN :=
OBJS :=

# $(call objects,sources): their object files, remembered for the dependency includes.
objects = $(eval OBJS += $(patsubst %.c,$(B)/obj/%.o,$(1)))$(patsubst %.c,$(B)/obj/%.o,$(1))

# $(call plugin,name,objects,libs): build/plugins/name.so with its manifest beside it.
define plugin
ALL += $(B)/plugins/$(1).so $(B)/plugins/$(1).yaml
$(B)/plugins/$(1).so: $(2) $(4)
	@mkdir -p $$(@D)
	@echo "  SO      $$@"
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-z,defs -o $$@ $(2) $(3)
$(B)/plugins/$(1).yaml: plugins/$(1)/$(1).yaml
	@mkdir -p $$(@D)
	$(Q)cp $$< $$@
endef

include sdk/xlate/build.mk
include sdk/common/build.mk
include sdk/fake_host/build.mk
include sdk/virtio/build.mk
include sdk/board/build.mk
include sdk/template/build.mk
include sdk/build.mk
include sdk/examples/build.mk
include core/build.mk
include sdk/validate/build.mk
include $(sort $(wildcard plugins/*/build.mk))
include tools/build.mk
include tools/install.mk
# Before tests, whose rules are made of what the others have added to the lists.
include perf/build.mk
include tests/build.mk

# $(call preprocess,source): the preprocessor's flags; $(call compile,source): the command but for its output.
preprocess = $(CPPFLAGS) $(CPPFLAGS_$(firstword $(subst /, ,$(1)))) $(CPPFLAGS_$(subst /,_,$(patsubst %/,%,$(dir $(1)))))
compile = $(CC) $(preprocess) $(CFLAGS) $(CFLAGS_$(1)) -c
$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(call compile,$<) -o $@ $<

# Tests run `make install` side by side: a file that is written each time is first this make's own.
MAKE_PID := $(shell echo $$PPID)
# The compiler and every flag: objects depend on it, and it is written when it says something else.
FLAGS = $(CC) $(firstword $(shell $(CC) --version 2>&1 | head -n 1 | tr " " _)) $(foreach v,$(sort $(filter LDFLAGS CPPFLAGS CPPFLAGS_% CFLAGS CFLAGS_%,$(.VARIABLES))),$(v)=$($(v)))
$(B)/flags: FORCE | $(B)/
	$(file >$@.new$(MAKE_PID),$(FLAGS))
	@cmp -s $@.new$(MAKE_PID) $@ && rm $@.new$(MAKE_PID) || mv $@.new$(MAKE_PID) $@
$(B)/:
	@mkdir -p $@
# By this link a program that was built here knows that it is not installed, and where the source is. Relative, so that
# a tree may be moved with its build in it.
ALL += $(B)/source
$(B)/source: | $(B)/
	@ln -sfnr . $@
FORCE:

# One object a source; CPPFLAGS' -MMD would write dependencies where no object is.
compile_commands.json: FORCE
	$(file >$@,[)
	$(foreach o,$(sort $(OBJS)),$(file >>$@,$(if $(filter $(firstword $(sort $(OBJS))),$o),,$(comma)){"directory": "$(CURDIR)"$(comma) "file": "$(o:$(B)/obj/%.o=%.c)"$(comma) "command": "$(subst ",\",$(filter-out -MMD -MP,$(call compile,$(o:$(B)/obj/%.o=%.c))) $(o:$(B)/obj/%.o=%.c))"}))
	$(file >>$@,])
	@echo "  JSON    $@"
comma := ,

all: $(ALL)

help:
	@sed -n '/^#---/,/^#---/{/^#---/d;s/^# \{0,2\}//p}' $(firstword $(MAKEFILE_LIST))


C_FILES = $(shell tools/files.sh '*.c' '*.h')
# Each version of clang-format lays some lines out in another way. 14 is Debian 12's, which CI runs on.
FORMAT_VERSION := 14
CLANG_FORMAT ?= clang-format
format_version = v=$$($(CLANG_FORMAT) --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p'); [ "$$v" = $(FORMAT_VERSION) ] || \
  { echo "$@: $(1), the format is that of clang-format $(FORMAT_VERSION), and $(CLANG_FORMAT) is $${v:-missing}" >&2; [ -n "$$v" ] && exit $(2); exit 1; }
format:
	$(Q)$(call format_version,not done,1); $(CLANG_FORMAT) -i $(C_FILES)
format-check:
	$(Q)$(call format_version,skipped,0); tools/files.sh '*.c' '*.h' | xargs -d '\n' -P "$$(nproc)" -n 64 $(CLANG_FORMAT) --dry-run -Werror
# Its folder is for the checks that span files: several processes, one a file, hand on by it what each has found.
cppcheck:
	@mkdir -p $(B)/cppcheck
	$(Q)cppcheck -j "$$(nproc)" --cppcheck-build-dir=$(B)/cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,portability \
	  --suppress=missingInclude --suppress=*:$(B)/* -Isdk/include -Icore -D_GNU_SOURCE -DPLUGIN_ID='"id"' core plugins sdk
# Every header compiles alone. What is said of one is printed in one piece.
headers:
	$(Q)tools/files.sh '*.h' | xargs -d '\n' -P "$$(nproc)" -n 16 sh -c 'for h; do \
	  said=$$($(CC) -std=gnu11 -D_GNU_SOURCE -Isdk/include -Isdk -Icore -Iplugins/soft -I. -I$(B)/gen -I$${h%/*} $(WARN) -Wno-unused -fsyntax-only -x c $$h 2>&1) || \
	  { printf "%s\n" "$$said" >&2; failed=1; }; done; exit $${failed:-0}' -

# The guests and the packages they are made of are dear: `clean` keeps them.
clean:
	rm -rf build-san $(addprefix $(B)/,bin clang cppcheck deb flags fuzz source gen lib obj perf plugins sdk tests tools)
distclean:
	rm -rf build build-san $(CLEAN)

-include $(OBJS:.o=.d)
.PHONY: FORCE help all clean distclean format format-check cppcheck headers test test-full perf run
