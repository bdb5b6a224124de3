#!/usr/bin/env bash
# tools/bare_machine.sh DIR COMMAND...   runs a command in a bare Debian 12 made in DIR (root; needs debootstrap)
# The project is cloned to /freshet inside, so that what it needs and tools/packages.txt lacks is found out.
#   tools/bare_machine.sh /tmp/bare make test
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${1:?usage: tools/bare_machine.sh DIR COMMAND...}
shift
if [ ! -f "$dir/made" ]; then
  mirror=$(grep -rhE '^(deb|URIs:) ' /etc/apt/sources.list.d /etc/apt/sources.list 2>/dev/null |
    grep -oE 'https?://[^ ]+/debian/?$' | head -1 || true)
  debootstrap --variant=minbase --include=ca-certificates,git,make bookworm "$dir" "$mirror"
  touch "$dir/made"
fi
# Certificates that this network needs beyond Debian's, and the variables that name them.
mkdir -p "$dir/usr/local/share/ca-certificates"
cp /usr/local/share/ca-certificates/* "$dir/usr/local/share/ca-certificates/" 2>/dev/null || true
network=$(env | grep -E '^(https?_proxy|no_proxy|[A-Z_]*(CA_BUNDLE|_CERTS|CERT_FILE|PIP_CERT|CAINFO))=' || true)
# What a machine has and a folder has not: devices, processes, this network's resolver and trusted certificates.
cp /etc/resolv.conf /etc/hosts "$dir/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$dir/etc/ssl/certs/"
chroot "$dir" update-ca-certificates >/dev/null   # as files of their own, which is where Java's package looks
for at in proc sys dev dev/pts; do mountpoint -q "$dir/$at" || mount --bind "/$at" "$dir/$at"; done
trap 'for at in dev/pts dev sys proc; do umount --lazy "$dir/$at" || true; done' EXIT
rm -rf "$dir/freshet"
git clone -q . "$dir/freshet"
chroot "$dir" env -i HOME=/root TERM="${TERM:-dumb}" PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 $network \
  bash -c 'cd /freshet && exec "$@"' bare "$@" </dev/null
