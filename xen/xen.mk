# SPDX-License-Identifier: GPL-2.0-only
# Xen with its OP-TEE mediator, which Debian's binaries lack, and a user's own tree.

XEN_VERSIONS := 4.17 4.20
# The suites that may have it, tried in this order.
XEN_SUITES_4.17 := bookworm
XEN_SUITES_4.20 := trixie sid

# $(B)/xen/VERSION/: root (the source), and a folder with a xen for each way to build
# it, stock or with the change (inherit).
XEN_WAYS := stock inherit

define xen_version
$(B)/xen/$1/root/versions: bench/fetch $(foreach suite,$(XEN_SUITES_$1),$(B)/apt/$(suite)/updated)
	for suite in $(XEN_SUITES_$1); do \
		bench/fetch $$(@D) $$$$suite src:xen && \
		grep '^xen $1' $$@ && exit; \
	done; \
	rm -rf $$(@D); echo "no suite offers Xen $1 any more" >&2; exit 1

$(B)/xen/$1/stock/xen: xen/build $(B)/xen/$1/root/versions
	$$(call log,Xen $1)
	xen/build $$(@D) $(B)/xen/$1/root/xen

$(B)/xen/$1/inherit/xen: $(wildcard xen/*) core/apply.sh $(B)/xen/$1/root/versions
	$$(call log,Xen $1 with the change)
	xen/build $$(@D) $(B)/xen/$1/root/xen xen/apply

xen-$1: $(foreach way,$(XEN_WAYS),$(B)/xen/$1/$(way)/xen)
.PHONY: xen-$1
endef
$(foreach version,$(XEN_VERSIONS),$(eval $(call xen_version,$(version))))

# As Debian packages it, without mediators.
$(B)/xen/trixie/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(@D) trixie xen-hypervisor-4.20-arm64:arm64

$(B)/xen/trixie/packaged/xen: $(B)/xen/trixie/root/versions
	mkdir -p $(@D)
	zcat -f $(B)/xen/trixie/root/boot/xen-*-arm64 > $@.part
	mv $@.part $@

#@ Xen and OP-TEE

xen-apply: packages ## The mediator's change into a Xen tree of yours: XSRC=<source>
	@$(if $(XSRC),,echo "give Xen's source: make xen-apply XSRC=<source>" >&2; exit 1)
	@xen/apply "$(XSRC)"

xen-series: packages ## The mediator's change as a patch for Xen: XSRC=<git tree> OUT=<new folder>
	@core/make-series xen series "$(XSRC)" "$(OUT)"

.PHONY: xen-apply xen-series
