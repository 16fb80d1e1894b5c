# SPDX-License-Identifier: MIT
# vmrun: the top Makefile. Each room has a build.mk that adds its targets to the lists below;
# nothing recurses, so one `make -j` sees the whole graph.
#
#   make            build/bin/vmrun and build/plugins
#   make run        build guest.img from Debian's arm64 packages and boot it
#   make test       unit, differential and guest tests (installs what it needs)
#   make test-full  the long ones as well
#   make perf       side by side with QEMU
#   make SAN=1 ...  the same with AddressSanitizer and UBSan, in build-san/
#   make install | install-sdk   into PREFIX (/usr/local), below DESTDIR
#   make deb        two Debian packages, in build/deb/
#   make format | format-check | cppcheck | headers
#   make clean      what was compiled; make distclean: guests and downloaded packages as well

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
B := $(if $(SAN),build-san,build)
VERSION := 0.1.0

WARN := -Wall -Wextra -Wconversion -Wshadow -Werror
OPT ?= -O2 -g
CPPFLAGS := -D_GNU_SOURCE -DVR_VERSION='"$(VERSION)"' -Isdk/include -I$(B)/gen -MMD -MP
CFLAGS := -std=gnu11 $(OPT) $(WARN) -fPIC -fvisibility=hidden -fno-strict-aliasing -pthread
LDFLAGS := -pthread $(EXTRA_LDFLAGS)
ifdef SAN
CFLAGS += -fsanitize=address,undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

all:

# A room's build.mk adds to these.
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
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-z,defs -Wl,-z,now -o $$@ $(2) $(3)
$(B)/plugins/$(1).yaml: plugins/$(1)/$(1).yaml
	@mkdir -p $$(@D)
	$(Q)cp $$< $$@
endef

include sdk/xlate/build.mk
include sdk/board/build.mk
include sdk/template/build.mk
include sdk/build.mk
include sdk/examples/build.mk
include core/build.mk
include sdk/validate/build.mk
include $(sort $(wildcard plugins/*/build.mk))
include tools/build.mk
include tools/install.mk
include tests/build.mk
include perf/build.mk

all: $(ALL)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS) $(CPPFLAGS_$(firstword $(subst /, ,$<))) $(CPPFLAGS_$(subst /,_,$(patsubst %/,%,$(dir $<)))) $(CFLAGS) $(CFLAGS_$<) -c -o $@ $<


C_FILES = $(shell tools/files.sh '*.c' '*.h')
# Each version of clang-format lays some lines out in another way. 14 is Debian 12's, which CI runs on.
FORMAT_VERSION := 14
CLANG_FORMAT ?= clang-format
format_version = v=$$($(CLANG_FORMAT) --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p'); [ "$$v" = $(FORMAT_VERSION) ] || \
  { echo "$@: $(1), the format is that of clang-format $(FORMAT_VERSION), and $(CLANG_FORMAT) is $${v:-missing}" >&2; [ -n "$$v" ] && exit $(2); exit 1; }
format:
	$(Q)$(call format_version,not done,1); $(CLANG_FORMAT) -i $(C_FILES)
format-check:
	$(Q)$(call format_version,skipped,0); $(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
cppcheck:
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,portability \
	  --suppress=missingInclude --suppress=*:$(B)/* -Isdk/include -D_GNU_SOURCE -DPLUGIN_ID='"id"' core plugins sdk
# Every header compiles alone.
headers:
	$(Q)for h in $$(tools/files.sh '*.h'); do \
	  $(CC) -std=gnu11 -D_GNU_SOURCE -Isdk/include -Isdk -Icore -Iplugins/soft -I. -I$(B)/gen -I$$(dirname $$h) $(WARN) -Wno-unused -fsyntax-only -x c $$h || exit 1; done

# The guests and the packages they are made of are dear: `clean` keeps them.
clean:
	rm -rf build-san $(addprefix build/,bin deb gen lib obj perf plugins sdk tests tools)
distclean:
	rm -rf build build-san $(CLEAN)

-include $(OBJS:.o=.d)
.PHONY: all clean distclean format format-check cppcheck headers test test-full perf run
