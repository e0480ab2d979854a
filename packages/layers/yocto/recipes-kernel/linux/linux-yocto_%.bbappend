# SPDX-License-Identifier: BSD-2-Clause
inherit ${@bb.utils.contains('MACHINE_FEATURES', 'optee-virt-compat', 'optee-virt-compat', '', d)}
