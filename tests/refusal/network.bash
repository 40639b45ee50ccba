# SPDX-License-Identifier: MIT
# For refusal tests of network sockets, sourced first: they run in a network of their own, where loopback is up.
if [ -z "${REFUSAL_OWN_NETWORK-}" ]; then
	if ! command -v ip >/dev/null || ! unshare -n true 2>/dev/null; then
		echo "ok - refusal/$(basename "$0" .sh) # SKIP needs root and ip"
		exit 0
	fi
	REFUSAL_OWN_NETWORK=1 exec unshare -n "$0" "$@"
fi
. tests/refusal/lib.bash
ip link set lo up

# shellcheck disable=SC2154 # from lib.bash
out=$scratch/out/app.tar.zst
archive=$scratch/app.tar.zst

# holds WHAT PATTERN...: a target that holds WHAT is refused by a dump and by a check.
holds() {
	local what=$1
	shift
	start_target "$what"
	refused "$what" 3 "\b$target\b" "$@" -- "$cr_dump" -t "$target" -o "$out"
	refused "$what, --check" 3 "\b$target\b" "$@" -- "$cr_dump" -t "$target" --check
}

# dumped WHAT: the archive of a target that held WHAT, and was ended.
dumped() {
	start_target "$1"
	was=$target
	works "dump $1" "$cr_dump" -t "$target" -o "$archive"
	target=
	eventually gone "$was"
}

# other_holds WHAT: another process, $other, that holds WHAT.
other_holds() {
	rm -f "$scratch/other"
	"$build/tests/refusal/refusal_target" "$scratch/other" "$1" &
	other=$!
	disown
	started+=("$other")
	eventually test -s "$scratch/other"
}

end_other() {
	kill -KILL "$other"
	eventually gone "$other"
}
