# SPDX-License-Identifier: GPL-2.0-only
# The driver for the kernel lines of the bench and for a user's own tree.

LINES := 5.10 6.1 6.12
SUITE_5.10 := bullseye
SUITE_6.1 := bookworm
SUITE_6.12 := bookworm-backports

NEWEST_LINE := $(lastword $(LINES))

DRIVER_FILES := VERSION $(filter-out core/ffa_% linux/ffa linux/linux.mk linux/build-kernel linux/whole%,$(wildcard core/* linux/*))

# $(B)/linux/LINE/: root (the packages, unpacked), src (the driver's source), and
# a folder with an optee.ko for each way to build it.
kdir = $(wildcard $(B)/linux/$1/root/usr/src/linux-headers-*-arm64)

# A module of tests/, for a kernel's build folder or headers.
define test_module
	rm -rf $(@D)
	cp -r tests/$(notdir $(@D)) $(@D)
	$(MAKE) -C $1 M=$(abspath $(@D)) ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
		CC=aarch64-linux-gnu-gcc CONFIG_DEBUG_INFO_BTF_MODULES= W=1 modules
endef

define kernel_line
$(B)/linux/$1/ready: bench/fetch bench/kernel-packages linux/unpack-source $(B)/apt/$(SUITE_$1)/updated
	$$(call log,kernel $1)
	packages=$$$$(bench/kernel-packages $(SUITE_$1) $1) && \
		bench/fetch $(B)/linux/$1/root $(SUITE_$1) $$$$packages
	linux/unpack-source $(B)/linux/$1
	touch $$@

$(B)/linux/$1/vmlinuz: $(B)/linux/$1/ready ;

$(B)/linux/$1/%/optee.ko: $(DRIVER_FILES) $(B)/linux/$1/ready
	$$(call log,optee.ko for $1: $$*)
	linux/build-module $$(@D) $(B)/linux/$1/src $$(call kdir,$1) $$(patsubst id-%,%,$$*) W=1 C=2

$(B)/linux/$1/smccall/smccall.ko: $(wildcard tests/smccall/*) $(B)/linux/$1/ready
	$$(call test_module,$$(call kdir,$1))

MODULES_$1 := $(foreach way,stock off id-1 id-7,$(B)/linux/$1/$(way)/optee.ko) $(B)/linux/$1/smccall/smccall.ko \
	$(if $(filter $(NEWEST_LINE),$1),$(B)/linux/$1/first/optee.ko)

$(B)/linux/$1/modules.cpio: bench/pack-modules $$(MODULES_$1)
	bench/pack-modules $$(abspath $$@) $(B)/linux/$1
endef
$(foreach line,$(LINES),$(eval $(call kernel_line,$(line))))

# Debian's newest kernel with its own driver. Which suite has it is found out now.
NEWEST_SUITES := trixie-backports sid

$(B)/linux/newest/ready: bench/fetch bench/kernel-packages linux/unpack-source | packages
	$(call log,Debian's newest kernel)
	set -- $$(for suite in $(NEWEST_SUITES); do \
		$(MAKE) --no-print-directory $(B)/apt/$$suite/updated >&2 && \
		packages=$$(bench/kernel-packages $$suite) && echo $$suite $$packages; \
		done | sort -t = -k 2 -V | tail -n 1); \
	[ $$# -gt 0 ] || { echo "no kernel in $(NEWEST_SUITES)" >&2; exit 1; }; \
	bench/fetch $(B)/linux/newest/root "$$@"
	linux/unpack-source $(B)/linux/newest
	touch $@

$(B)/linux/newest/vmlinuz: $(B)/linux/newest/ready ;

$(B)/linux/newest/modules.cpio: bench/pack-modules $(B)/linux/newest/ready
	bench/pack-modules $(abspath $@) $(B)/linux/newest

# What a series is made for, as a git tree, and the series.
SERIES_PARTS := drivers/tee Documentation/tee Documentation/ABI/testing scripts MAINTAINERS
SERIES_FILES := core/make-series $(shell find linux/series -type f) $(DRIVER_FILES)

$(B)/series/%/base/.git/done: $(B)/linux/%/ready
	rm -rf $(B)/series/$*
	mkdir -p $(B)/series/$*/base
	tar xf $(B)/linux/$*/source.tar.xz -C $(B)/series/$*/base --strip-components=1 \
		--wildcards --no-wildcards-match-slash $(SERIES_PARTS:%='*/%')
	git -C $(B)/series/$*/base init -q
	git -C $(B)/series/$*/base add -A
	git -C $(B)/series/$*/base -c user.name=Linux -c user.email=linux@localhost commit -q -m Linux
	touch $@

$(B)/series/%/tree/.git/HEAD: $(SERIES_FILES) $(B)/series/%/base/.git/done
	$(call log,series for $*)
	rm -rf $(B)/series/$*/tree
	GIT_AUTHOR_NAME=Bench GIT_AUTHOR_EMAIL=bench@localhost \
		core/make-series linux tree $(B)/series/$*/base $(B)/series/$*/tree

# The driver of the first two patches.
$(B)/linux/$(NEWEST_LINE)/first/optee.ko: $(B)/series/$(NEWEST_LINE)/tree/.git/HEAD
	rm -rf $(B)/series/$(NEWEST_LINE)/first
	mkdir $(B)/series/$(NEWEST_LINE)/first
	git -C $(B)/series/$(NEWEST_LINE)/tree archive guest | tar x -C $(B)/series/$(NEWEST_LINE)/first
	linux/build-module $(@D) $(B)/series/$(NEWEST_LINE)/first $(call kdir,$(NEWEST_LINE)) 1 W=1 C=2

# Kernels built whole: the newest with our driver in it, and a 32-bit one with our driver
# as two modules, of its own tree (whole) and built outside of it (id-1).
WHOLE := linux/build-kernel linux/whole.config

$(B)/linux/whole/vmlinuz: $(WHOLE) linux/whole-arm64.config $(DRIVER_FILES) $(B)/linux/newest/ready
	$(call log,Debian's newest kernel built with our driver in it)
	linux/build-kernel $(@D) $(B)/linux/newest arm64 Image linux/whole.config linux/whole-arm64.config

$(B)/linux/arm/vmlinuz: $(WHOLE) linux/whole-arm.config $(DRIVER_FILES) $(B)/linux/6.12/ready
	$(call log,32-bit kernel)
	linux/build-kernel $(@D) $(B)/linux/6.12 arm zImage linux/whole.config linux/whole-arm.config

$(B)/linux/arm/id-1/optee.ko: $(B)/linux/arm/vmlinuz
	linux/build-module $(@D) $(B)/linux/6.12/src $(B)/linux/arm/build 1

$(B)/linux/arm/modules.cpio: bench/pack-modules $(B)/linux/arm/id-1/optee.ko
	CROSS_COMPILE=arm-linux-gnueabihf- bench/pack-modules $(abspath $@) $(B)/linux/arm

# The newest with the kernel's own checkers. It takes some half an hour to build; the driver,
# a module, is built beside it.
$(B)/linux/debug/vmlinuz: $(WHOLE) linux/whole-debug.config $(B)/linux/newest/ready
	$(call log,Debian's newest kernel built with its checkers)
	linux/build-kernel $(@D) $(B)/linux/newest arm64 Image linux/whole.config linux/whole-debug.config

$(B)/linux/debug/%/optee.ko: $(DRIVER_FILES) $(B)/linux/debug/vmlinuz
	ANY_KERNEL=1 linux/build-module $(@D) $(B)/linux/newest/src $(B)/linux/debug/build $(patsubst id-%,%,$*)

DEBUG_TESTS := $(foreach name,misdeeds smccall,$(B)/linux/debug/$(name)/$(name).ko)

$(DEBUG_TESTS): $(wildcard tests/misdeeds/* tests/smccall/*) $(B)/linux/debug/vmlinuz
	$(call test_module,$(B)/linux/debug/build)

$(B)/linux/debug/modules.cpio: bench/pack-modules $(foreach way,stock id-1,$(B)/linux/debug/$(way)/optee.ko) $(DEBUG_TESTS)
	bench/pack-modules $(abspath $@) $(B)/linux/debug

# FF-A, without which 6.12 and the kernel with its checkers are built: the driver of their
# source as modules, and OP-TEE's that uses it. $(B)/linux/LINE/ffa/ has the source and a
# folder for each way. Ours without the sender of a fragment, as the stock driver leaves it
# out, is the way "unowned".
FFA := $(B)/linux/6.12/ffa
FFA_FILES := core/apply.sh core/optee_guest_faults_cpus.h \
	$(filter-out linux/ffa/series,$(wildcard core/ffa_guest.* linux/ffa/*))

# $(call pack_ffa,ROOT): what is in ROOT/modules.
define pack_ffa
	/sbin/modinfo -F depends $1/modules/ffa/optee.ko | tr , '\n' > $1/modules/ffa/depends
	find $1 -name '*.ko' -exec aarch64-linux-gnu-strip --strip-debug {} +
	cd $1 && find . | cpio -o -H newc --quiet > $(abspath $@)
endef

# $(call ffa,LINE,SOURCE'S LINE,BUILD FOLDER,READY WHEN,WAYS)
define ffa
$(B)/linux/$1/ffa/src/ready: $(B)/linux/$2/ready
	rm -rf $$(@D)
	mkdir -p $$(@D)
	tar xf $(B)/linux/$2/source.tar.xz -C $$(@D) --strip-components=1 \
		--wildcards 'linux-source-*/drivers/firmware/arm_ffa'
	touch $$@

$(B)/linux/$1/ffa/%/ffa-module.ko: $(FFA_FILES) $(B)/linux/$1/ffa/src/ready $4
	$$(call log,FF-A driver for $1: $$*)
	linux/ffa/build-module $$(@D) $(B)/linux/$1/ffa/src $3 $$(patsubst id-%,%,$$*) W=1 C=2

$(B)/linux/$1/ffa/optee/optee.ko: linux/build-module $(B)/linux/$1/ffa/stock/ffa-module.ko
	ANY_KERNEL=1 linux/build-module $$(@D) $(B)/linux/$2/src $3 stock \
		KCFLAGS=-DCONFIG_ARM_FFA_TRANSPORT_MODULE=1 \
		KBUILD_EXTRA_SYMBOLS=$(abspath $(B)/linux/$1/ffa/stock)/drivers/firmware/arm_ffa/Module.symvers

$(B)/linux/$1/ffa.cpio: $(B)/linux/$1/ffa/optee/optee.ko $(foreach way,$5,$(B)/linux/$1/ffa/$(way)/ffa-module.ko)
	rm -rf $(B)/linux/$1/ffa/root
	mkdir -p $(B)/linux/$1/ffa/root/modules/ffa
	cp $$< $(B)/linux/$1/ffa/root/modules/ffa
	cp $(B)/linux/$1/ffa/stock/ffa-core.ko $(B)/linux/$1/ffa/root/modules
	for way in $5; do cp $(B)/linux/$1/ffa/$$$$way/ffa-module.ko $(B)/linux/$1/ffa/root/modules/ffa-$$$$way.ko; done
	$$(call pack_ffa,$(B)/linux/$1/ffa/root)
endef
$(eval $(call ffa,6.12,6.12,$$(call kdir,6.12),,stock off id-1 unowned))
$(eval $(call ffa,debug,newest,$(B)/linux/debug/build,$(B)/linux/debug/vmlinuz,stock id-1))

$(FFA)/unowned/ffa-module.ko: $(FFA)/id-1/ffa-module.ko
	rm -rf $(@D).src
	mkdir -p $(@D).src/drivers/firmware
	cp -r $(FFA)/id-1/drivers/firmware/arm_ffa $(@D).src/drivers/firmware
	sed -i '/[.]a4 = ffa_virt_compat_owner/d' $(@D).src/drivers/firmware/arm_ffa/driver.c
	linux/ffa/build-module $(@D) $(@D).src $(call kdir,6.12) 1

# Debian's newest has both drivers.
$(B)/linux/newest/ffa.cpio: $(B)/linux/newest/ready
	rm -rf $@.root
	mkdir -p $@.root/modules/ffa
	find $(B)/linux/newest/root -name ffa-module.ko.xz -exec cp {} $@.root/modules/ffa-stock.ko.xz \;
	find $(B)/linux/newest/root -name optee.ko.xz -exec cp {} $@.root/modules/ffa \;
	unxz $@.root/modules/*.xz $@.root/modules/ffa/*.xz
	$(call pack_ffa,$@.root)
	rm -r $@.root

# The driver's source in every other kernel of the suites.
$(B)/linux/suites/%/done: linux/fetch-drivers $(B)/apt/%/updated
	$(call log,sources of the kernels of $*)
	linux/fetch-drivers $(@D) $*
	touch $@

#@ Your Linux

ID := $(or $(CONFIG_OPTEE_VIRT_COMPAT_VM_ID),1)
ifdef KSRC
linux-module: MODULE = $(B)/linux/user/optee.ko
linux-module: packages ## optee.ko: KVER=6.12, 6.1 or 5.10, or a tree of yours: KSRC=<source> KDIR=<build or headers>
	@linux/build-module $(B)/linux/user "$(KSRC)" "$(or $(KDIR),$(KSRC))" $(ID)
	@echo $(abspath $(MODULE))
else
KVER := $(NEWEST_LINE)
linux-module: MODULE = $(B)/linux/$(KVER)/id-$(ID)/optee.ko
linux-module: packages
	@$(if $(filter $(KVER),$(LINES)),,echo "no KVER=$(KVER) here, only $(LINES): for another kernel give KSRC=<source> KDIR=<build>" >&2; exit 1)
	@$(MAKE) --no-print-directory $(MODULE)
	@echo $(abspath $(MODULE))
endif

linux-apply: packages ## The driver's change into a kernel tree of yours: KSRC=<source>
	@$(if $(KSRC),,echo "give the kernel's source: make linux-apply KSRC=<source>" >&2; exit 1)
	@linux/apply "$(KSRC)"

linux-ffa-apply: packages ## The FF-A driver's change into a kernel tree of yours: KSRC=<source>
	@$(if $(KSRC),,echo "give the kernel's source: make linux-ffa-apply KSRC=<source>" >&2; exit 1)
	@linux/ffa/apply "$(KSRC)"

linux-ffa-series: packages ## The FF-A driver's change as a mail-ready patch: KSRC=<git tree> OUT=<new folder>
	@core/make-series linux/ffa series "$(KSRC)" "$(OUT)"

linux-series: packages ## The change as a mail-ready series: KSRC=<git tree> OUT=<new folder>
	@core/make-series linux series "$(KSRC)" "$(OUT)"

linux-patch: packages ## The change as one patch file: KSRC=<git tree> OUT=<new file>
	@core/make-series linux patch "$(KSRC)" "$(OUT)"

.PHONY: linux-module linux-apply linux-ffa-apply linux-ffa-series linux-series linux-patch
