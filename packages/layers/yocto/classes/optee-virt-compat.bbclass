# SPDX-License-Identifier: BSD-2-Clause
# For the recipe of a kernel or of U-Boot: the change for its version, and the options
# that turn it on.

OPTEE_VIRT_COMPAT_PORT ?= "${@'linux' if bb.data.inherits_class('kernel', d) else 'u-boot'}"
OPTEE_VIRT_COMPAT_LINE ?= "${@oe.utils.trim_version(d.getVar('PV'), 2)}"

# Versions that take the patch of another.
OPTEE_VIRT_COMPAT_LIKE[7.2] = "7.3"
OPTEE_VIRT_COMPAT_LIKE[2024.01] = "2025.01"
OPTEE_VIRT_COMPAT_OF = "${@d.getVarFlag('OPTEE_VIRT_COMPAT_LIKE', d.getVar('OPTEE_VIRT_COMPAT_LINE')) or d.getVar('OPTEE_VIRT_COMPAT_LINE')}"
OPTEE_VIRT_COMPAT_PATCH = "optee-virt-compat-${OPTEE_VIRT_COMPAT_PORT}-${OPTEE_VIRT_COMPAT_OF}.patch"

FILESEXTRAPATHS:prepend := "${LAYERDIR_optee-virt-compat}/files:"
SRC_URI:append = " file://${OPTEE_VIRT_COMPAT_PATCH} file://optee-virt-compat.cfg"

python () {
    patch = d.getVar("OPTEE_VIRT_COMPAT_PATCH")
    if not bb.utils.which(d.getVar("FILESPATH"), patch):
        raise bb.parse.SkipRecipe("there is no %s: make it of this recipe's source, as README.md of meta-optee-virt-compat tells, or leave optee-virt-compat out of MACHINE_FEATURES" % patch)
}
