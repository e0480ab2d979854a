#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck disable=SC2154 # the port's script sets them
# Put hooks into a source tree, and core/ or the glue of a port beside them. To be read
# by PORT/apply, which sets port (its folder), name, variable (of make, for the tree),
# since (the release that brought upstream's driver), driver (where that is in the
# tree), known_by and entry (a file and a function of it), glue (the folders of what is
# laid beside it, FOLDER:PREFIX for a part of one), patches (if more than one), style
# (options of spatch), next (what to do then), concerns (if it has any: what to put in,
# all if empty), and
#   files DIR  prints the files of DIR that get hooks, or fails
#   lacks TREE prints what the tree must have and has not, if anything
#   hooks DIR  prints how often each hook must be there afterwards, going by the
#	       driver in DIR as it was, and before it its concern if it has any
# and, if it has concerns,
#   needs DIR  prints what the driver in DIR asks of the rules: their virtual names
#   skips DIR  prints the files of ours that the driver in DIR does without
#
# A concern X has the files virt_compat_X*, optee_guest_X* and the rules X_*; "guest"
# has virt_compat.[ch] and "protocol" optee_guest.[ch]. A file of X's that ends with
# _test.[ch] is laid if "test" is wanted too. All is done on a copy of the driver, which
# takes the place of the original only if every hook applied exactly as often as it
# should.
set -eu

die() { echo "$port/apply: $*" >&2; exit 1; }
[ $# = 1 ] || die "usage: $port/apply TREE"
top=$(cd "$(dirname "$0")/$(echo "$port" | sed 's,[^/]*,..,g')" && pwd)
tree=$1
dir=$tree/$driver
if [ ! -f "$dir/$known_by" ]; then
	client=
	[ "$driver" != drivers/tee/optee ] ||
		client=$(find "$tree" -ipath "$tree/*optee*/*smc*.[ch]" 2> /dev/null | sort | head -n 1)
	[ -z "$client" ] ||
		die "${client%/*} is an OP-TEE client of this tree's own, the change fits upstream's $driver only: $name has it since $since"
	die "$tree has no $driver/$known_by: give the top of a source tree of $name ($variable=...)"
fi
dir=$(cd "$dir" && pwd)

# A test calls what a hook calls.
count() {
	find "$1" -name '*.[ch]' ! -name '*_test.[ch]' -exec cat {} + | grep -cF "$2" || true
}

wanted() {
	[ -n "${concerns-}" ] || return 0
	case " $concerns " in *" $1 "*) ;; *) return 1 ;; esac
}

concern_of() {
	case $1 in
	optee_guest.[cho] | optee_guest_smccc.h) echo protocol ;;
	virt_compat.[cho]) echo guest ;;
	*_*_*) concern=${1#*_*_} && echo "${concern%%[_.]*}" ;;
	*) echo guest ;;
	esac
}

wants_file() {
	case $1 in *_test.[cho]) wanted test || return 1 ;; esac
	wanted "$(concern_of "$1")"
}

# The lines of the port's Makefile, for the driver in DIR.
makefile() {
	[ -f "$top/$port/Makefile" ] || return 0
	skipped=$([ -z "${concerns+any}" ] || skips "$1")
	sed 1d "$top/$port/Makefile" | while IFS= read -r line; do
		object=${line##* }
		case " $skipped " in *" ${object%.o}.c "*) continue ;; esac
		! wants_file "$object" || printf '%s\n' "$line"
	done
}

# Our files for the driver in DIR, with hooks of later concerns in earlier ones.
lay() {
	from=$1 to=$2
	makefile "$from" > "$new.makefile"
	for folder in $glue; do
		prefix=${folder#"${folder%:*}"}
		for file in "$top/${folder%:*}/${prefix#:}"*.[ch]; do
			lay_file
		done
	done
}

lay_file() {
	base=${file##*/}
	wants_file "$base" || return 0
	object=${base%.[ch]}
	# A header alone goes with the object that its name begins with.
	[ -f "${file%/*}/$object.c" ] || [ "$prefix" ] || object=${object%_*}
	if [ -f "${file%/*}/$object.c" ]; then
		grep -q "[ 	]${object}[.]o" "$new.makefile" ||
			[ "${concerns-}" = protocol ] || return 0
	fi
	cp "$file" "$to"
	cp "$file" "$new.ours"
	[ "${concerns+any}" ] || return 0
	case $base in
	*_test.c) ;;
	virt_compat*.c) hook "$from" "$to/$base" "$(concern_of "$base")" ;;
	esac
}

# The rules of all wanted concerns but one, whose own file it is.
cut_rules() {
	awk -v concerns=" ${concerns-} " -v own="$2" '
		/^@[a-z]+_[a-z_]+/ {
			split(substr($0, 2), word, "_")
			keep = word[1] != own &&
			       (concerns ~ /^ *$/ || index(concerns, " " word[1] " "))
		}
		keep || /^virtual/' keep="$([ -n "${concerns-}" ] || echo 1)" \
		"$top/$port/$1.cocci"
}

hook() {
	needs=$([ -z "${concerns+any}" ] || needs "$1" | sed 's/^/-D /')
	for patch in ${patches-virt_compat}; do
		cut_rules "$patch" "${3-}" > "$new.cocci"
		grep -q '^@' "$new.cocci" || continue
		# shellcheck disable=SC2086 # words
		spatch --very-quiet ${style-} $needs --macro-file "$new.macros" --in-place \
			--sp-file "$new.cocci" "$2" > "$new.log" 2>&1 ||
			{ cat "$new.log" >&2; die "$2: spatch failed: $patch.cocci"; }
	done
	# spatch sets off a line for the preprocessor by lines of white space.
	! grep -q '^+#if' "$new.cocci" || sed -i '/^[ 	]\{1,\}$/d' "$2"
}

new=$(mktemp -d "$dir.XXXXXX")
mkdir "$new.ours"
trap 'rm -rf "$new" "$new".*' EXIT
trap 'exit 1' HUP INT TERM
# What the checker cannot know: U-Boot declares its drivers with a macro.
echo '#define U_BOOT_DRIVER(name) struct driver name' > "$new.macros"
if grep -qs '"virt_compat.h"' "$dir"/*.c; then
	lay "$dir" "$new"
	for file in "$new"/*.[ch]; do
		[ -f "$dir/${file##*/}" ] ||
			die "$dir has a part of optee-virt-compat, without ${file##*/}: start from the unchanged driver"
		cmp -s "$file" "$dir/${file##*/}" || stale=1
	done
	[ "${stale-}" ] ||
		{ echo "$dir: optee-virt-compat is there already"; exit; }
	cp "$new"/*.[ch] "$dir"
	echo "$dir: optee-virt-compat was there already, its files are up to date now"
	exit
fi

cp -a "$dir/." "$new"
files=$(files "$new") ||
	die "$dir: no $entry() of $name here: it is too old or too new"
lack=$(lacks "$tree")
[ -z "$lack" ] || die "$tree lacks $lack"
if wanted guest; then
	for file in $files; do
		hook "$dir" "$file"
	done
fi
lay "$dir" "$new"

hooks "$dir" > "$new.log"
while read -r times hook; do
	if [ "${concerns+any}" ]; then
		concern=${hook%% *} hook=${hook#* }
		wanted "$concern" || continue
	fi
	count=$(($(count "$new" "$hook") - $(count "$new.ours" "$hook")))
	[ "$count" = "$times" ] ||
		die "$dir: hook '$hook' applied $count times instead of $times"
done < "$new.log"

if [ -s "$new.makefile" ] && wanted guest; then
	{ echo; cat "$new.makefile"; } >> "$new/Makefile"
fi
for file in "$top/$port"/Kconfig*; do
	concern=${file##*Kconfig}
	concern=${concern#.}
	[ ! -f "$file" ] || ! wanted guest || ! wanted "${concern:-guest}" ||
		{ echo; sed 1d "$file"; } >> "$new/Kconfig"
done

mv "$dir" "$new.stock"
mv "$new" "$dir"
rm -rf "$new.stock"

# Who sends function ids of the Trusted OS (owners 50 to 63, Arm DEN0028), or such as
# the device tree gives.
[ "$driver" != drivers/tee/optee ] ||
	find "$tree" -path "$tree/drivers/tee" -prune -o -name '*.c' -print0 |
	xargs -0r grep -lZE 'arm_smccc_|smc_call' |
	xargs -0r grep -lE '"arm,smc-id"|ARM_SMCCC_OWNER_TRUSTED_OS|OPTEE_SMC_|0x(32|[bB][2-9a-fA-F])00[0-9a-fA-F]{4}\>' |
	while read -r file; do
		echo "warning: $file calls the secure world by itself, without the guest's id: if OP-TEE serves that call, use optee-shim (docs/guide/shim.md)" >&2
	done
echo "$dir: optee-virt-compat applied, $next"
