#!/bin/sh
# Installs {{name}} for this user. Needs curl or wget, tar, and no root.
#   curl -fsSL https://github.com/{{repository}}/releases/latest/download/install.sh | sh
# Variables:
#   CLAUDE_MAX_API_VERSION      a release such as v{{version}}; else the latest
#   CLAUDE_MAX_API_INSTALL_DIR  where the program goes; else ~/.local/bin
#   CLAUDE_MAX_API_BASE_URL     where the archives and SHA256SUMS are; else the release on GitHub
set -eu

name={{name}}
releases=https://github.com/{{repository}}/releases

die() {
  echo "install: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null 2>&1 || die "$1 is needed"
}

# fetch URL FILE
fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --retry 2 -o "$2" "$1" || die "cannot fetch $1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1" || die "cannot fetch $1"
  else
    die "curl or wget is needed"
  fi
}

find_target() {
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) die "there is no build for $system; with Node 20 or newer: npm install -g $name" ;;
  esac
  case $machine in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) die "there is no build for $machine; with Node 20 or newer: npm install -g $name" ;;
  esac
  # A shell under Rosetta says x86_64 on an arm64 Mac.
  if [ "$system-$machine" = darwin-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || echo 0)" = 1 ]; then
    machine=arm64
  fi
  if [ "$system" = linux ] && ! [ -e /lib64/ld-linux-x86-64.so.2 ] && ! [ -e /lib/ld-linux-aarch64.so.1 ]; then
    die "this build needs glibc; with Node 20 or newer: npm install -g $name"
  fi
  target=$system-$machine
}

# The address that /latest leads to ends in the version.
find_latest() {
  if command -v curl >/dev/null 2>&1; then
    address=$(curl -fsSLI -o /dev/null -w '%{url_effective}' "$releases/latest") || die "cannot fetch $releases/latest"
  else
    address=$(wget -S --spider "$releases/latest" 2>&1 | awk '$1 == "Location:" { found = $2 } END { print found }')
  fi
  version=${address##*/}
  case $version in
    v[0-9]*) ;;
    *) die "cannot tell the latest version; set CLAUDE_MAX_API_VERSION" ;;
  esac
}

# check FILE: its sum must be the one that SHA256SUMS has for it
check() {
  wanted=$(awk -v file="$1" '$2 == file { print $1 }' "$folder/SHA256SUMS")
  [ -n "$wanted" ] || die "SHA256SUMS has no line for $1"
  if command -v sha256sum >/dev/null 2>&1; then
    found=$(sha256sum "$folder/$1")
  else
    need shasum
    found=$(shasum -a 256 "$folder/$1")
  fi
  [ "${found%% *}" = "$wanted" ] || die "the checksum of $1 does not match; nothing was installed"
}

main() {
  need uname
  need tar
  need awk
  need mktemp
  [ -n "${HOME:-}" ] || [ -n "${CLAUDE_MAX_API_INSTALL_DIR:-}" ] || die "HOME is not set"
  place=${CLAUDE_MAX_API_INSTALL_DIR:-${HOME:-}/.local/bin}
  find_target
  version=${CLAUDE_MAX_API_VERSION:-}
  [ -n "$version" ] || find_latest
  version=v${version#v}
  archive=$name-$version-$target.tar.gz
  base=${CLAUDE_MAX_API_BASE_URL:-$releases/download/$version}

  folder=$(mktemp -d)
  new=
  trap 'rm -rf "$folder" ${new:+"$new"}' EXIT
  trap 'exit 1' HUP INT TERM
  fetch "$base/SHA256SUMS" "$folder/SHA256SUMS"
  fetch "$base/$archive" "$folder/$archive"
  check "$archive"
  tar -xzf "$folder/$archive" -C "$folder" "$name" || die "cannot unpack $archive"
  "$folder/$name" --version >/dev/null 2>&1 || die "$name $version does not run on this machine"

  # Moved in one step from the same folder: a running program goes on, and none is ever half written.
  mkdir -p "$place"
  new=$place/.$name.$$
  cp "$folder/$name" "$new"
  chmod 755 "$new"
  mv -f "$new" "$place/$name"
  echo "installed $name $version: $place/$name"
  case :${PATH:-}: in
    *":$place:"*) ;;
    *) echo "add it to your PATH: export PATH=\"$place:\$PATH\"" ;;
  esac
  command -v claude >/dev/null 2>&1 || echo "the claude CLI is needed too: https://claude.com/claude-code"
  echo "next: $name doctor"
}

# The last line: of a download that was cut, nothing is run.
main "$@"
