# SPDX-License-Identifier: BSD-2-Clause
# Somebody's own inputs instead of ours, alone or together, for run, check and check-full:
# OPTEE= TFA= ROOTFS= KERNEL= MODULES= UBOOT=, see docs/guide/ready.md.

OWN := $(strip $(foreach input,OPTEE TFA ROOTFS KERNEL MODULES UBOOT,$(if $($(input)),$(input))))

# They are ours to read and not for the makefiles of what is built.
$(if $(OWN),$(eval MAKEOVERRIDES :=))

OWN_OPTEE := $(addprefix $(abspath $(B))/optee/own/root/,$(OPTEE_FILES))
OWN_TFA = $(if $(TFA),$(abspath $(B))/own/tfa/qemu/debug,$(TFA_OUT))

define own_tfa
mkdir -p $(B)/own
$(call tfa,"$(TFA)",$(OWN_OPTEE),$(B)/own/log,SPD=opteed BUILD_BASE=$(abspath $(B))/own/tfa)
endef

define own_kernel
[ ! -e $(B)/linux/own/build ] || $(MAKE) --no-print-directory $(B)/linux/own/smccall/smccall.ko
bench/pack-modules $(abspath $(B))/linux/own/modules.cpio $(B)/linux/own
$(MAKE) --no-print-directory $(B)/shim/own.Image
endef

own: board
	@$(MAKE) --no-print-directory sid || echo "== sid does not answer: its trusted applications are not there"
	@$(foreach input,$(OWN),OWN_$(input)="$($(input))") PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 -m bench.own $(OWN)
	$(if $(TFA),$(own_tfa))
	$(if $(filter OPTEE TFA ROOTFS,$(OWN)),$(call flash,$(B)/firmware/own-virtualized.bin,$(OWN_TFA),$(OWN_OPTEE)))
	$(if $(KERNEL),$(own_kernel))

$(B)/linux/own/smccall/smccall.ko: $(wildcard tests/smccall/*)
	$(call test_module,$(B)/linux/own/build)

.PHONY: own
