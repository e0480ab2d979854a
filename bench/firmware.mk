# SPDX-License-Identifier: BSD-2-Clause
# TF-A with one of Debian's OP-TEE builds, as the image that QEMU starts from:
# $(B)/firmware/SUITE-{virtualized,plain}.bin, or without any: trixie-none.bin; and
# the root file system whose trusted applications fit it: $(B)/rootfs/SUITE.cpio.
# $(B)/firmware/SUITE-NAME.bin has an OP-TEE that is built here from the suite's source:
#   eight        for eight processors, Debian's is for four
#   ffa          is called by FF-A: OP-TEE is the SPMC at S-EL1, below TF-A's SPMD
#   ffa-crowded  the same without room for even one guest
#   ffa-fixed    the same with its faults fixed by optee-os/
#   ffa-plain    the same without virtualization
#   async        takes ENABLE_ASYNC_NOTIF for guest 0's, as 4.3.0 and 4.4.0 do
#   async-fixed  the same with that fault fixed by optee-os/
#   crowded      has no room for even one guest
#   fixed        has all faults fixed by optee-os/, a firmware TPM and its event log
#   four         has room for four guests
#   oldleave     panics if a guest is removed while it is inside OP-TEE, as up to 4.2.0
#   tpm-log      has a firmware TPM and its event log

# Where BL31 enters the normal world, also KERNEL_ADDRESS of bench/machine.py.
BL33 := 0x42200000

TFA_SOURCE := $(B)/tfa/root/arm-trusted-firmware
TFA_OUT := $(TFA_SOURCE)/build/qemu/debug
bl32_virtualized = $(B)/optee/$1/root/usr/lib/optee/vexpress-qemu_armv8a-virtualized
bl32_plain = $(B)/optee/$1/root/usr/lib/optee/vexpress-qemu_armv8a
OPTEE_FILES := tee-header_v2.bin tee-pager_v2.bin tee-pageable_v2.bin
bl32_files = $(addprefix $(abspath $(call bl32_$2,$1))/,$(OPTEE_FILES))

$(B)/optee/%/root/versions: bench/fetch $(B)/apt/%/updated
	bench/fetch $(B)/optee/$*/root $* optee-os:arm64 optee-os-dev:arm64

$(B)/optee/%-source/root/versions: bench/fetch $(B)/apt/%/updated
	bench/fetch $(B)/optee/$*-source/root $* src:optee-os

# What stands for a firmware TPM, an early trusted application: U-Boot and Linux find it by
# this name.
FTPM := $(B)/optee/ftpm/bc50d971-d4c9-42c4-82cb-343fb7f37896.stripped.elf
FTPM_KIT := $(abspath $(B)/optee/sid/root/usr/lib/optee-os-dev/vexpress-qemu_armv8a-virtualized)

$(FTPM): $(wildcard tests/ftpm/*) $(B)/optee/sid/root/versions
	rm -rf $(@D)
	cp -r tests/ftpm $(@D)
	$(MAKE) -C $(@D) -f $(FTPM_KIT)/mk/ta_dev_kit.mk BINARY=$(notdir $(@:.stripped.elf=)) \
		CROSS_COMPILE=aarch64-linux-gnu- CROSS_COMPILE_ta_arm64=aarch64-linux-gnu- \
		PYTHON3=/usr/bin/python3 > $(@D).log 2>&1 || { tail $(@D).log; exit 1; }

# What is built here is built from a copy of the source, of which bench/optee/NAME.sed
# changes one file, the same for NAME and NAME-fixed. Git would give OP-TEE the revision of
# this repository.
OPTEE_BUILDS := eight async async-fixed crowded fixed four oldleave tpm-log ffa ffa-crowded ffa-fixed ffa-plain
optee_eight := CFG_TEE_CORE_NB_CORE=8
optee_ffa := CFG_CORE_SEL1_SPMC=y
optee_ffa-crowded := $(optee_ffa) CFG_VIRT_GUEST_COUNT=64
# OP-TEE's own test of notifications does not bear with guests that come and go.
optee_ffa-fixed := $(optee_ffa) CFG_NOTIF_TEST_WD=n
optee_ffa-plain := $(optee_ffa) CFG_NS_VIRTUALIZATION=n
optee_async := CFG_OPTEE_REVISION_MAJOR=4 CFG_OPTEE_REVISION_MINOR=4
# It divides the memory of trusted applications.
optee_crowded := CFG_VIRT_GUEST_COUNT=64
optee_four := CFG_VIRT_GUEST_COUNT=4
# OP-TEE's own test of notifications enters guests from timer interrupts.
optee_oldleave := CFG_NOTIF_TEST_WD=n
optee_async-fixed := $(optee_async)
optee_fixed := CFG_CORE_TPM_EVENT_LOG=y EARLY_TA_PATHS=$(abspath $(FTPM))
optee_tpm-log := $(optee_fixed)
edit_async := core/arch/arm/tee/entry_fast.c
edit_async-fixed := $(edit_async)
edit_oldleave := core/arch/arm/kernel/virtualization.c
FIXED := fixed async-fixed ffa-fixed

optee_sed = $(if $(edit_$1),bench/optee/$(firstword $(subst -, ,$1)).sed)

define optee_build
bl32_$1 = $(B)/optee/$$1-$1/out/core

$(B)/optee/%-$1/built: $(B)/optee/%-source/root/versions $(call optee_sed,$1) $(if $(findstring EARLY_TA,$(optee_$1)),$(FTPM)) $(if $(filter $1,$(FIXED)),core/apply.sh $(wildcard optee-os/*))
	$$(call log,OP-TEE of $$*: $1)
	rm -rf $$(@D)
	cp -r $(B)/optee/$$*-source/root/optee-os $$(@D)
	$(if $(edit_$1),sed -i.before -f $(call optee_sed,$1) $$(@D)/$(edit_$1)
	! cmp -s $$(@D)/$(edit_$1).before $$(@D)/$(edit_$1) || \
		{ echo "$(call optee_sed,$1) does not fit this source" >&2; exit 1; })
	$(if $(filter $1,$(FIXED)),optee-os/apply $$(@D))
	GIT_CEILING_DIRECTORIES=$(abspath $(B)) $$(MAKE) -j$$$$(nproc) -C $$(@D) PLATFORM=vexpress-qemu_armv8a O=out \
		CROSS_COMPILE64=aarch64-linux-gnu- PYTHON3=/usr/bin/python3 CFG_ARM64_core=y \
		CFG_USER_TA_TARGETS=ta_arm64 CFG_ARM_GICV3=y CFG_TEE_CORE_LOG_LEVEL=3 \
		CFG_NS_VIRTUALIZATION=y $(optee_$1) $(addprefix out/core/,$(OPTEE_FILES)) \
		> $$(@D)/log 2>&1 || { tail $$(@D)/log; exit 1; }
	touch $$@
endef
$(foreach build,$(OPTEE_BUILDS),$(eval $(call optee_build,$(build))))

$(B)/tfa/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(B)/tfa/root trixie src:arm-trusted-firmware

# Without SVE in the secure world a CPU that has it traps OP-TEE's floating point to EL3.
TFA_MAKE := $(MAKE) CROSS_COMPILE=aarch64-linux-gnu- PLAT=qemu \
	QEMU_USE_GIC_DRIVER=QEMU_GICV3 ARM_LINUX_KERNEL_AS_BL33=1 \
	PRELOADED_BL33_BASE=$(BL33) DEBUG=1 LOG_LEVEL=30 ENABLE_SVE_FOR_SWD=1

# $(call tfa,SOURCE,OPTEE-FILES,LOG,MAKE-ARGUMENTS): TF-A that starts this OP-TEE.
define tfa
$(TFA_MAKE) -C $1 BL32_RAM_LOCATION=tdram BL32=$(word 1,$2) \
		BL32_EXTRA1=$(word 2,$2) BL32_EXTRA2=$(word 3,$2) $4 all fip > $3 2>&1 || \
		{ tail $3; exit 1; }
endef

# TF-A's make does not build anew what was built with other settings.
$(TFA_OUT)/fip.bin: bench/firmware.mk $(B)/tfa/root/versions $(B)/optee/trixie/root/versions
	$(call log,TF-A)
	rm -rf $(addprefix $(TFA_SOURCE)/,build build-none build-spmd)
	$(call tfa,$(TFA_SOURCE),$(call bl32_files,trixie,virtualized),$(B)/tfa/log,SPD=opteed)

# The same without OP-TEE. After the other: two builds share tools.
$(B)/firmware/trixie-none.bin: $(TFA_OUT)/fip.bin
	$(call log,TF-A without OP-TEE)
	mkdir -p $(@D)
	$(TFA_MAKE) -C $(TFA_SOURCE) BUILD_BASE=build-none all fip > $(B)/tfa/log-none 2>&1 || \
		{ tail $(B)/tfa/log-none; exit 1; }
	cp $(TFA_SOURCE)/build-none/qemu/debug/bl1.bin $@.part
	dd if=$(TFA_SOURCE)/build-none/qemu/debug/fip.bin of=$@.part bs=4096 seek=64 status=none
	mv $@.part $@

# The same with OP-TEE as the SPMC, which it calls by FF-A.
TFA_SPMD := $(TFA_SOURCE)/build-spmd/qemu/debug

$(TFA_SPMD)/fip.bin: bench/optee/spmc.dts $(TFA_OUT)/fip.bin
	$(call log,TF-A that speaks FF-A)
	$(call tfa,$(TFA_SOURCE),$(call bl32_files,trixie,virtualized),$(B)/tfa/log-spmd,BUILD_BASE=build-spmd \
		SPD=spmd SPMD_SPM_AT_SEL2=0 SPMC_OPTEE=1 CTX_INCLUDE_EL2_REGS=0 ENABLE_SME_FOR_NS=0 \
		ENABLE_SME_FOR_SWD=0 QEMU_TOS_FW_CONFIG_DTS=$(abspath $<))

# $(call flash,OUT,TF-A,OPTEE-FILES): BL1 at 0, the firmware image package at 256 KiB.
define flash
	mkdir -p $(dir $1)
	cp $2/fip.bin $1.fip
	$(TFA_SOURCE)/tools/fiptool/fiptool update --tos-fw $(word 1,$3) \
		--tos-fw-extra1 $(word 2,$3) --tos-fw-extra2 $(word 3,$3) $1.fip
	cp $2/bl1.bin $1.part
	dd if=$1.fip of=$1.part bs=4096 seek=64 status=none
	rm $1.fip
	mv $1.part $1
endef

define firmware
$(B)/firmware/%-$1.bin: $3/fip.bin $(B)/optee/%$2
	$$(call flash,$$@,$3,$$(call bl32_files,$$*,$1))
endef
$(foreach build,virtualized plain,$(eval $(call firmware,$(build),/root/versions,$(TFA_OUT))))
$(foreach build,$(OPTEE_BUILDS),$(eval $(call firmware,$(build),-$(build)/built,$(if $(filter ffa%,$(build)),$(TFA_SPMD),$(TFA_OUT)))))

$(B)/rootfs/%.cpio: bench/rootfs/build bench/rootfs/init bench/unpack $(B)/optee/%/root/versions
	$(call log,root file system of $*)
	mkdir -p $(@D)
	bench/rootfs/build $(abspath $@) $* $(abspath $(B)/optee/$*/root) arm64 \
		optee-test-qemu,libckteec0t64,kexec-tools

# EDK2 where BL31 enters the normal world, which reads the device tree as a kernel does.
$(B)/edk2/root/versions: bench/fetch $(B)/apt/bookworm/updated
	bench/fetch $(@D) bookworm src:edk2

$(B)/edk2/tools/versions: bench/fetch $(B)/apt/bookworm/updated
	bench/fetch $(@D) bookworm acpica-tools

$(B)/edk2/QEMU_EFI.fd: bench/edk2 $(B)/edk2/root/versions $(B)/edk2/tools/versions
	$(call log,EDK2)
	bench/edk2 $(@D) $(B)/edk2/root/edk2 $(B)/edk2/tools

# What Debian's installer puts into the EFI system partition.
$(B)/grub/root/versions: bench/fetch $(B)/apt/bookworm/updated
	bench/fetch $(@D) bookworm grub-efi-arm64-signed:arm64 shim-signed:arm64

# What an administrator makes boot entries with, to be put behind the root file system.
$(B)/efibootmgr/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(@D) trixie efibootmgr:arm64 libefivar1t64:arm64 libefiboot1t64:arm64 libpopt0:arm64

$(B)/efibootmgr/efibootmgr.cpio: $(B)/efibootmgr/root/versions
	cd $(<D) && find usr/bin usr/lib | cpio -o -H newc -R 0:0 --quiet > $(abspath $@)

# systemd's boot loader, its stub, and what makes unified kernel images, run where it is.
$(B)/systemd/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(@D) trixie systemd-boot-efi:arm64 systemd-ukify python3-pefile

# What its installation and kernel-install would put into the EFI system partition.
SYSTEMD := $(B)/systemd/root/usr/lib

$(B)/systemd/esp/unified.efi: $(B)/systemd/root/versions $(B)/linux/6.12/ready $(B)/linux/6.12/modules.cpio $(B)/rootfs/trixie.cpio
	mkdir -p $(@D)/loader/entries
	cp $(SYSTEMD)/systemd/boot/efi/systemd-bootaa64.efi $(@D)
	echo timeout 0 > $(@D)/loader/loader.conf
	printf '%s\n' 'title Debian' 'linux /vmlinuz' 'initrd /initrd' 'options console=ttyAMA0 panic=-1' \
		> $(@D)/loader/entries/debian.conf
	cat $(B)/rootfs/trixie.cpio $(B)/linux/6.12/modules.cpio > $(@D).initrd
	PYTHONPATH=$(SYSTEMD)/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(SYSTEMD)/systemd/ukify build \
		--linux=$(B)/linux/6.12/vmlinuz --initrd=$(@D).initrd --cmdline='console=ttyAMA0 panic=-1' \
		--stub=$(SYSTEMD)/systemd/boot/efi/linuxaa64.efi.stub --uname=6.12 --output=$@
	rm $(@D).initrd

# Run where it is.
$(B)/sbsign/root/versions: bench/fetch $(B)/apt/bookworm/updated
	bench/fetch $(@D) bookworm sbsigntool

# Of 32 bits, with the trusted applications of xtest, which is for 64 bits only.
$(B)/rootfs/trixie-armhf.cpio: bench/rootfs/build bench/rootfs/init bench/unpack $(B)/optee/trixie/root/versions $(B)/optee/tests/root/versions
	$(call log,32-bit root file system)
	bench/rootfs/build $(abspath $@) trixie $(abspath $(B)/optee/trixie/root) armhf libteec2
	cd $(B)/optee/tests/root && find usr/lib/optee_armtz | cpio -o -H newc -R 0:0 --quiet >> $(abspath $@)

$(B)/optee/tests/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(B)/optee/tests/root trixie optee-test-qemu:arm64
