# SPDX-License-Identifier: BSD-2-Clause
# The benchmark: its client, linked with Debian's libteec, and what it measures.

$(B)/libteec/root/versions: bench/fetch $(B)/apt/trixie/updated
	bench/fetch $(B)/libteec/root trixie libteec2:arm64 optee-client-dev:arm64

# The library was built for a newer libc than the cross compiler's.
CLIENT_FLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -isystem $(B)/libteec/root/usr/include \
	-pthread -Wl,--allow-shlib-undefined

$(B)/bench/client.cpio: benchmark/client.c $(B)/libteec/root/versions
	mkdir -p $(@D)
	aarch64-linux-gnu-gcc $(CLIENT_FLAGS) -o $(@D)/client $< \
		-L$(B)/libteec/root/usr/lib/aarch64-linux-gnu -lteec
	cd $(@D) && echo client | cpio -o -H newc --quiet > $(@F)

# For 32 bits, with the library of that root file system.
$(B)/bench/armhf/client.cpio: benchmark/client.c $(B)/libteec/root/versions $(B)/rootfs/trixie-armhf.cpio
	mkdir -p $(@D)
	cd $(@D) && cpio -i --make-directories --quiet '*/libteec.so*' < $(abspath $(B)/rootfs/trixie-armhf.cpio)
	arm-linux-gnueabihf-gcc $(CLIENT_FLAGS) -o $(@D)/client $< \
		-L$(@D)/usr/lib/arm-linux-gnueabihf -l:libteec.so.2
	cd $(@D) && echo client | cpio -o -H newc --quiet > $(@F)

$(B)/bench/stamp.bin: benchmark/stamp.S | packages
	mkdir -p $(@D)
	aarch64-linux-gnu-gcc -nostdlib -no-pie -Wl,-Ttext=$(BL33),--build-id=none -o $(@:.bin=.elf) $<
	aarch64-linux-gnu-objcopy -O binary $(@:.bin=.elf) $@

BENCH := $(B)/bench/client.cpio $(B)/bench/stamp.bin

MEASURED := $(addprefix $(B)/firmware/trixie-,virtualized.bin plain.bin) $(B)/rootfs/trixie.cpio \
	$(B)/linux/6.12/modules.cpio $(B)/shim/6.12.Image $(B)/xen/4.17/stock/xen $(BENCH)

#@ The benchmark

measured: $(MEASURED)
	@$(MAKE) --no-print-directory sid-ffa sid-ffa-plain || echo "== no OP-TEE of sid's source: nothing is measured by FF-A"

bench: measured ## What OP-TEE costs by five ways, in instructions: a table, plots, JSON in build/bench
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m benchmark.report

bench-record: measured ## The same, kept in docs/ as the results that make check-full compares with
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m benchmark.report docs

.PHONY: measured bench bench-record
