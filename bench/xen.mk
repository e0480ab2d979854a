# SPDX-License-Identifier: BSD-2-Clause
# Xen with its OP-TEE mediator, which Debian's binaries lack.

XEN_ROOT := $(B)/xen/root/xen/xen
XEN_MAKE := $(MAKE) -C $(XEN_ROOT) XEN_TARGET_ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
	XEN_CONFIG_EXPERT=y debug=n PYTHON=/usr/bin/python3

$(B)/xen/root/versions: bench/fetch $(B)/apt/bookworm/updated
	bench/fetch $(B)/xen/root bookworm src:xen

$(B)/xen/xen: $(B)/xen/root/versions
	$(call log,Xen)
	printf 'CONFIG_%s=y\n' UNSUPPORTED TEE OPTEE > $(XEN_ROOT)/.config
	{ $(XEN_MAKE) olddefconfig && $(XEN_MAKE) build; } > $(B)/xen/log 2>&1 || \
		{ tail $(B)/xen/log; exit 1; }
	grep -qx CONFIG_OPTEE=y $(XEN_ROOT)/.config
	cp $(XEN_ROOT)/xen $@
