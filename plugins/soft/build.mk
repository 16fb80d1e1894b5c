# SPDX-License-Identifier: MIT
SOFT_OBJS := $(call objects,$(sort $(wildcard plugins/soft/*.c)))
CPPFLAGS_plugins := -Isdk -Isdk/xlate
$(eval $(call plugin,soft,$(SOFT_OBJS) $(B)/lib/libxlate-ir.a,-pthread -lm,))
