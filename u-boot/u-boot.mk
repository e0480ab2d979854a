# SPDX-License-Identifier: GPL-2.0-or-later
# U-Boot for the bench and for a user's own tree.

UBOOT_VERSIONS := 2023.01 2025.01
# Too old for the change: only its source is of use, to see it refused.
UBOOT_TOO_OLD := 2021.01
# The suites that may have it, tried in this order.
UBOOT_SUITES_2021.01 := bullseye
UBOOT_SUITES_2023.01 := bookworm
UBOOT_SUITES_2025.01 := trixie sid

UBOOT_FILES := $(filter-out u-boot/series core/ffa_%,$(wildcard core/* u-boot/*))

# $(B)/u-boot/VERSION/: root (the source), and a folder with a u-boot.bin for each
# way to build it.
UBOOT_OPTIONS_off := CONFIG_OPTEE_VIRT_COMPAT=n
UBOOT_OPTIONS_id-1 := CONFIG_OPTEE_VIRT_COMPAT=y
# What is kept is of use to a firmware TPM.
UBOOT_OPTIONS_keep := CONFIG_OPTEE_VIRT_COMPAT=y CONFIG_OPTEE_VIRT_COMPAT_KEEP=y \
	CONFIG_TPM2_FTPM_TEE=y
UBOOT_WAYS := stock off id-1 keep

define uboot_source
$(B)/u-boot/$1/root/versions: bench/fetch $(foreach suite,$(UBOOT_SUITES_$1),$(B)/apt/$(suite)/updated)
	for suite in $(UBOOT_SUITES_$1); do \
		bench/fetch $$(@D) $$$$suite src:u-boot && \
		grep '^u-boot $1' $$@ && exit; \
	done; \
	rm -rf $$(@D); echo "no suite offers U-Boot $1 any more" >&2; exit 1

u-boot-$1: $(B)/u-boot/$1/root/versions
.PHONY: u-boot-$1
endef
$(foreach version,$(UBOOT_TOO_OLD) $(UBOOT_VERSIONS),$(eval $(call uboot_source,$(version))))

define uboot_version
$(B)/u-boot/$1/stock/u-boot.bin: u-boot/build $(B)/u-boot/$1/root/versions
	$$(call log,U-Boot $1)
	u-boot/build $$(@D) $(B)/u-boot/$1/root/u-boot

$(B)/u-boot/$1/%/u-boot.bin: $(UBOOT_FILES) $(B)/u-boot/$1/stock/u-boot.bin
	$$(call log,U-Boot $1: $$*)
	u-boot/build $$(@D) $(B)/u-boot/$1/stock/src $$(UBOOT_OPTIONS_$$*)

u-boot-$1: $(foreach way,$(UBOOT_WAYS),$(B)/u-boot/$1/$(way)/u-boot.bin)
endef
$(foreach version,$(UBOOT_VERSIONS),$(eval $(call uboot_version,$(version))))

#@ Your U-Boot

UVER := 2023.01
UBOOT_IMAGE = $(B)/u-boot/$(UVER)/id-1/u-boot.bin
uboot: packages ## U-Boot with the change: UVER=2023.01 or 2025.01, prints the path of u-boot.bin
	@$(if $(filter $(UVER),$(UBOOT_VERSIONS)),,echo "no UVER=$(UVER) here, only $(UBOOT_VERSIONS): for another U-Boot give make uboot-apply USRC=<source>" >&2; exit 1)
	@$(MAKE) --no-print-directory $(UBOOT_IMAGE)
	@echo $(abspath $(UBOOT_IMAGE))

uboot-apply: packages ## The driver's change into a U-Boot tree of yours: USRC=<source>
	@$(if $(USRC),,echo "give U-Boot's source: make uboot-apply USRC=<source>" >&2; exit 1)
	@u-boot/apply "$(USRC)"

uboot-series: packages ## The driver's change as a mail-ready series: USRC=<git tree> OUT=<new folder>
	@core/make-series u-boot series "$(USRC)" "$(OUT)"

uboot-patch: packages ## The driver's change as one patch file: USRC=<git tree> OUT=<new file>
	@core/make-series u-boot patch "$(USRC)" "$(OUT)"

.PHONY: uboot uboot-apply uboot-series uboot-patch
