################################################################################
#
# optee-shim
#
################################################################################

# SPDX-License-Identifier: BSD-2-Clause
OPTEE_SHIM_VERSION = @VERSION@
OPTEE_SHIM_SITE = $(BR2_EXTERNAL_OPTEE_VIRT_COMPAT_PATH)/package/optee-shim/src
OPTEE_SHIM_SITE_METHOD = local
OPTEE_SHIM_LICENSE = GPL-2.0 or BSD-2-Clause, GPL-2.0+ or BSD-2-Clause (libfdt)
OPTEE_SHIM_LICENSE_FILES = BSD-2-Clause.txt GPL-2.0-only.txt

define HOST_OPTEE_SHIM_BUILD_CMDS
	$(HOSTCC) $(HOST_CFLAGS) -std=gnu11 \
		-DSHIM_VERSION='"$(OPTEE_SHIM_VERSION)"' \
		-DSHIM_PATH='"$(HOST_DIR)/share/optee-shim/shim.bin"' \
		$(HOST_LDFLAGS) -o $(@D)/optee-shim-wrap $(@D)/wrap.c $(@D)/image.c
endef

define HOST_OPTEE_SHIM_INSTALL_CMDS
	$(INSTALL) -D -m 0755 $(@D)/optee-shim-wrap $(HOST_DIR)/bin/optee-shim-wrap
	$(INSTALL) -D -m 0644 $(@D)/shim.bin $(HOST_DIR)/share/optee-shim/shim.bin
endef

$(eval $(host-generic-package))
