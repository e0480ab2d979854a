# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The EL2 shim, and the tool that puts it in front of a kernel.

SHIM := $(B)/shim
SHIM_CC := aarch64-linux-gnu-gcc
# No alignment is assumed: with the MMU off memory is Device memory.
SHIM_ARCH := -mgeneral-regs-only -mstrict-align -march=armv8-a -ffixed-x18 \
	-mno-outline-atomics -mbranch-protection=none -mcmodel=tiny
SHIM_CFLAGS := $(SHIM_ARCH) -std=gnu11 -Os -g -ffreestanding -fpie -fvisibility=hidden \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	-ffunction-sections -fdata-sections -U_FORTIFY_SOURCE \
	-fno-jump-tables -fno-tree-switch-conversion -fomit-frame-pointer -fno-move-loop-invariants
SHIM_VERSION := -DSHIM_VERSION='"$(VERSION)"'
SHIM_WARN := -Wall -Wextra -Werror -Wstack-usage=512

# There is one conduit below the shim.
SHIM_CORE := $(filter-out core/optee_guest_conduit.c,$(wildcard core/optee_guest*.c)) core/ffa_guest.c

SHIM_C := $(addprefix shim/,main.c call.c ffa.c console.c el2.c tree.c lib.c) $(SHIM_CORE)
SHIM_EFI_C := $(addprefix shim/,efi.c regime.c next.c)
SHIM_H := $(wildcard shim/*.h core/*.h)
SHIM_OBJ := $(patsubst %.c,$(SHIM)/%.o,$(notdir $(SHIM_C))) $(SHIM)/head.o
SHIM_EFI_OBJ := $(patsubst shim/%.c,$(SHIM)/%.o,$(SHIM_EFI_C)) $(SHIM)/efi_head.o

# libfdt as TF-A's source has it.
LIBFDT := $(TFA_SOURCE)/lib/libfdt
LIBFDT_INC := $(TFA_SOURCE)/include/lib/libfdt
LIBFDT_C := fdt.c fdt_ro.c fdt_rw.c fdt_wip.c fdt_addresses.c
LIBFDT_OBJ := $(patsubst %.c,$(SHIM)/libfdt/%.o,$(LIBFDT_C))

$(SHIM)/libfdt/%.o: $(B)/tfa/root/versions shim/shim.mk
	mkdir -p $(@D)
	$(SHIM_CC) $(SHIM_CFLAGS) -I$(LIBFDT_INC) -c -o $@ $(LIBFDT)/$*.c

$(SHIM)/%.o: shim/%.c $(SHIM_H) $(B)/tfa/root/versions shim/shim.mk
	mkdir -p $(@D)
	$(SHIM_CC) $(SHIM_CFLAGS) $(SHIM_WARN) $(SHIM_VERSION) -Icore -isystem $(LIBFDT_INC) -c -o $@ $<

$(SHIM)/%.o: core/%.c $(wildcard core/*.h) shim/shim.mk | packages
	mkdir -p $(@D)
	$(SHIM_CC) $(SHIM_CFLAGS) $(SHIM_WARN) -c -o $@ $<

$(SHIM)/main.o: VERSION

$(SHIM)/%.o: shim/%.S shim/layout.h shim/efi.h shim/shim.mk | packages
	mkdir -p $(@D)
	$(SHIM_CC) $(SHIM_ARCH) -g -c -o $@ $<

SHIM_LD := aarch64-linux-gnu-ld -pie --no-warn-rwx-segments --no-dynamic-linker --gc-sections -T shim/shim.lds

$(SHIM)/shim.elf: shim/shim.lds $(SHIM_OBJ) $(LIBFDT_OBJ)
	$(SHIM_LD) -Map $@.map -o $@ $(SHIM_OBJ) $(LIBFDT_OBJ)

# The same objects, with another entry and the header that goes with it.
$(SHIM)/efi.elf: shim/shim.lds $(SHIM_OBJ) $(SHIM_EFI_OBJ) $(LIBFDT_OBJ)
	$(SHIM_LD) -e efi_main -u efi_header -u efi_end -Map $@.map -o $@ $(SHIM_OBJ) $(SHIM_EFI_OBJ) $(LIBFDT_OBJ)

$(SHIM)/shim.bin: $(SHIM)/shim.elf
	aarch64-linux-gnu-objcopy -O binary -j .text $< $@

$(SHIM)/optee-shim.efi: $(SHIM)/efi.elf
	aarch64-linux-gnu-objcopy -O binary -j .text $< $@

# For Driver####: the subsystem in shim/efi_head.S is that of a driver of the boot services.
$(SHIM)/optee-shim-driver.efi: $(SHIM)/optee-shim.efi
	cp $< $@.part
	printf '\013' | dd of=$@.part bs=1 seek=156 conv=notrunc status=none
	mv $@.part $@

WRAP := $(SHIM)/optee-shim-wrap
WRAP_FILES := shim/wrap.c shim/image.c shim/image.h core/optee_guest.h

$(WRAP): $(WRAP_FILES) VERSION | packages
	mkdir -p $(@D)
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror $(SHIM_VERSION) -DSHIM_PATH='"$(abspath $(SHIM)/shim.bin)"' \
		-Icore -o $@ $(filter %.c,$^)

#@ A kernel that cannot be changed

shim: $(SHIM)/shim.bin $(WRAP) ## The EL2 shim, prints its path
	@echo $(abspath $<)

shim-efi: $(SHIM)/optee-shim.efi $(SHIM)/optee-shim-driver.efi ## The EL2 shim as an EFI program and as a driver, prints their paths
	@printf '%s\n' $(abspath $^)

shim-image: $(SHIM)/shim.bin $(WRAP) ## The shim around a kernel: KERNEL=Image VM_ID=1 OUT=Image.guest
	@$(if $(and $(KERNEL),$(OUT)),,echo "give what to wrap: make shim-image KERNEL=<Image> OUT=<file> [VM_ID=1]" >&2; exit 1)
	@$(WRAP) --vm-id="$(or $(VM_ID),1)" -- "$(KERNEL)" "$(OUT)"
	@echo $(abspath $(OUT))

# For the bench.
$(SHIM)/%.Image: $(SHIM)/shim.bin $(WRAP) $(B)/linux/%/ready
	$(WRAP) $(B)/linux/$*/vmlinuz $@

.PHONY: shim shim-efi shim-image
