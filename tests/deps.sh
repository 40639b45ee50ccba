#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what building and testing need.
#
#   tests/deps.sh                everything; tools that only some tests use are no error if they cannot be had
#   tests/deps.sh --build        only what building needs
#   tests/deps.sh --check-build  installs nothing: one line and status 1 if something for building is missing
set -eu

# Debian's package, and the command that succeeds when it is there.
build_table='
gcc                  command -v gcc
pkg-config           command -v pkg-config
libarchive-dev       pkg-config --exists libarchive
libzstd-dev          pkg-config --exists libzstd
libprotobuf-c-dev    pkg-config --exists libprotobuf-c
protobuf-c-compiler  command -v protoc-c
libnl-3-dev          pkg-config --exists libnl-3.0
zstd                 command -v zstd
'
test_table='
libcmocka-dev        pkg-config --exists cmocka
libarchive-tools     command -v bsdtar
xz-utils             command -v xz
sqlite3              command -v sqlite3
python3              command -v python3
bc                   command -v bc
openssl              command -v openssl
util-linux           command -v unshare
procps               command -v ps
mandoc               command -v mandoc
shellcheck           command -v shellcheck
clang-format         command -v clang-format
curl                 command -v curl
tmux                 command -v tmux
htop                 command -v htop
redis-server         command -v redis-server
nginx-light          command -v nginx
socat                command -v socat
dbus-daemon          command -v dbus-daemon
dbus-bin             command -v dbus-send
nftables             command -v nft
memcached            command -v memcached
valgrind             command -v valgrind
strace               command -v strace
netcat-openbsd       command -v nc
iperf3               command -v iperf3
openssh-client       command -v ssh
openssh-server       test -x /usr/sbin/sshd
nodejs               command -v node
socat                command -v socat
iproute2             command -v ip
mariadb-server       command -v mariadbd
postgresql           ls /usr/lib/postgresql/*/bin/postgres
'

# Prints the packages of the table $1 whose command fails.
missing_of() {
	echo "$1" | while read -r package probe; do
		[ -n "$package" ] || continue
		sh -c "$probe" >/dev/null 2>&1 || printf '%s ' "$package"
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps: not root, and there is no sudo: as root, run: $*" >&2
		return 1
	fi
}

# Some tests start servers of their own: those that come with the packages are not to be started on this machine.
policy=/usr/sbin/policy-rc.d
forbid_services() {
	[ ! -e "$policy" ] || return 0
	trap allow_services EXIT
	printf '#!/bin/sh\nexit 101\n' | as_root sh -c "cat >$policy && chmod 755 $policy"
}
allow_services() {
	as_root rm -f "$policy"
}

# An optional package that cannot be had must not keep the others away: after a failure of all, one by one.
install_packages() {
	echo "deps: installing $*"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need=$(missing_of "$build_table")
want=
case "${1-}" in
--check-build)
	[ -z "$need" ] && exit 0
	echo "missing: ${need% }; run: make deps" >&2
	exit 1
	;;
--build) ;;
'') want=$(missing_of "$test_table") ;;
*)
	echo "usage: tests/deps.sh [--build | --check-build]" >&2
	exit 2
	;;
esac
[ -n "$need$want" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "deps: please install the equivalents of these Debian packages: $need$want" >&2
	[ -z "$need" ] # the tests skip what they cannot run
	exit
fi

echo "deps: missing: $need$want"
as_root apt-get update -qq || echo "deps: apt-get update failed; trying with the lists that are here" >&2
if [ -n "$need" ]; then
	# shellcheck disable=SC2086 # a list of words
	install_packages $need || { echo "deps: could not install: $need" >&2 && exit 1; }
fi
[ -z "$want" ] || forbid_services
# shellcheck disable=SC2086
if [ -n "$want" ] && ! install_packages $want; then
	for package in $want; do
		install_packages "$package" || echo "deps: no $package: tests that need it will be skipped" >&2
	done
fi
