# msxops: build, install, check, bench, fuzz, demo.   `make help` lists the targets.
#
#   B=build              where objects and programs go
#   SAN=address,undefined   build with these sanitizers
#   DEV=1                warnings are errors
#   COV=1                coverage data
B       ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=
PKG_CONFIG ?= pkg-config
VERSION := $(shell cat VERSION)

PKGS    = libcurl jansson yaml-0.1 libcrypto
SB_PKGS = libmicrohttpd sqlite3
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) $(SB_PKGS) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -ljq -lpthread -lm
SB_LIBS    := $(shell $(PKG_CONFIG) --libs $(SB_PKGS) libcrypto jansson 2>/dev/null) -lpthread -lm

OPT      ?= -O2
CFLAGS   ?= $(OPT) -g
WARN      = -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wstrict-prototypes \
            -Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough
ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 \
            -DMSXOPS_VERSION='"$(VERSION)"' $(WARN) $(CFLAGS) -Iinclude $(PKG_CFLAGS) \
            $(if $(DEV),-Werror) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined) \
            $(if $(COV),--coverage)
ALL_LDFLAGS = $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN)) $(if $(COV),--coverage)

# One archive a layer: a test of a layer links only that layer and those it may use.
LAYERS  = base http auth odata crm plan skill mcp render
HAVE    = $(foreach l,$(LAYERS),$(if $(wildcard lib/$(l)/*.c),$(l)))
ARCHIVES = $(foreach l,$(HAVE),$(B)/lib$(l).a)
# link order: users before what they use
RARCH   = $(foreach l,render mcp skill plan crm odata auth http base,$(if $(filter $(l),$(HAVE)),$(B)/lib$(l).a))

CMD_SRC = $(wildcard cmd/*.c)
SB_SRC  = $(wildcard cmd/sandbox/*.c)
UNIT    = $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
HELPERS = $(patsubst tests/helpers/%.c,$(B)/tests/helpers/%,$(wildcard tests/helpers/*.c))

all: $(B)/msxops $(B)/msxops-sandbox

obj = $(patsubst %.c,$(B)/%.o,$(1))

define layer_rule
$(B)/lib$(1).a: $(call obj,$(wildcard lib/$(1)/*.c))
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach l,$(HAVE),$(eval $(call layer_rule,$(l))))

$(B)/lib/%.o: private INC = -Ilib
$(B)/cmd/sandbox/%.o: private INC = -Icmd -I$(B)/gen -Ilib
$(B)/cmd/%.o: private INC = -Icmd -I$(B)/gen
$(B)/tests/%.o: private INC = -Icmd -Ilib -Itests/unit

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INC) -MMD -MP -c -o $@ $<

$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(ALL_CFLAGS) $(VERSION)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(VERSION)' >$@

$(B)/msxops: $(call obj,$(CMD_SRC)) $(ARCHIVES)
	$(CC) $(ALL_LDFLAGS) -o $@ $(call obj,$(CMD_SRC)) $(RARCH) $(PKG_LIBS)

$(B)/msxops-sandbox: $(call obj,$(SB_SRC)) $(B)/libbase.a
	$(CC) $(ALL_LDFLAGS) -o $@ $(call obj,$(SB_SRC)) $(B)/libbase.a $(SB_LIBS) $(PKG_LIBS)

# A unit test tests/unit/test_<layer>_<what>.c links its layer and those below it; test_cmd_* also
# the command objects without main.o; test_sandbox_* the sandbox's objects without main.o.
layers_for = $(foreach l,render mcp skill plan crm odata auth http base,$(if $(filter $(l),$(call upto,$(1))),$(if $(filter $(l),$(HAVE)),$(B)/lib$(l).a)))
upto = $(if $(filter $(1),$(LAYERS)),$(call cut,$(1),$(LAYERS)),$(LAYERS))
cut = $(firstword $(2))$(if $(filter $(1),$(firstword $(2))),, $(call cut,$(1),$(wordlist 2,99,$(2))))
test_layer = $(word 2,$(subst _, ,$(notdir $(1))))
define unit_rule
$(1): $(1).o $(call layers_for,$(call test_layer,$(1))) $(if $(filter cmd,$(call test_layer,$(1))),$(call obj,$(filter-out cmd/main.c,$(CMD_SRC)))) $(if $(filter sandbox,$(call test_layer,$(1))),$(call obj,$(filter-out cmd/sandbox/main.c,$(SB_SRC))))
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$(filter %.o,$$^) $(call layers_for,$(call test_layer,$(1))) $$(PKG_LIBS) $$(if $(filter sandbox,$(call test_layer,$(1))),$$(SB_LIBS)) -lcmocka
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

unit: $(UNIT)
	@CMOCKA_MESSAGE_OUTPUT=TAP prove $(PROVE_OPTS) -e '' $(UNIT)

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: all unit clean FORCE
FORCE:
