# SPDX-License-Identifier: BSD-2-Clause
# The host programs, and the one runner for everything.

CORE := $(wildcard core/optee_guest*)
CORE_C := $(filter %.c,$(CORE))
FFA_HOST := core/ffa_guest.c core/ffa_guest.h tests/host/spmc.c tests/host/spmc.h

HOST_FLAGS := -std=gnu11 -O0 -g -Wall -Wextra -Werror -fsanitize=address,undefined

# Its coverage counts from zero when it is built anew.
$(B)/tests/test_guest: tests/host/test_guest.c tests/host/model.c tests/host/model.h $(CORE) | packages
	mkdir -p $(@D)
	rm -f $@-*.gc*
	gcc $(HOST_FLAGS) --coverage -Icore -o $@ tests/host/test_guest.c \
		tests/host/model.c $(CORE_C) -lcmocka

$(B)/tests/test_ffa: tests/host/test_ffa.c $(FFA_HOST) | packages
	mkdir -p $(@D)
	rm -f $@-*.gc*
	gcc $(HOST_FLAGS) --coverage -Icore -o $@ tests/host/test_ffa.c $(filter %.c,$(FFA_HOST)) -lcmocka

# U-Boot's own headers are empty here: tests/host/u-boot/stub.h is all there is.
UBOOT_HEADERS := asm/system.h command.h dm.h dm/device_compat.h dm/ofnode.h \
	linux/arm-smccc.h linux/err.h linux/kconfig.h linux/kernel.h linux/string.h \
	linux/types.h tee.h

# What is applied to a tree of U-Boot, where it has the hooks of later concerns.
UBOOT_SOURCE := $(B)/u-boot/2023.01/root/u-boot
UBOOT_TREE := $(B)/tests/u-boot-tree

$(B)/tests/test_uboot: tests/host/test_uboot.c tests/host/u-boot/stub.h tests/host/model.c tests/host/model.h $(UBOOT_FILES) $(B)/u-boot/2023.01/root/versions
	rm -rf $(UBOOT_TREE)
	mkdir -p $(addprefix $(B)/tests/u-boot/,asm dm linux) $(UBOOT_TREE)/drivers $(UBOOT_TREE)/include/dm
	touch $(addprefix $(B)/tests/u-boot/,$(UBOOT_HEADERS))
	cp -r $(UBOOT_SOURCE)/drivers/tee $(UBOOT_TREE)/drivers
	cp $(UBOOT_SOURCE)/include/dm/device.h $(UBOOT_TREE)/include/dm
	u-boot/apply $(UBOOT_TREE)
	gcc $(HOST_FLAGS) -Wno-unused-parameter -DCONFIG_OPTEE_VIRT_COMPAT \
		-DCONFIG_OPTEE_VIRT_COMPAT_VM_ID=1 -I$(UBOOT_TREE)/drivers/tee/optee -Itests/host \
		-Itests/host/u-boot -I$(B)/tests/u-boot -include tests/host/u-boot/stub.h -o $@ \
		tests/host/test_uboot.c tests/host/model.c \
		$(UBOOT_TREE)/drivers/tee/optee/virt_compat*.c \
		$(UBOOT_TREE)/drivers/tee/optee/optee_guest*.c -lcmocka

SHIM_PURE := $(addprefix shim/,call.c ffa.c console.c el2.c tree.c image.c regime.c next.c)
SHIM_HOST := $(SHIM_PURE) $(SHIM_CORE) $(addprefix tests/host/,model.c spmc.c firmware.c)
SHIM_HOST_FLAGS := -Icore -Ishim -Itests/host -isystem $(LIBFDT_INC)
SHIM_HOST_LIBFDT := $(addprefix $(LIBFDT)/,$(LIBFDT_C) fdt_empty_tree.c fdt_sw.c)

$(B)/tests/test_shim: tests/host/test_shim.c tests/host/shim_ffa.c $(SHIM_HOST) $(wildcard tests/host/*.h) $(SHIM_H) $(B)/tfa/root/versions
	mkdir -p $(@D)
	rm -f $@-*.gc*
	gcc $(HOST_FLAGS) --coverage $(SHIM_HOST_FLAGS) -o $@ tests/host/test_shim.c tests/host/shim_ffa.c \
		$(SHIM_HOST) $(SHIM_HOST_LIBFDT) -lcmocka

$(B)/tests/trees: tests/host/trees.c shim/tree.c shim/console.c $(SHIM_H) $(B)/tfa/root/versions
	mkdir -p $(@D)
	gcc $(HOST_FLAGS) $(SHIM_HOST_FLAGS) -o $@ tests/host/trees.c shim/tree.c shim/console.c \
		$(addprefix $(LIBFDT)/,$(LIBFDT_C))

$(B)/tests/fuzz_guest: tests/fuzz/fuzz_guest.c tests/host/model.c tests/host/model.h $(CORE) | packages
	mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Icore -Itests/host -o $@ tests/fuzz/fuzz_guest.c \
		tests/host/model.c $(CORE_C)

$(B)/tests/fuzz_ffa: tests/fuzz/fuzz_ffa.c $(FFA_HOST) | packages
	mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Icore -Itests/host -o $@ tests/fuzz/fuzz_ffa.c $(filter %.c,$(FFA_HOST))

$(B)/tests/fuzz_shim: tests/fuzz/fuzz_shim.c $(SHIM_HOST) $(wildcard tests/host/*.h) $(SHIM_H) $(B)/tfa/root/versions
	mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		$(SHIM_HOST_FLAGS) -o $@ tests/fuzz/fuzz_shim.c $(SHIM_HOST) $(SHIM_HOST_LIBFDT)

# An EL2 program below the kernel; it is entered at BL33 and enters MEDIATED_KERNEL.
MEDIATED_KERNEL := 0x42400000

$(B)/tests/mediator.bin: tests/mediator/entry.S tests/mediator/mediator.c | packages
	mkdir -p $(@D)
	aarch64-linux-gnu-gcc -std=c11 -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib \
		-mgeneral-regs-only -mstrict-align -fno-pic -no-pie -DKERNEL=$(MEDIATED_KERNEL) \
		-Wl,-Ttext=$(BL33),--build-id=none -o $(@:.bin=.elf) $^
	aarch64-linux-gnu-objcopy -O binary $(@:.bin=.elf) $@

# An EFI program, with the shim's header.
$(B)/tests/caller.efi: $(wildcard tests/efi/*) shim/shim.lds $(SHIM)/efi_head.o $(SHIM_H)
	mkdir -p $(@D)
	aarch64-linux-gnu-gcc -std=gnu11 -Os -Wall -Wextra -Werror -ffreestanding -nostdlib -fpie \
		-fvisibility=hidden -mstrict-align -mgeneral-regs-only -mcmodel=tiny -ffixed-x18 \
		-Icore -Ishim -Wl,-pie,-Tshim/shim.lds,-eefi_main,-uefi_header,-uefi_end \
		-Wl,--gc-sections,--no-dynamic-linker,--no-warn-rwx-segments,--build-id=none \
		-o $(@:.efi=.elf) $(filter %.c %.S %.o,$^)
	aarch64-linux-gnu-objcopy -O binary -j .text $(@:.efi=.elf) $@

# The same for a 32-bit kernel, which is at KERNEL_32 and gets the device tree at TREE.
KERNEL_32 := 0x44000000

$(B)/tests/aarch32.bin: tests/aarch32/entry.S | packages
	mkdir -p $(@D)
	aarch64-linux-gnu-gcc -nostdlib -no-pie -DKERNEL=$(KERNEL_32) -DTREE=0x4f000000 \
		-Wl,-Ttext=$(BL33),--build-id=none -o $(@:.bin=.elf) $<
	aarch64-linux-gnu-objcopy -O binary $(@:.bin=.elf) $@

# CBMC, run where it is with its own suite's libraries.
$(B)/cbmc/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(B)/cbmc/root trixie cbmc minisat libc6 libgcc-s1 libstdc++6

# A browser that looks at the report, run where it is.
$(B)/chromium/root/versions: bench/unpack $(B)/apt/bookworm/updated
	mkdir -p $(B)/chromium
	bench/unpack $(@D) bookworm "$$(dpkg --print-architecture)" chromium,fonts-dejavu-core

# labgrid with a coordinator for the board that is at one, with this machine's own libraries.
$(B)/labgrid/root/versions: bench/fetch $(B)/apt/sid/updated
	bench/fetch $(@D) sid labgrid-coordinator labgrid-exporter labgrid-client python3-labgrid python3-grpcio-reflection

# Debian on a disk, and what is installed there, for tests/test_debian.py. Headers from
# backports need pahole, which is the suite's.
$(B)/debian/%.disk: $(wildcard bench/debian/*) bench/unpack $(B)/rootfs/trixie.cpio $(B)/apt/%/updated $(B)/apt/%-backports/updated
	$(call log,Debian $* on a disk: this takes some minutes)
	mkdir -p $(@D)
	bench/debian/build $@ $* $*-backports $(B)/rootfs/trixie.cpio dkms linux-headers-arm64 pahole

# The client of the firmware TPM that OP-TEE's builds have.
$(B)/tests/pcr.cpio: tests/ftpm/client.c tests/ftpm/ftpm.h $(B)/libteec/root/versions
	mkdir -p $(@D)/pcr
	aarch64-linux-gnu-gcc $(CLIENT_FLAGS) -o $(@D)/pcr/pcr $< \
		-L$(B)/libteec/root/usr/lib/aarch64-linux-gnu -lteec
	cd $(@D)/pcr && echo pcr | cpio -o -H newc -R 0:0 --quiet > $(abspath $@)

$(B)/tests/domain.cpio: tests/domain/domain.c | packages
	mkdir -p $(@D)/domain
	aarch64-linux-gnu-gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o $(@D)/domain/domain $<
	cd $(@D)/domain && echo domain | cpio -o -H newc -R 0:0 --quiet > $(abspath $@)

# What the scenarios boot. A suite that rolls may be gone: its scenarios skip.
BOARD := $(foreach build,virtualized plain none,$(B)/firmware/trixie-$(build).bin) \
	$(B)/rootfs/trixie.cpio xen-4.17 u-boot-2023.01 $(B)/linux/6.12/ffa.cpio $(SHIM)/optee-shim-driver.efi $(BENCH) \
	$(addprefix $(B)/tests/,mediator.bin pcr.cpio domain.cpio caller.efi) \
	line-$(NEWEST_LINE) $(B)/series/$(NEWEST_LINE)/base/.git/done

board: $(BOARD)

sid: $(B)/firmware/sid-virtualized.bin $(B)/rootfs/sid.cpio

sid-%: sid $(B)/firmware/sid-%.bin ;

# labgrid's own plugin fails to load now and then in what xdist starts.
RESULTS = $(if $(OWN),results-own,results)
PYTEST = RESULTS=$(RESULTS) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -p no:cacheprovider \
	--rootdir=. -p no:labgrid --durations=12 -o junit_family=xunit1 \
	--junitxml=$(B)/$(RESULTS)/junit.xml -q -n 2

line-%: $(B)/linux/%/modules.cpio $(B)/shim/%.Image ;

# What a suite does not offer is skipped, what does not build is an error.
define try_lines
	@for line in $1; do \
		$(MAKE) --no-print-directory $(B)/linux/$$line/ready || \
			{ echo "== no packages of kernel $$line: its scenarios are skipped"; continue; }; \
		$(MAKE) --no-print-directory line-$$line || exit 1; \
	done
endef

inputs: $(addprefix $(B)/tests/,test_guest test_ffa test_uboot test_shim trees fuzz_guest fuzz_ffa fuzz_shim) $(SHIM_DEBS) $(BOARD)
	$(call try_lines,$(filter-out $(NEWEST_LINE),$(LINES)))
	@$(MAKE) --no-print-directory $(B)/linux/newest/ready || echo "== no packages of the newest kernel: its scenarios are skipped"
	@[ ! -e $(B)/linux/newest/ready ] || $(MAKE) --no-print-directory $(B)/linux/whole/vmlinuz
	@for line in $(LINES); do \
		[ -e $(B)/linux/$$line/ready ] || \
			{ echo "== no packages of kernel $$line: the package for DKMS is not tested"; exit; }; \
	done; $(MAKE) --no-print-directory $(DKMS_DEB)
	@$(MAKE) --no-print-directory sid || echo "== sid does not answer: its scenarios are skipped"
	@$(MAKE) --no-print-directory u-boot-2021.01 || echo "== no U-Boot 2021.01: its test is skipped"
	@$(MAKE) --no-print-directory sid-ffa sid-async sid-crowded sid-fixed || echo "== no OP-TEE of sid's source: its scenarios are skipped"
	@$(MAKE) --no-print-directory $(B)/cbmc/root/versions || echo "== no CBMC: the proofs are skipped"
	@$(MAKE) --no-print-directory $(B)/grub/root/versions || echo "== no GRUB: its scenarios are skipped"
	@$(MAKE) --no-print-directory $(B)/sbsign/root/versions || echo "== no sbsign: its test is skipped"
	@$(MAKE) --no-print-directory $(B)/qemu/10/root/versions || echo "== no QEMU 10: its scenarios are skipped"

# A suite that does not answer: its test is skipped.
SUITES := bullseye bookworm bookworm-backports trixie trixie-backports sid

drivers:
	@for suite in $(SUITES); do \
		$(MAKE) --no-print-directory $(B)/linux/suites/$$suite/done || \
		echo "== $$suite does not answer: the driver of its kernels is not tried"; \
	done

#@ Checks

SELECTED = $(OWN:%=--own=%) $(if $(T),-k '$(T)') tests

check: $(if $(OWN),own,inputs) ## All checks in their short form: T=<pattern> runs only those that match
	$(PYTEST) $(SELECTED)

FULL := $(B)/linux/arm/modules.cpio $(B)/bench/armhf/client.cpio $(B)/tests/aarch32.bin

full-inputs: inputs drivers $(FULL)
	$(call try_lines,newest)
	@[ ! -e $(B)/linux/newest/ready ] || $(MAKE) --no-print-directory $(B)/linux/debug/modules.cpio $(B)/linux/debug/ffa.cpio $(B)/linux/newest/ffa.cpio $(B)/series/newest/base/.git/done
	@$(MAKE) --no-print-directory sid-eight sid-ffa-crowded sid-ffa-fixed sid-ffa-plain sid-oldleave sid-async-fixed sid-four sid-tpm-log || echo "== no OP-TEE of sid's source: its scenarios are skipped"
	@$(MAKE) --no-print-directory $(B)/edk2/QEMU_EFI.fd || echo "== no EDK2: its scenarios are skipped"
	@$(MAKE) --no-print-directory $(B)/efibootmgr/efibootmgr.cpio || echo "== no efibootmgr: its scenarios are skipped"
	@$(MAKE) --no-print-directory $(B)/systemd/esp/unified.efi || echo "== no systemd: its scenarios are skipped"
	@$(MAKE) --no-print-directory $(B)/chromium/root/versions || echo "== no Chromium: the look at the report is skipped"
	@$(MAKE) --no-print-directory $(B)/labgrid/root/versions || echo "== no labgrid with a coordinator: its scenario is skipped"
	@$(MAKE) --no-print-directory $(B)/debian/bookworm.disk || echo "== no Debian 12 on a disk: its scenario is skipped"
	@$(MAKE) --no-print-directory $(B)/xen/trixie/packaged/xen || echo "== no Xen of Debian's: its scenario is skipped"
	@$(MAKE) --no-print-directory xen-4.20 || echo "== no Xen 4.20: its scenario is skipped"
	@$(MAKE) --no-print-directory u-boot-2025.01 || echo "== no U-Boot 2025.01: its scenarios are skipped"

check-full: $(if $(OWN),own,full-inputs) ## All checks, also the long ones
	$(PYTEST) --full $(SELECTED)

check-board: RESULTS = results-board
check-board: packages ## The scenarios on a board of yours, by labgrid: LG_ENV=<environment> [T=<pattern>]
	@[ -f "$(LG_ENV)" ] || { echo "give labgrid's environment of your board: make check-board LG_ENV=<file>, see docs/guide/board.md" >&2; exit 1; }
	$(PYTEST) -n 0 --board="$(LG_ENV)" $(if $(T),-k '$(T)') tests

# A board that is QEMU behind a power switch, for docs/boards/qemu.yaml.
$(B)/board/command: bench/simulated.py $(BOARD)
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m bench.simulated $(@D) 23001 23002

simulated-board: $(B)/board/command ## A board for check-board that is QEMU: LG_ENV=docs/boards/qemu.yaml

report: ## The last run's results as one page and as KTAP: [RESULTS=results-own or results-board]
	@RESULTS=$(RESULTS) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m bench.page

.PHONY: report check-board simulated-board board sid inputs full-inputs drivers check check-full
