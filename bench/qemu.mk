# SPDX-License-Identifier: BSD-2-Clause
# A newer QEMU than the system's, with more processors: $(B)/qemu/10/root. It is run where
# it is, with the system's libraries. Modules and data of its packages are not needed: it
# reports the system's modules as those of another build and goes on.

$(B)/qemu/10/root/versions: bench/fetch $(B)/apt/bookworm-backports/updated
	bench/fetch $(B)/qemu/10/root bookworm-backports qemu-system-arm
	$(@D)/usr/bin/qemu-system-aarch64 --version
