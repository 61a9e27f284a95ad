# msxops: build, test, install.   `make help` lists the targets.
#
#   B=build                 where objects and programs go
#   SAN=address,undefined   build with these sanitizers
#   DEV=1                   warnings are errors
#   COV=1                   coverage data
B       ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=
PKG_CONFIG ?= pkg-config
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
VERSION := $(shell cat VERSION)

# Debian packages: to build and run the demo, and further ones to test.
BUILD_DEPS = gcc libc6-dev make pkg-config libcurl4-openssl-dev libjansson-dev libyaml-dev \
             libjq-dev libonig-dev libssl-dev libmicrohttpd-dev libsqlite3-dev tzdata
TEST_DEPS  = $(BUILD_DEPS) libcmocka-dev bats perl jq curl procps

PKGS    = libcurl jansson yaml-0.1 libcrypto
SB_PKGS = libmicrohttpd sqlite3
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) $(SB_PKGS) 2>/dev/null)
# Not libcurl: lib/http/curl_load.c loads it when it is needed.
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(filter-out libcurl,$(PKGS)) 2>/dev/null) -ljq -lpthread -ldl -lm
SB_LIBS    := $(shell $(PKG_CONFIG) --libs $(SB_PKGS) libcrypto jansson 2>/dev/null) -lpthread -lm

OPT      ?= -O2
CFLAGS   ?= $(OPT) -g
WARN      = -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wstrict-prototypes \
            -Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough
ALL_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 \
            -DMSXOPS_VERSION='"$(VERSION)"' -DMSXOPS_DATADIR='"$(PREFIX)/share/msxops"' \
            -DMSXOPS_LIBEXECDIR='"$(PREFIX)/libexec/msxops"' \
            $(WARN) $(CFLAGS) -Iinclude $(PKG_CFLAGS) $(if $(DEV),-Werror) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined) \
            $(if $(COV),--coverage)
ALL_LDFLAGS = $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN)) $(if $(COV),--coverage)

# One archive a layer: a test of a layer links only that layer and those it may use.
LAYERS  = base http auth odata crm plan skill mcp render
HAVE    = $(foreach l,$(LAYERS),$(if $(wildcard lib/$(l)/*.c),$(l)))
ARCHIVES = $(foreach l,$(HAVE),$(B)/lib$(l).a)
# Link order: users before what they use.
RARCH   = $(foreach l,render mcp skill plan crm odata auth http base,$(if $(filter $(l),$(HAVE)),$(B)/lib$(l).a))

CMD_SRC = $(wildcard cmd/*.c)
SB_SRC  = $(wildcard cmd/sandbox/*.c)
UNIT    = $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
HELPERS = $(patsubst tests/helpers/%.c,$(B)/tests/helpers/%.so,$(wildcard tests/helpers/*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
BATS    = $(wildcard tests/cli/*.bats)

all: $(B)/msxops $(B)/msxops-sandbox

obj = $(patsubst %.c,$(B)/%.o,$(1))

define layer_rule
$(B)/lib$(1).a: $(call obj,$(wildcard lib/$(1)/*.c))
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach l,$(HAVE),$(eval $(call layer_rule,$(l))))

# lib/ sees the public headers and itself, cmd/ the public headers and itself: the outer border.
$(B)/lib/%.o: private INC = -Ilib
$(B)/cmd/sandbox/%.o: private INC = -Icmd -Ilib
$(B)/cmd/%.o: private INC = -Icmd
$(B)/tests/%.o: private INC = -Icmd -Ilib -Itests/unit

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC $<';)$(CC) $(ALL_CFLAGS) $(INC) -MMD -MP -c -o $@ $<

# Rewritten only when compiler, flags or version changed: then everything is built again.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(ALL_CFLAGS) $(VERSION)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(VERSION)' >$@

$(B)/msxops: $(call obj,$(CMD_SRC)) $(ARCHIVES)
	@echo '  LD $@';$(CC) $(ALL_LDFLAGS) -o $@ $(call obj,$(CMD_SRC)) $(RARCH) $(PKG_LIBS)

$(B)/msxops-sandbox: $(call obj,$(SB_SRC)) $(B)/libbase.a
	@echo '  LD $@';$(CC) $(ALL_LDFLAGS) -o $@ $(call obj,$(SB_SRC)) $(B)/libbase.a $(SB_LIBS) $(PKG_LIBS)

# A unit test tests/unit/test_<layer>_<what>.c links its layer and those below it; test_cmd_* also
# the command objects without main.o; test_sandbox_* the sandbox's objects without main.o.
upto = $(if $(filter $(1),$(LAYERS)),$(call cut,$(1),$(LAYERS)),$(LAYERS))
cut = $(firstword $(2))$(if $(filter $(1),$(firstword $(2))),, $(call cut,$(1),$(wordlist 2,99,$(2))))
layers_for = $(foreach l,render mcp skill plan crm odata auth http base,$(if $(filter $(l),$(call upto,$(1))),$(if $(filter $(l),$(HAVE)),$(B)/lib$(l).a)))
test_layer = $(word 2,$(subst _, ,$(notdir $(1))))
define unit_rule
$(1): $(1).o $(call layers_for,$(call test_layer,$(1))) $(if $(filter cmd,$(call test_layer,$(1))),$(call obj,$(filter-out cmd/main.c,$(CMD_SRC)))) $(if $(filter sandbox,$(call test_layer,$(1))),$(call obj,$(filter-out cmd/sandbox/main.c,$(SB_SRC))))
	@echo '  LD $$@';$$(CC) $$(ALL_LDFLAGS) -o $$@ $$(filter %.o,$$^) $(call layers_for,$(call test_layer,$(1))) $$(if $$(filter sandbox,$(call test_layer,$(1))),$$(SB_LIBS)) $$(PKG_LIBS) -lcmocka
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

# Preloaded helpers of tests (killing a program at a chosen point): never sanitized.
$(B)/tests/helpers/%.so: tests/helpers/%.c
	@mkdir -p $(@D)
	@echo '  LD $@';$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O1 -g -fPIC -shared -o $@ $< -ldl -lpthread

tests: $(UNIT) $(HELPERS)

# ---- what users run ----

deps: ## install the missing Debian packages, or print the line that does
	@sh tests/helpers/deps.sh $(TEST_DEPS)
build-deps:
	@sh tests/helpers/deps.sh $(BUILD_DEPS)

demo: build-deps ## the whole loop on a live sandbox: read, find, plan, review, apply
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@bash tests/helpers/demo.sh $(abspath $(B))

check: deps ## build everything and run all tests, under the sanitizers too
	@$(MAKE) --no-print-directory check-all

check-all: check-layers check-shell
	@$(MAKE) --no-print-directory -j$(JOBS) B=$(B) all helpers
	@$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/san SAN=address,undefined OPT=-O1 all tests
	@bash tests/helpers/run-tests.sh $(abspath $(B)) $(abspath $(B)/san)

helpers: $(HELPERS)

unit: tests ## unit tests alone, as built (B=, SAN=)
	@CMOCKA_MESSAGE_OUTPUT=TAP prove -j$(JOBS) -e '' $(UNIT)

check-layers: ## each layer includes only those it may use
	@sh tests/helpers/check-layers.sh
check-shell:
	@for f in tests/helpers/*.sh .ci/run; do sh -n $$f 2>/dev/null || bash -n $$f || exit 1; done

check-fresh: ## README's two commands in a minimal Debian made in a folder (needs root, mmdebstrap)
	@bash tests/helpers/check-fresh.sh

check-peers: all ## other people's clients against the sandbox (needs npm)
	@bash tests/helpers/check-peers.sh $(abspath $(B))

check-valgrind: tests ## unit tests under valgrind
	@printf '%s\n' $(UNIT) | xargs -P$(JOBS) -I{} sh -c 'echo {}; \
	  valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite {} >/dev/null'

bench: build-deps ## measured against a floor in the same run
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@bash tests/bench/bench.sh $(abspath $(B))

lint: ## clang-format, clang-tidy, cppcheck, shellcheck
	@bash tests/helpers/lint.sh $(CMD_SRC) $(SB_SRC) $(wildcard lib/*/*.c)

fuzz: ## each fuzz target for FUZZ_SECONDS (default 60) with clang
	@$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/fuzz CC=clang SAN=fuzzer-no-link,address,undefined run-fuzz
FUZZ_SECONDS ?= 60
run-fuzz: $(foreach f,$(FUZZERS),$(B)/tests/fuzz/$(f))
	@for f in $(FUZZERS); do echo $$f; mkdir -p $(B)/corpus/$$f; \
	  $(B)/tests/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -verbosity=0 \
	  -print_final_stats=1 $(B)/corpus/$$f || exit 1; done
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(ARCHIVES)
	$(CC) -fsanitize=fuzzer,address,undefined -o $@ $< $(RARCH) $(PKG_LIBS)

install: all ## programs, skills and documents below DESTDIR/PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/msxops \
	  $(DESTDIR)$(PREFIX)/share/doc/msxops
	install -m 755 $(B)/msxops $(B)/msxops-sandbox $(DESTDIR)$(PREFIX)/bin
	cp -R skills $(DESTDIR)$(PREFIX)/share/msxops/
	install -m 644 README.md CHANGELOG.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/msxops
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/msxops $(DESTDIR)$(PREFIX)/bin/msxops-sandbox
	rm -rf $(DESTDIR)$(PREFIX)/share/msxops $(DESTDIR)$(PREFIX)/share/doc/msxops

clean:
	rm -rf $(B)

help:
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: all tests helpers deps build-deps demo check check-all unit check-layers check-shell \
  check-fresh check-peers check-valgrind bench lint fuzz run-fuzz install uninstall clean help FORCE
FORCE:
