# SPDX-License-Identifier: BSD-2-Clause
# TF-A with one of Debian's OP-TEE builds, as the image that QEMU starts from:
# $(B)/firmware/SUITE-{virtualized,plain}.bin, or without any: trixie-none.bin; and
# the root file system whose trusted applications fit it: $(B)/rootfs/SUITE.cpio.

OPTEE_BUILD_virtualized := vexpress-qemu_armv8a-virtualized
OPTEE_BUILD_plain := vexpress-qemu_armv8a

# Where BL31 enters the normal world, also bench/board.py's KERNEL.
BL33 := 0x42200000

TFA := $(B)/tfa/root/arm-trusted-firmware
TFA_OUT := $(TFA)/build/qemu/debug
bl32 = $(B)/optee/$1/root/usr/lib/optee/$(OPTEE_BUILD_$2)
bl32_files = $(addprefix $(abspath $(call bl32,$1,$2))/,tee-header_v2.bin tee-pager_v2.bin tee-pageable_v2.bin)

$(B)/optee/%/root/versions: bench/fetch $(B)/apt/%/updated
	bench/fetch $(B)/optee/$*/root $* optee-os:arm64 optee-os-dev:arm64

$(B)/tfa/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(B)/tfa/root trixie src:arm-trusted-firmware

TFA_MAKE := $(MAKE) -C $(TFA) CROSS_COMPILE=aarch64-linux-gnu- PLAT=qemu \
	QEMU_USE_GIC_DRIVER=QEMU_GICV3 ARM_LINUX_KERNEL_AS_BL33=1 \
	PRELOADED_BL33_BASE=$(BL33) DEBUG=1 LOG_LEVEL=30

$(TFA_OUT)/fip.bin: $(B)/tfa/root/versions $(B)/optee/trixie/root/versions
	$(call log,TF-A)
	$(TFA_MAKE) SPD=opteed BL32_RAM_LOCATION=tdram \
		BL32=$(word 1,$(call bl32_files,trixie,virtualized)) \
		BL32_EXTRA1=$(word 2,$(call bl32_files,trixie,virtualized)) \
		BL32_EXTRA2=$(word 3,$(call bl32_files,trixie,virtualized)) \
		all fip > $(B)/tfa/log 2>&1 || { tail $(B)/tfa/log; exit 1; }

# The same without OP-TEE. After the other: two builds share tools.
$(B)/firmware/trixie-none.bin: $(TFA_OUT)/fip.bin
	$(call log,TF-A without OP-TEE)
	mkdir -p $(@D)
	$(TFA_MAKE) BUILD_BASE=build-none all fip > $(B)/tfa/log-none 2>&1 || \
		{ tail $(B)/tfa/log-none; exit 1; }
	cp $(TFA)/build-none/qemu/debug/bl1.bin $@.part
	dd if=$(TFA)/build-none/qemu/debug/fip.bin of=$@.part bs=4096 seek=64 status=none
	mv $@.part $@

# The flash: BL1 at 0, the firmware image package at 256 KiB.
define firmware
$(B)/firmware/%-$1.bin: $(TFA_OUT)/fip.bin $(B)/optee/%/root/versions
	mkdir -p $$(@D)
	cp $(TFA_OUT)/fip.bin $$@.fip
	$(TFA)/tools/fiptool/fiptool update \
		--tos-fw $$(word 1,$$(call bl32_files,$$*,$1)) \
		--tos-fw-extra1 $$(word 2,$$(call bl32_files,$$*,$1)) \
		--tos-fw-extra2 $$(word 3,$$(call bl32_files,$$*,$1)) $$@.fip
	cp $(TFA_OUT)/bl1.bin $$@.part
	dd if=$$@.fip of=$$@.part bs=4096 seek=64 status=none
	rm $$@.fip
	mv $$@.part $$@
endef
$(foreach build,virtualized plain,$(eval $(call firmware,$(build))))

$(B)/rootfs/%.cpio: bench/rootfs/build bench/rootfs/init $(B)/optee/%/root/versions
	$(call log,root file system of $*)
	mkdir -p $(@D)
	bench/rootfs/build $(abspath $@) $* $(abspath $(B)/optee/$*/root)
