# SPDX-License-Identifier: MIT
# Makefile - builds, tests and installs sbox; `make help` lists what it can do
#
# Everything made goes to build/ (BUILD=DIR for another place). There is one makefile, and
# every source is named in it: a file that is not in a list below is not part of sbox
# (tests/meta/lists finds forgotten ones).

VERSION = 0.1.0

# ---- What there is. Add a file here -------------------------------------------------------

SRC = src/main.c $(sort $(wildcard src/*/*.c))

# Separate small executables: helpers/NAME.c, installed in libexec. LIBS_NAME: what it links.
# Its parts, if it has any, are in helpers/ in a folder of its name without "sbox-".
HELPERS = sbox-forward sbox-image sbox-resolver sbox-scope sbox-sound sbox-xauth
HELPER_SRC = $(HELPERS:%=helpers/%.c) $(sort $(wildcard helpers/*/*.c))
LIBS_sbox-forward = -lseccomp
LIBS_sbox-image = -larchive -ljansson -lnettle
LIBS_sbox-resolver = -lmnl -lnftnl -lresolv -lseccomp
LIBS_sbox-scope = -lsystemd
LIBS_sbox-xauth = -lXau

PROFILES = base browser build default desktop shell try untrusted

# .in: lines @SETTINGS@ and @OPTIONS@ are replaced from the settings table.
MAN_IN = sbox.1.in sbox-profile.5.in
MAN = sbox-security.7

UNIT_TESTS = $(addprefix tests/unit/, test_base.c test_check.c test_cmdline.c test_filter.c test_instance.c \
	test_image.c test_launcher.c test_limits.c test_mount_plan.c test_profile.c test_settings.c test_show.c test_state.c test_subid.c \
	test_syscalls.c test_table.c test_top.c test_usage.c test_value.c \
	test_guarded.c test_layer.c test_walk.c test_dns.c test_net_filter.c test_net_rule.c \
	test_pulse.c)
# tests/fuzz/NAME.c, with its inputs in tests/fuzz/corpus/NAME/
FUZZ_TARGETS = dns image launcher layer network profile pulse
TEST_HELPERS = callmatrix deny killat probe pty reaper selfcheck

# ---- Where it goes --------------------------------------------------------------------------

APPARMOR_DIR = /etc/apparmor.d
PREFIX = /usr/local
SYSCONFDIR = /etc
BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/sbox
DATADIR = $(PREFIX)/share/sbox
MANDIR = $(PREFIX)/share/man
BASH_COMPLETION_DIR = $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETION_DIR = $(PREFIX)/share/zsh/site-functions
FISH_COMPLETION_DIR = $(PREFIX)/share/fish/vendor_completions.d
BUILD = build

# ---- How it is built ------------------------------------------------------------------------
# STATIC=no     link the launcher dynamically (static: 0.09 ms less at every start)
# SANITIZE=yes  AddressSanitizer and UndefinedBehaviorSanitizer; implies STATIC=no
# WERROR=yes    warnings are errors
# V=1           show the commands

CC = cc
INSTALL = install
STATIC = yes
SANITIZE = no
WERROR = no

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wundef -Wpointer-arith
ifeq ($(WERROR),yes)
WARNINGS += -Werror
endif

HARDENING = -fPIE -fstack-protector-strong -fstack-clash-protection
ifneq ($(filter x86_64-% i686-%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
HARDENING += -fcf-protection
endif

CFLAGS = -O2 -g
ifeq ($(SANITIZE),yes)
MODE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LAUNCHER_LDFLAGS = -pie
else
MODE = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LAUNCHER_LDFLAGS = $(if $(filter yes,$(STATIC)),-static-pie,-pie)
endif

ALL_CPPFLAGS = -Isrc -Ihelpers -D_GNU_SOURCE -DSBOX_VERSION='"$(VERSION)"' \
	-DSBOX_DATADIR='"$(DATADIR)"' -DSBOX_SYSCONFDIR='"$(SYSCONFDIR)/sbox"' \
	-DSBOX_LIBEXECDIR='"$(LIBEXECDIR)"' $(CPPFLAGS)
ALL_CFLAGS = -std=gnu17 $(WARNINGS) $(HARDENING) $(MODE) $(CFLAGS)
ALL_LDFLAGS = -Wl,-z,relro,-z,now,-z,noexecstack $(MODE) $(LDFLAGS)
LIBS = -lcap -lseccomp

ifneq ($(V),1)
say = @printf '  %-8s%s\n' $(1) $@;
endif

COMPILE = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP
LINK = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)

OBJ = $(SRC:%.c=$(BUILD)/obj/%.o)
LIB_OBJ = $(filter-out $(BUILD)/obj/src/main.o,$(OBJ))
LIB = $(BUILD)/libsbox.a
HELPER_BIN = $(HELPERS:%=$(BUILD)/libexec/%)
MAN_PAGES = $(MAN_IN:%.in=$(BUILD)/man/%) $(MAN:%=man/%)
COMPLETIONS = $(addprefix $(BUILD)/completions/sbox., bash zsh fish)
PROFILE_FILES = $(PROFILES:%=profiles/%.conf)
UNIT_OBJ = $(UNIT_TESTS:%.c=$(BUILD)/obj/%.o)
UNIT_BIN = $(BUILD)/tests/unit
FUZZ_BIN = $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz-%)
TEST_HELPER_BIN = $(TEST_HELPERS:%=$(BUILD)/tests/%)
BENCH_BIN = $(BUILD)/tests/kernel $(BUILD)/tests/filter

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all run test check check-unit check-integration check-meta check-fuzz check-vm bench \
	asan fuzz tidy format check-format install uninstall help clean programs test-programs

SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# ---- Building -------------------------------------------------------------------------------

all: programs $(MAN_PAGES) $(COMPLETIONS)

programs: $(BUILD)/sbox $(HELPER_BIN)

test-programs: programs $(UNIT_BIN) $(FUZZ_BIN)

# Part of the key of cached filters, so that other rules never meet an old program.
FILTER_SOURCES = $(addprefix src/, config/plan.c config/syscalls.c config/syscall_table.c \
	resolve/filter.c resolve/filter_cache.c resolve/filter_tree.c)
$(BUILD)/obj/src/resolve/filter_cache.o: $(FILTER_SOURCES)
$(BUILD)/obj/src/resolve/filter_cache.o: ALL_CPPFLAGS += \
	-DSBOX_FILTER_SOURCES='"$(shell cat $(FILTER_SOURCES) | cksum)"'

# Changes only when the flags do, so that everything is rebuilt then.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(COMPILE) $(LAUNCHER_LDFLAGS) $(ALL_LDFLAGS))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
FORCE:
.PHONY: FORCE

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

$(BUILD)/sbox: $(BUILD)/obj/src/main.o $(LIB)
	$(call say,LINK)$(LINK) $(LAUNCHER_LDFLAGS) -o $@ $^ $(LIBS)

define helper_parts
$(BUILD)/libexec/sbox-$(1): $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard helpers/$(1)/*.c)))
endef
$(foreach name,$(HELPERS:sbox-%=%),$(eval $(call helper_parts,$(name))))

$(HELPER_BIN): $(BUILD)/libexec/%: $(BUILD)/obj/helpers/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -pie -o $@ $(filter-out $(LIB),$^) $(LIB) $(LIBS_$*)

# The settings in the man pages and completions come out of the built program's own table.
$(BUILD)/man/%.roff: $(BUILD)/sbox
	@mkdir -p $(@D)
	$(call say,GEN)$(BUILD)/sbox help --roff-$* >$@

$(BUILD)/man/%: man/%.in $(BUILD)/man/settings.roff $(BUILD)/man/options.roff
	$(call say,GEN)sed -e 's/@VERSION@/$(VERSION)/' -e 's|@DATADIR@|$(DATADIR)|' \
		-e 's|@SYSCONFDIR@|$(SYSCONFDIR)/sbox|' \
		-e '/^@SETTINGS@$$/{r $(BUILD)/man/settings.roff' -e 'd}' \
		-e '/^@OPTIONS@$$/{r $(BUILD)/man/options.roff' -e 'd}' $< >$@

$(BUILD)/completions/sbox.%: $(BUILD)/sbox
	@mkdir -p $(@D)
	$(call say,GEN)$(BUILD)/sbox completion $* >$@

# ---- Trying it ------------------------------------------------------------------------------

# A make of its own, once the packages that the build needs are there.
run:
	@tests/deps.sh build run
	@$(SUBMAKE) BUILD=$(BUILD) programs
	@BUILD=$(BUILD) tests/app.sh

# ---- Testing --------------------------------------------------------------------------------

SANITIZED = $(SUBMAKE) BUILD=$(BUILD)/asan SANITIZE=yes
SUITES = unit fuzz meta integration
SANITIZED_SUITES = asan-unit asan-fuzz asan-integration
ALL_GUESTS = debian12 debian13 refused selinux
GUESTS =

test:
	@tests/deps.sh build run test $(if $(GUESTS),vm)
	@$(SUBMAKE) BUILD=$(BUILD) check

check: all test-programs $(TEST_HELPER_BIN) $(BENCH_BIN)
	@$(SANITIZED) test-programs
	@BUILD=$(BUILD) tests/run $(SUITES) $(SANITIZED_SUITES) \
		$(patsubst %,vm-%,$(subst all,$(ALL_GUESTS),$(GUESTS)))

check-vm:
	@tests/deps.sh build vm
	@$(SUBMAKE) BUILD=$(BUILD) programs $(TEST_HELPER_BIN)
	@BUILD=$(BUILD) tests/run $(ALL_GUESTS:%=vm-%)

check-unit: $(UNIT_BIN)
	@BUILD=$(BUILD) tests/run unit

check-integration: programs $(TEST_HELPER_BIN)
	@BUILD=$(BUILD) tests/run integration

check-meta: all
	@BUILD=$(BUILD) tests/run meta

check-fuzz: $(FUZZ_BIN)
	@BUILD=$(BUILD) tests/run fuzz

asan: $(TEST_HELPER_BIN)
	@$(SANITIZED) test-programs
	@BUILD=$(BUILD) tests/run $(SANITIZED_SUITES)

# Of a helper: what it parses by itself.
MANIFEST_OBJ = $(BUILD)/obj/helpers/image/manifest.o
$(BUILD)/tests/fuzz-image: $(MANIFEST_OBJ)
LIBS_fuzz-image = -lnettle
SRC_fuzz-image = helpers/image/manifest.c

$(UNIT_BIN): $(UNIT_OBJ) $(MANIFEST_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -pie -o $@ $^ $(LIBS) -lnettle -lresolv -lcriterion

$(FUZZ_BIN): $(BUILD)/tests/fuzz-%: $(BUILD)/obj/tests/fuzz/%.o \
		$(BUILD)/obj/tests/helpers/corpus.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)$(LINK) -pie -o $@ $(filter-out $(LIB),$^) $(LIB) $(LIBS) $(LIBS_fuzz-$*) -lresolv

# Never sanitized: they run inside sandboxes, or with a sanitized sbox below them.
$(TEST_HELPER_BIN): $(BUILD)/tests/%: tests/helpers/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CPPFLAGS) -std=gnu17 $(WARNINGS) -O2 -g -MMD -MP -MF $@.d -static -o $@ $< \
		$(LIBS_$*)
LIBS_callmatrix = -lseccomp
LIBS_deny = -lseccomp
LIBS_selfcheck = -lseccomp

$(BENCH_BIN): $(BUILD)/tests/%: tests/bench/%.c $(LIB) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CPPFLAGS) -std=gnu17 $(WARNINGS) -O2 -g -MMD -MP -MF $@.d -static -o $@ $< \
		$(LIB) $(LIBS)

bench:
	@tests/deps.sh build run bench
	@$(SUBMAKE) BUILD=$(BUILD) programs $(BENCH_BIN)
	@BUILD=$(BUILD) tests/bench/run
	@BUILD=$(BUILD) tests/bench/filter
	@BUILD=$(BUILD) tests/bench/network
	@BUILD=$(BUILD) tests/bench/layer

# Looks for new inputs: make fuzz TARGET=NAME [SECONDS=60]
SECONDS = 60
fuzz:
	@tests/deps.sh build fuzz
	@mkdir -p $(BUILD)/fuzz/$(TARGET)
	clang $(ALL_CPPFLAGS) -DSBOX_FILTER_SOURCES='""' -std=gnu17 -g -O1 -fsanitize=fuzzer,address,undefined \
		-o $(BUILD)/fuzz/$(TARGET).bin tests/fuzz/$(TARGET).c \
		$(filter-out src/main.c src/cmd/% src/stage/%,$(SRC)) $(SRC_fuzz-$(TARGET)) \
		$(LIBS) $(LIBS_fuzz-$(TARGET)) -lresolv
	$(BUILD)/fuzz/$(TARGET).bin -max_total_time=$(SECONDS) \
		$(BUILD)/fuzz/$(TARGET) tests/fuzz/corpus/$(TARGET)

# ---- Looking at the text --------------------------------------------------------------------

C_FILES = $(wildcard src/*.c src/*/*.c src/*/*.h helpers/*.c helpers/*/*.[ch] tests/*/*.c tests/*/*.h)
SCRIPTS = .ci/run tests/run tests/vm/image $(wildcard tests/*.sh tests/*.bash tests/integration/lib.bash) \
	tests/bench/run tests/bench/filter tests/bench/layer tests/bench/network $(shell grep -lE '^.!.*bash' tests/meta/* 2>/dev/null)

format:
	clang-format -i $(C_FILES)

# Other versions have other opinions; then nothing is checked.
check-format:
	@tests/deps.sh lint
	@case $$(clang-format --version) in \
	*' version 14.'*) clang-format --dry-run -Werror $(C_FILES) ;; \
	*) echo 'check-format: the style is that of clang-format 14 (Debian 12); not checked' ;; \
	esac

# CC's own warnings come with WERROR=yes; this looks for what a compiler does not.
tidy:
	@tests/deps.sh build lint
	shellcheck -x -e SC2001,SC2016 $(SCRIPTS)
	@case $$(clang-tidy --version) in \
	*' version 14.'*) ;; \
	*) echo 'tidy: .clang-tidy is for clang-tidy 14 (Debian 12); C is not checked'; exit 0 ;; \
	esac; \
	printf '%s\n' $(SRC) $(HELPER_SRC) | xargs -P $$(nproc) -n 1 sh -c \
		'[ "$$1" != src/base/err.c ] || own=-DANALYZER_OWN_ERR; \
		exec clang-tidy --quiet "$$1" -- -std=gnu17 -include tests/meta/analyzer.h $$own \
			-DSBOX_FILTER_SOURCES=\"\" $(subst ','\'',$(ALL_CPPFLAGS))' tidy

# ---- Installing -----------------------------------------------------------------------------

install: all
	$(INSTALL) -d $(addprefix $(DESTDIR), $(BINDIR) $(LIBEXECDIR) $(DATADIR)/profiles \
		$(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man7 $(BASH_COMPLETION_DIR) \
		$(ZSH_COMPLETION_DIR) $(FISH_COMPLETION_DIR))
	$(INSTALL) -m 755 $(BUILD)/sbox $(DESTDIR)$(BINDIR)/sbox
	$(INSTALL) -m 755 $(HELPER_BIN) $(DESTDIR)$(LIBEXECDIR)
	$(INSTALL) -m 644 $(PROFILE_FILES) $(DESTDIR)$(DATADIR)/profiles
	for page in $(MAN_PAGES); do \
		$(INSTALL) -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.} || exit 1; done
	$(INSTALL) -m 644 $(BUILD)/completions/sbox.bash $(DESTDIR)$(BASH_COMPLETION_DIR)/sbox
	$(INSTALL) -m 644 $(BUILD)/completions/sbox.zsh $(DESTDIR)$(ZSH_COMPLETION_DIR)/_sbox
	$(INSTALL) -m 644 $(BUILD)/completions/sbox.fish \
		$(DESTDIR)$(FISH_COMPLETION_DIR)/sbox.fish
	for rule in 4.0/sbox 3.0/sbox-payload; do \
		[ -e $(APPARMOR_DIR)/abi/$${rule%/*} ] || continue; \
		name=$${rule#*/}; \
		$(INSTALL) -d $(DESTDIR)$(APPARMOR_DIR) && \
		sed 's|@BINDIR@|$(BINDIR)|' profiles/apparmor.d/$$name \
			>$(DESTDIR)$(APPARMOR_DIR)/$$name && \
		{ [ -n "$(DESTDIR)" ] || apparmor_parser -r $(APPARMOR_DIR)/$$name || true; }; done

# Only what install has put there; the configuration in SYSCONFDIR is the administrator's.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/sbox $(HELPERS:%=$(DESTDIR)$(LIBEXECDIR)/%) \
		$(PROFILES:%=$(DESTDIR)$(DATADIR)/profiles/%.conf) \
		$(foreach page,$(notdir $(MAN_PAGES)),\
			$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page)) \
		$(DESTDIR)$(BASH_COMPLETION_DIR)/sbox $(DESTDIR)$(ZSH_COMPLETION_DIR)/_sbox \
		$(DESTDIR)$(FISH_COMPLETION_DIR)/sbox.fish \
		$(DESTDIR)$(APPARMOR_DIR)/sbox $(DESTDIR)$(APPARMOR_DIR)/sbox-payload
	-rmdir $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)/profiles $(DESTDIR)$(DATADIR)

clean:
	rm -rf $(BUILD)

help:
	@echo 'make [all]          build sbox, its man pages and completions in $(BUILD)/'
	@echo 'make run            bring what is missing, build, and open a shell in a sandbox;'
	@echo '                    APP="PROGRAM ARGS" PROFILE=NAME for something else'
	@echo 'make test           bring what tests need, build, and run every test'
	@echo 'make check          the same without bringing anything'
	@echo 'make check-unit check-integration check-meta check-fuzz'
	@echo '                    one suite; also: tests/run integration FILE.bats...'
	@echo 'make check-vm       tests in virtual machines of Debian 12 and 13 (tests/vm/run);'
	@echo '                    GUESTS=all adds them to make test, GUESTS="debian13" only that'
	@echo 'make asan           the tests under AddressSanitizer and UBSan'
	@echo 'make bench          start-up time and memory against bwrap and the bare kernel'
	@echo 'make fuzz TARGET=T  look for inputs that break a parser'
	@echo 'make tidy format check-format'
	@echo '                    static analysis; the code style, mended or checked'
	@echo 'make install        into PREFIX=$(PREFIX) (DESTDIR= for packagers); uninstall'
	@echo 'make clean          remove $(BUILD)/'
	@echo 'STATIC=no           a dynamically linked launcher; WERROR=yes: no warnings'

# For scripts: the value of a list above.
print-%:
	@printf '%s\n' $($*)

-include $(OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(TEST_HELPER_BIN:=.d) $(BENCH_BIN:=.d) \
	$(HELPER_SRC:%.c=$(BUILD)/obj/%.d) $(FUZZ_TARGETS:%=$(BUILD)/obj/tests/fuzz/%.d)
