# SPDX-License-Identifier: BSD-2-Clause
# Fixes of OP-TEE's own faults for a user's own tree; bench/firmware.mk builds them too.

optee-apply: packages ## Fixes of OP-TEE's own faults into its tree: OSRC=<source> [FIX="untagged ..."]
	@$(if $(OSRC),,echo "give OP-TEE's source: make optee-apply OSRC=<source>" >&2; exit 1)
	@optee-os/apply "$(OSRC)" $(FIX)

optee-series: packages ## Fixes of OP-TEE's own faults as a series: OSRC=<git tree> OUT=<new folder>
	@core/make-series optee-os series "$(OSRC)" "$(OUT)"

.PHONY: optee-apply optee-series
