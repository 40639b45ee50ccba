#!/bin/bash
# SPDX-License-Identifier: MIT
# How fast are dump and restore? tests/bench/run.sh BUILD_DIR [SECTION]...
#
# Sections: small, memory, processes, threads, mappings, files, connections, sockets, holders; without names all of them. What is
# compared was measured in this run, on the same bytes. With a criu in PATH that works here, its figures stand beside ours.
#
# BENCH_MIB: the size of the large program (1024, less if there is no room). BENCH_DIR: where archives go.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/close_fds.bash

build=$(cd "$1" && pwd) || exit 1
shift
sections=$*
cr_dump=$build/cr-dump cr_restore=$build/cr-restore
measure=$build/tests/bench/measure bench_memory=$build/tests/bench/bench_memory
[ "$(id -u)" -eq 0 ] || { echo "bench: this needs root: a process can be given its old number by root only" >&2 && exit 1; }

mib=${BENCH_MIB:-1024}
link_bytes_per_ms=1250000 # 10 Gbit/s
target='' target_options=() others='' old_map_count=''

# Memory rather than a disk, whose speed is not ours; if there is room for the target, its memory as a file, and archives.
available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
while [ "$mib" -gt 64 ] && [ $((mib * 4)) -gt "$available" ]; do
	mib=$((mib / 2))
done
base=${BENCH_DIR:-/dev/shm}
if [ -z "${BENCH_DIR-}" ] && [ "$(df --output=avail -BM "$base" 2>/dev/null | tr -dc 0-9)" -lt $((mib * 3)) ]; then
	base=/tmp
fi
scratch=$(mktemp -d "$base/cr-bench.XXXXXX") || exit 1
mkdir "$scratch/criu"
cd "$scratch" || exit 1

# stop PID: one of ours.
stop() {
	if [ -n "$1" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = bench_memory ]; then
		kill -KILL "$1"
	fi
}
stop_target() {
	stop "$target"
	target=
}
cleanup() {
	stop_target
	stop "$others"
	[ -z "$old_map_count" ] || echo "$old_map_count" >/proc/sys/vm/max_map_count
	cd / && rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

die() {
	echo "bench: $*" >&2
	exit 1
}

# start_program OPTION...: bench_memory; its pid in $started.
start_program() {
	local i
	rm -f ready
	setsid "$bench_memory" "$@" ready </dev/null >/dev/null 2>target.err &
	started=$!
	disown "$started"
	for ((i = 0; i < 1500; i++)); do
		[ ! -s ready ] || return 0
		[ -e "/proc/$started" ] || break
		sleep 0.02
	done
	die "bench_memory $* does not get ready: $(cat target.err)"
}

# fresh_target: bench_memory with $target_options. For each measurement a new one: a restored program is measure's child and
# then init's, and some take seconds to bury what has been dumped.
fresh_target() {
	stop_target
	start_program "${target_options[@]}"
	target=$started
	set_commands
}

# times [-w MIB] ROUNDS COMMAND... [-- COMMAND...]: what measure prints, in the lines of $results.
times() {
	local output
	output=$("$measure" "$@" </dev/null 2>measure.err) || {
		cat measure.err >&2
		die "this failed: $*"
	}
	mapfile -t results <<<"$output"
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}
cpu_of() {
	awk '{ print $4 }' <<<"$1"
}
median_of() {
	echo "${1%% *}"
}

header() {
	printf '\n%s\n' "$1"
	printf '  %-27s %9s %9s %9s %9s %8s  %s\n' '' 'median ms' min max 'CPU ms' 'RSS MiB' "${2-}"
}
# row LABEL RESULT [NOTE]
row() {
	local median min max cpu rss
	read -r median min max cpu rss <<<"$2"
	[ "$rss" -eq 0 ] && rss=- || rss=$(ratio "$rss" 1024)
	printf '  %-27s %9.1f %9.1f %9.1f %9.1f %8s  %s\n' "$1" "$median" "$min" "$max" "$cpu" "$rss" "${3-}"
}

# The command lines for the target as it is now: it has the same pid for as long as it is dumped and restored.
set_commands() {
	dump_running=("$cr_dump" -q -R -t "$target" -o app.tar.zst)
	dump=("$cr_dump" -q -t "$target" -o app.tar.zst)
	restore=("$cr_restore" -q -d -i app.tar.zst)
	criu_dump_running=(criu dump -v0 -R -t "$target" -D criu)
	criu_dump=(criu dump -v0 -t "$target" -D criu)
	criu_restore=(criu restore -v0 -d -D criu)
}

has_criu='' criu_version='no criu that works here'
if command -v criu >/dev/null && criu check >/dev/null 2>&1; then
	has_criu=1 criu_version="criu $(criu --version | sed -n 's/^Version: //p')"
fi

# each COUNT RESULT: what one of COUNT objects takes.
each() {
	awk -v count="$1" '{ printf "%.1f us, CPU %.1f us each", $1 * 1000 / count, $4 * 1000 / count }' <<<"$2"
}

# curve OPTION WHAT COUNT...: as many objects as a large program has, and more. What one takes must stay the same.
curve() {
	local option=$1 what=$2 count
	shift 2
	for count; do
		target_options=("$option" "$count")
		fresh_target
		times 3 "${dump[@]}" -- "${restore[@]}"
		row "$count $what: dump" "${results[0]}" "$(each "$count" "${results[0]}")"
		row "$count $what: restore" "${results[1]}" "$(each "$count" "${results[1]}")"
	done
}

# dump_and_restore ROUNDS LABEL: rows for $target_options, criu's below them.
dump_and_restore() {
	local rounds=$1 label=$2 running ended restored
	fresh_target
	times "$rounds" "${dump_running[@]}"
	running=${results[0]}
	times "$rounds" "${dump[@]}" -- "${restore[@]}"
	ended=${results[0]} restored=${results[1]}
	row "$label: dump -R" "$running"
	row "$label: dump" "$ended"
	row "$label: restore" "$restored"
	[ -n "$has_criu" ] || return 0
	fresh_target
	times "$rounds" "${criu_dump_running[@]}"
	row "  criu: dump -R" "${results[0]}" "$(ratio "$(median_of "$running")" "$(median_of "${results[0]}")") of it"
	times "$rounds" "${criu_dump[@]}" -- "${criu_restore[@]}"
	row "  criu: dump" "${results[0]}" "$(ratio "$(median_of "$ended")" "$(median_of "${results[0]}")") of it"
	row "  criu: restore" "${results[1]}" "$(ratio "$(median_of "$restored")" "$(median_of "${results[1]}")") of it"
}

small() {
	target_options=()
	header "A small process (sleeps, one thread), the whole command, 30 rounds:" 'aim: dump < 10, restore < 5'
	dump_and_restore 30 small
}

# The same bytes by other programs.
baselines() {
	"$bench_memory" -s "$mib" -o memory || die "no room for $mib MiB in $scratch"
	copy=$("$bench_memory" -s "$mib" -c 5)
	times -w "$mib" 3 zstd -q -f -1 -T0 memory -o memory.zst
	pack=${results[0]}
	pack_size=$(stat -c %s memory.zst)
	times -w "$mib" 3 zstd -q -f -d memory.zst -o memory
	unpack=${results[0]}
	rm -f memory memory.zst
	row 'memcpy' "$copy"
	row 'zstd -1 -T0' "$pack" "$((pack_size >> 20)) MiB"
	row 'zstd -d' "$unpack"
}

# level_row LEVEL NAME DUMP RESTORE SIZE: what a level costs, and what it means for a move to another host. While one
# part is sent the next is dumped and the one before restored, so the slowest of the three decides.
level_row() {
	awk -v level="$1" -v dump="$(median_of "$2")" -v restore="$(median_of "$3")" -v size="$4" -v raw=$((mib << 20)) \
		-v rate="$link_bytes_per_ms" 'BEGIN {
		send = size / rate
		slowest = dump > send ? dump : send
		if (restore > slowest) slowest = restore
		printf "  %7s %9.1f %8.3f %9.0f %9.0f %9.0f %14.0f %14.0f\n", level, size / 1048576, size / raw,
			dump, send, restore, slowest, dump + send + restore
	}'
}

memory() {
	local level default_dump default_restore size
	header "$mib MiB of text, records, samples, zeros and noise, 3 rounds:" 'aim: RSS < 64'
	baselines
	target_options=(-s "$mib")
	fresh_target
	times -w "$mib" 3 "${dump[@]}" -- "${restore[@]}"
	default_dump=${results[0]} default_restore=${results[1]}
	size=$(stat -c %s app.tar.zst)
	row 'dump' "$default_dump" "$((size >> 20)) MiB; $(ratio "$(median_of "$default_dump")" "$(
		median_of "$pack")") of zstd -1 -T0 (aim: 1.2; CPU: $(
		ratio "$(cpu_of "$default_dump")" "$(cpu_of "$pack")")), $(
		ratio "$(median_of "$default_dump")" "$(median_of "$copy")") of memcpy"
	row 'restore' "$default_restore" "$(ratio "$(median_of "$default_restore")" "$(median_of "$unpack")") of zstd -d, $(
		ratio "$(median_of "$default_restore")" "$(median_of "$copy")") of memcpy"
	if [ -n "$has_criu" ]; then
		fresh_target
		times -w "$mib" 3 "${criu_dump[@]}" -- "${criu_restore[@]}"
		row '  criu: dump, not compressed' "${results[0]}" "$(du -sm criu | cut -f1) MiB"
		row '  criu: restore' "${results[1]}" "restore takes $(
			ratio "$(median_of "$default_restore")" "$(median_of "${results[1]}")") of it (aim: 1)"
	fi
	printf '\nThe same, by level, and the move over 10 Gbit/s (median ms):\n'
	printf '  %7s %9s %8s %9s %9s %9s %14s %14s\n' --level MiB ratio dump send restore 'in one stream' 'one by one'
	for level in -5 -3 -1 1 3; do
		fresh_target
		times -w "$mib" 3 "${dump[@]}" "--level=$level" -- "${restore[@]}"
		level_row "$level" "${results[0]}" "${results[1]}" "$(stat -c %s app.tar.zst)"
	done
}

processes() {
	header "Child processes, 5 rounds:" 'aim: 200: dump < 150, restore < 80'
	target_options=(-p 200)
	dump_and_restore 5 "200 processes"
	header "More of them, 3 rounds:"
	curve -p processes 500 1000 2000
}

threads() {
	local count
	header "Threads, 10 rounds:" 'aim: 200: dump < 20, restore < 28'
	for count in 10 100 200 1000; do
		target_options=(-t "$count")
		dump_and_restore 10 "$count threads"
	done
	header "More of them, 3 rounds:"
	curve -t threads 2500 5000 10000
}

# Whether a process may have COUNT mappings and those that it has anyhow; until the end.
allow_mappings() {
	local wanted=$(($1 + 1000)) old
	old=$(cat /proc/sys/vm/max_map_count)
	[ "$old" -lt "$wanted" ] || return 0
	echo "$wanted" 2>/dev/null >/proc/sys/vm/max_map_count || return 1
	old_map_count=${old_map_count:-$old}
}

mappings() {
	local count
	header "Mappings of one page each, 5 rounds:" 'aim: 20000: dump < 109, restore < 59'
	for count in 1000 20000; do
		target_options=(-m "$count")
		dump_and_restore 5 "$count mappings"
	done
	header "More of them, 3 rounds:"
	for count in 50000 100000 200000; do
		if allow_mappings "$count"; then
			curve -m mappings "$count"
		else
			echo "  $count mappings: vm.max_map_count forbids them, and cannot be raised"
		fi
	done
}

files() {
	header "Open files, 5 rounds:" 'aim: 2000: dump < 38, restore < 13'
	target_options=(-f 2000)
	dump_and_restore 5 "2000 files"
	header "More of them, 3 rounds:"
	curve -f files 5000 10000
}

# held_ms: for how long the last dump has held back packets until it was done.
held_ms() {
	"$cr_dump" -v --tcp-established -t "$target" -o app.tar.zst 2>&1 </dev/null |
		sed -n 's/.*have been held back for \([0-9]*\) ms.*/\1/p'
}

connections() {
	local count
	header "TCP connections to another process, 5 rounds:" 'aim: 1000 cost < 100 each way'
	for count in 1 1000; do
		target_options=(-n "$count")
		fresh_target
		times 5 "${dump_running[@]}" --tcp-established
		row "$count connections: dump -R" "${results[0]}" 'packets held back: 0 ms'
		times 5 "${dump[@]}" --tcp-established -- "${restore[@]}" --tcp-established
		row "$count connections: restore" "${results[1]}"
		row "$count connections: dump" "${results[0]}" "packets held back: $(held_ms) ms, and until the restore"
		"${restore[@]}" --tcp-established || die "cannot restore connections"
	done
}

sockets() {
	local count
	header "Pairs of unix stream sockets with something in a queue, 5 rounds:" \
		'aim: 1000 cost < 46 to dump, < 48 to restore; twice as many, twice that'
	for count in 1000 2000 4000; do
		target_options=(-u "$count")
		dump_and_restore 5 "$count pairs"
	done
}

# search_row COUNT ALONE CROWDED: what the search costs, for so many objects.
search_row() {
	awk -v label="$1 pairs: the search" -v alone="$2" -v crowded="$3" 'BEGIN {
		split(alone, a, " "); split(crowded, c, " ")
		printf "  %-27s %9.1f %9.1f %9s %9.1f\n", label, c[1] - a[1], c[2] - a[2], "", c[4] - a[4] }'
}

# Sockets can be shared with anybody: a dump looks through the descriptors of all processes. What that costs is the difference
# that the others make.
holders() {
	local count i counts=(1 1000 2000 4000) alone=()
	header "Who else holds pairs of unix sockets, among 1000 processes with 23 descriptors each; dump -R, 10 rounds:" \
		'aim: the search < 50, however many pairs'
	for count in "${counts[@]}"; do
		target_options=(-u "$count")
		fresh_target
		times 10 "${dump_running[@]}"
		alone+=("${results[0]}")
	done
	stop_target
	start_program -f 20 -p 1000
	others=$started
	for ((i = 0; i < ${#counts[@]}; i++)); do
		target_options=(-u "${counts[i]}")
		fresh_target
		times 10 "${dump_running[@]}"
		row "${counts[i]} pairs: alone" "${alone[i]}" "$(each "${counts[i]}" "${alone[i]}")"
		row "${counts[i]} pairs: among 1000" "${results[0]}"
		search_row "${counts[i]}" "${alone[i]}" "${results[0]}"
	done
	stop "$others"
	others=
}

printf '%s, %s MiB, Linux %s\n' \
	"$(nproc) x $(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1)" \
	"$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" "$(uname -r)"
printf '%s; zstd %s; %s; archives in %s (%s)\n' "$("$cr_dump" --version | head -n 1)" \
	"$(zstd --version | grep -o 'v[0-9.]*[0-9]')" \
	"$criu_version" "$base" \
	"$(stat -f -c %T "$base")"
awk -v cpus="$(nproc)" '$1 * 4 > cpus {
	printf "Others are at work here (load %s): the CPU column says more than the times do.\n", $1 }' /proc/loadavg
target=PID
set_commands
echo
printf '  %-8s %s\n' dump: "${dump[*]/#$build\//}" 'dump -R:' "${dump_running[*]/#$build\//}" \
	restore: "${restore[*]/#$build\//}"
if [ -n "$has_criu" ]; then
	printf '  %-8s %s\n' criu: "${criu_dump[*]}" '' "${criu_restore[*]}"
fi
target=

for section in ${sections:-small memory processes threads mappings files connections sockets holders}; do
	case $section in
	small | memory | processes | threads | mappings | files | connections | sockets | holders) "$section" ;;
	*) die "there is no section '$section'" ;;
	esac
done
