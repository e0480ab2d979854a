# SPDX-License-Identifier: BSD-2-Clause
# make help lists the targets. Everything that is made or fetched is in build/.

B := build
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

ifneq ($(words $(CURDIR)),1)
$(error The kernel's build cannot stand a space in a path: move this checkout out of "$(CURDIR)")
endif

VERSION := $(shell cat VERSION)

log = @echo "== $1"

#@ This checkout

help: ## This list
	@awk -F ':.*## ' '/^#@ / { group = substr($$0, 4) } \
		/^[a-z-]+:.*## / { if (group) print group; group = ""; printf "  make %-16s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

# The machine's packages, and package lists of other suites beside its own.
packages:
	@bench/install-packages

$(B)/apt/%/updated: bench/apt | packages
	$(call log,package lists of $*)
	bench/apt $* apt-get update
	touch $@

include bench/firmware.mk bench/qemu.mk xen/xen.mk optee-os/optee-os.mk benchmark/benchmark.mk linux/linux.mk u-boot/u-boot.mk shim/shim.mk packages/packages.mk bench/own.mk tests/tests.mk

run: $(B)/firmware/trixie-virtualized.bin $(B)/rootfs/trixie.cpio $(B)/linux/6.12/modules.cpio $(if $(OWN),own) ## The stock driver and ours on the same firmware, before and after
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m bench.run $(OWN)

update: ## Forget the package lists and what was made from them: take what the suites have now
	rm -rf $(B)/apt $(B)/libteec $(B)/bench $(B)/optee $(B)/tfa $(B)/linux $(B)/rootfs $(B)/firmware $(B)/qemu $(B)/cbmc $(B)/xen $(B)/u-boot $(B)/shim $(B)/series $(B)/packages $(B)/debian

clean: ## Remove everything that was made or fetched
	rm -rf $(B)

run: | packages

.PHONY: help packages run update clean
