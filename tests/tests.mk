# SPDX-License-Identifier: BSD-2-Clause
# The host programs, and the one runner for everything.

HOST_FLAGS := -std=gnu11 -O0 -g -Wall -Wextra -Werror -fsanitize=address,undefined

# Its coverage counts from zero when it is built anew.
$(B)/tests/test_guest: tests/host/test_guest.c tests/host/model.c tests/host/model.h $(wildcard core/*) | packages
	mkdir -p $(@D)
	rm -f $(@D)/*.gc*
	gcc $(HOST_FLAGS) --coverage -Icore -o $@ tests/host/test_guest.c \
		tests/host/model.c $(wildcard core/*.c) -lcmocka

$(B)/tests/fuzz_guest: tests/fuzz/fuzz_guest.c tests/host/model.c tests/host/model.h $(wildcard core/*) | packages
	mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Icore -Itests/host -o $@ tests/fuzz/fuzz_guest.c \
		tests/host/model.c $(wildcard core/*.c)

# What the scenarios boot. A suite that rolls may be gone: its scenarios skip.
BOARD := $(foreach build,virtualized plain,$(B)/firmware/trixie-$(build).bin) \
	$(B)/rootfs/trixie.cpio $(B)/xen/xen $(foreach line,$(LINES),$(B)/linux/$(line)/modules.cpio)

sid: $(B)/firmware/sid-virtualized.bin $(B)/rootfs/sid.cpio

PYTEST := PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -p no:cacheprovider \
	--rootdir=. --durations=12 --junitxml=$(B)/results/junit.xml -q

inputs: $(B)/tests/test_guest $(B)/tests/fuzz_guest $(BOARD)
	@$(MAKE) --no-print-directory sid || echo "== sid does not answer: its scenarios are skipped"

check: inputs ## All checks in their short form: T=<pattern> runs only those that match
	$(PYTEST) $(if $(T),-k '$(T)') tests

check-full: inputs ## All checks, also the long ones
	$(PYTEST) --full $(if $(T),-k '$(T)') tests

.PHONY: sid inputs check check-full
