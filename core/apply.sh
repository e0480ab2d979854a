#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck disable=SC2154 # the port's script sets them
# Put core/ and the glue of one port into a source tree. To be read by PORT/apply,
# which sets port (its folder), name, variable (of make, for the tree), since (the
# release that brought upstream's driver), and
#   files DIR  prints the files of DIR that get hooks, or fails
#   lacks TREE prints what the tree must have and has not, if anything
#   hooks DIR  prints how often each hook must be there afterwards, going by the
#	       driver in DIR as it was
#
# All is done on a copy of the driver, which takes the place of the original
# only if every hook applied exactly as often as it should.
set -eu

die() { echo "$port/apply: $*" >&2; exit 1; }
[ $# = 1 ] || die "usage: $port/apply TREE"
top=$(cd "$(dirname "$0")/.." && pwd)
tree=$1
dir=$tree/drivers/tee/optee
if [ ! -f "$dir/optee_smc.h" ]; then
	client=$(find "$tree" -ipath "$tree/*optee*/*smc*.[ch]" 2> /dev/null | sort | head -n 1)
	[ -z "$client" ] ||
		die "${client%/*} is an OP-TEE client of this tree's own, the change fits upstream's drivers/tee/optee only: $name has it since $since"
	die "$tree has no drivers/tee/optee: give the top of a $name source tree ($variable=...)"
fi
dir=$(cd "$dir" && pwd)
set -- "$top"/core/*.[ch] "$top/$port"/*.[ch]

if grep -qs '"virt_compat.h"' "$dir/smc_abi.c" "$dir/core.c"; then
	for file; do
		cmp -s "$file" "$dir/${file##*/}" || stale=1
	done
	[ "${stale-}" ] ||
		{ echo "$dir: optee-virt-compat is there already"; exit; }
	cp "$@" "$dir"
	echo "$dir: optee-virt-compat was there already, its files are up to date now"
	exit
fi

new=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$new" "$new.macros" "$new.log"' EXIT
trap 'exit 1' HUP INT TERM
cp -a "$dir/." "$new"
files=$(files "$new") ||
	die "$dir: no optee_probe() of $name here: it is too old or too new"
lack=$(lacks "$tree")
[ -z "$lack" ] || die "$tree lacks $lack"

# What the checker cannot know: U-Boot declares its drivers with a macro.
echo '#define U_BOOT_DRIVER(name) struct driver name' > "$new.macros"
# shellcheck disable=SC2086 # a list of files, whose names mktemp made
spatch --very-quiet --macro-file "$new.macros" --in-place \
	--sp-file "$top/$port/virt_compat.cocci" $files > "$new.log" 2>&1 ||
	{ cat "$new.log" >&2; die "$dir: spatch failed"; }

count() { cat "$1"/*.c | grep -cF "$2" || true; }
hooks "$dir" > "$new.log"
while read -r times hook; do
	count=$(count "$new" "$hook")
	[ "$count" = "$times" ] ||
		die "$dir: hook '$hook' applied $count times instead of $times"
done < "$new.log"

cp "$@" "$new"
for file in Kconfig Makefile; do
	{ echo; sed 1d "$top/$port/$file"; } >> "$new/$file"
done

mv "$dir" "$new.stock"
mv "$new" "$dir"
rm -rf "$new.stock"

# Who sends function ids of the Trusted OS (owners 50 to 63, Arm DEN0028), or such as
# the device tree gives.
find "$tree" -path "$tree/drivers/tee" -prune -o -name '*.c' -print0 |
	xargs -0r grep -lZE 'arm_smccc_|smc_call' |
	xargs -0r grep -lE '"arm,smc-id"|ARM_SMCCC_OWNER_TRUSTED_OS|OPTEE_SMC_|0x(32|[bB][2-9a-fA-F])00[0-9a-fA-F]{4}\>' |
	while read -r file; do
		echo "warning: $file calls the secure world by itself, without the guest's id: if OP-TEE serves that call, use optee-shim (docs/guide/shim.md)" >&2
	done
echo "$dir: optee-virt-compat applied, enable CONFIG_OPTEE_VIRT_COMPAT"
