# SPDX-License-Identifier: BSD-2-Clause
# Debian packages and releases.

PACKAGES := $(B)/packages
PACKAGE_FILES := packages/build-deb packages/news CHANGELOG.md VERSION $(wildcard packages/debian/* packages/man/*)

# The shim, and the source of its tool.
WRAP_SOURCE := $(WRAP_FILES) $(SHIM)/shim.bin

SHIM_DEBS := $(foreach arch,amd64 arm64,$(PACKAGES)/optee-shim_$(VERSION)_$(arch).deb)
DKMS_DEB := $(PACKAGES)/optee-virt-compat-dkms_$(VERSION)_all.deb

# The date of the commit, or else of the source as it was packed.
$(SHIM_DEBS) $(DKMS_DEB) dist: export SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2> /dev/null),$(shell stat -c %Y VERSION))

$(PACKAGES)/etc/default/optee-shim: $(wildcard packages/shim/*)
	rm -rf $(PACKAGES)/etc
	mkdir -p $(@D) $(PACKAGES)/etc/kernel/postinst.d $(PACKAGES)/etc/kernel/postrm.d
	cp packages/shim/hook $(PACKAGES)/etc/kernel/postinst.d/optee-shim
	cp packages/shim/hook $(PACKAGES)/etc/kernel/postrm.d/optee-shim
	cp packages/shim/default $@

$(PACKAGES)/optee-shim_$(VERSION)_%.deb: $(PACKAGE_FILES) $(WRAP_SOURCE) $(PACKAGES)/etc/default/optee-shim
	$(call log,optee-shim for $*)
	packages/build-deb $@ $* $(WRAP_SOURCE) $(PACKAGES)/etc packages/shim/optee-shim-kernels

$(PACKAGES)/dkms/dkms.conf: packages/pack-dkms $(wildcard packages/dkms/*) $(DRIVER_FILES) $(LINES:%=$(B)/linux/%/ready)
	$(call log,driver of $(LINES) for dkms)
	packages/pack-dkms $(@D) $(LINES:%=$(B)/linux/%)

$(DKMS_DEB): $(PACKAGE_FILES) $(PACKAGES)/dkms/dkms.conf
	$(call log,optee-virt-compat-dkms)
	packages/build-deb $@ all $(PACKAGES)/dkms/dkms $(PACKAGES)/dkms/dkms.conf

#@ Packages and releases

shim-deb: $(SHIM_DEBS) ## Packages of the shim and the tool that wraps it, prints their paths
	@printf '%s\n' $(abspath $^)

dkms-deb: $(DKMS_DEB) ## Package with the driver for DKMS, prints its path
	@echo $(abspath $<)

UBOOT_SOURCES := $(UBOOT_VERSIONS:%=$(B)/u-boot/%/root/versions)

dist: packages ## A release, the same bytes each time it is made of a commit: OUT=<new folder>
	@packages/dist "$(OUT)" "$(LINES)" "$(UBOOT_VERSIONS)" "$(WRAP_SOURCE)"
	@rm -f $(SHIM_DEBS) $(DKMS_DEB) # of an earlier commit's date
	@$(MAKE) --no-print-directory $(SHIM_DEBS) $(DKMS_DEB) $(UBOOT_SOURCES) $(B)/linux/newest/ready
	@packages/dist "$(OUT)" "$(LINES)" "$(UBOOT_VERSIONS)" "$(WRAP_SOURCE)" $(SHIM_DEBS) $(DKMS_DEB)

.PHONY: shim-deb dkms-deb dist
