#!/usr/bin/env bash
# tools/setup.sh [GROUP...]   installs the Debian packages of tools/packages.txt that are missing (default: every group)
# Root or sudo is only asked for when something is missing. Says nothing and takes no time when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
groups=" ${*:-build test demo} "
say() { echo "setup: $*" >&2; }

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { print $2 }')
missing=()
while read -r group package command; do
  [[ $groups == *" $group "* ]] || continue
  if [ -n "$command" ] && command -v "$command" >/dev/null; then continue; fi
  grep -qxF "$package" <<<"$installed" && continue
  [[ " ${missing[*]-} " == *" $package "* ]] || missing+=("$package")
done < <(grep -v '^#' tools/packages.txt)
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "these Debian packages are missing: ${missing[*]}"
    say "run this again as root, or install sudo"
    exit 1
  fi
  as_root=(sudo)
fi

log=$(mktemp /tmp/freshet-setup.XXXXXX)
# A shell opens descriptor 3 for apt's progress behind sudo, which closes what it does not know; a line is said at each
# tenth of the way.
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive bash -c 'log=$1; shift
    dpkg --configure -a >>"$log" 2>&1 && exec apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 \
      -o APT::Status-Fd=3 --no-install-recommends "$@" 3>&1 >>"$log" 2>&1' apt "$log" "$@" | awk -F: '
        ($1 == "pmstatus" || $1 == "dlstatus") && $3 >= said[$1] + 10 {
          printf "setup: %s %d %%\n", $1 == "dlstatus" ? "downloaded" : "installed", $3
          said[$1] = $3; fflush()
        }' >&2
}
say "installing ${#missing[@]} Debian packages: ${missing[*]}"
if ! { apt update && apt install "${missing[@]}"; }; then
  tail -n 20 "$log" >&2
  say "apt-get failed; its whole output is in $log"
  exit 1
fi
rm -f "$log"
say "done"
