# SPDX-License-Identifier: BSD-2-Clause
include $(sort $(wildcard $(BR2_EXTERNAL_OPTEE_VIRT_COMPAT_PATH)/package/*/*.mk))

# Buildroot takes a patch that is not there for none.
ifeq ($(BR_BUILDING),y)
OPTEE_VIRT_COMPAT_PATCHES = $(filter $(BR2_EXTERNAL_OPTEE_VIRT_COMPAT_PATH)/%, \
	$(call qstrip,$(BR2_LINUX_KERNEL_PATCH) $(BR2_TARGET_UBOOT_PATCH)))
$(foreach patch,$(OPTEE_VIRT_COMPAT_PATCHES),$(if $(wildcard $(patch)),, \
	$(error there is no $(patch): make it of your source, as README.md beside files/ tells)))
endif
