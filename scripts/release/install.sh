#!/bin/sh
# Installs {{name}} for this user. Needs curl or wget, tar, sha256sum or shasum, and no root.
#   curl -fsSL https://github.com/{{repository}}/releases/latest/download/install.sh | sh
# Variables:
#   CLAUDE_MAX_API_VERSION      a release by its tag; else the latest
#   CLAUDE_MAX_API_INSTALL_DIR  where the program goes; else ~/.local/bin
#   CLAUDE_MAX_API_BASE_URL     where the archives and SHA256SUMS are, https; else the release on GitHub. Without a
#                               version, GitHub is asked for the newest
set -eu
umask 077

name={{name}}
releases=https://github.com/{{repository}}/releases

die() {
  echo "install: $*" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

need() {
  has "$1" || die "$1 is needed"
}

# Plain http is for this machine's own loopback alone, where nobody else can change what is sent.
check_address() {
  case $1 in
    *@*) die "$1 holds a user name, which is not sent; leave it out" ;;
    https://*) protocol=https ;;
    http://127.0.0.1:* | http://localhost:*) protocol=http ;;
    *) die "$1 is not https" ;;
  esac
}

# fetch URL FILE: with curl also after a redirect only over https; with a bar on a terminal
fetch() {
  check_address "$1"
  quiet=-sS
  [ ! -t 2 ] || quiet=--progress-bar
  if has curl; then
    curl -fL $quiet --proto "=$protocol" --proto-redir "=$protocol" --tlsv1.2 --retry 2 -o "$2" "$1" || die "cannot fetch $1"
  elif has wget; then
    wget -q -O "$2" "$1" || die "cannot fetch $1"
  else
    die "curl or wget is needed"
  fi
}

# no_build WORDS: there is no executable for this system; the program itself runs wherever Node does
no_build() {
  if has node && node -e 'process.exit(parseInt(process.versions.node) < 20)' 2>/dev/null; then
    echo "$1; installing the program for the Node that is here, $(node --version)"
    target=node
  else
    die "$1; install Node 20 or newer (Alpine: apk add nodejs libstdc++) and run this again"
  fi
}

find_target() {
  target=
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) no_build "there is no executable for $system" ;;
  esac
  case $machine in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) [ -n "$target" ] || no_build "there is no executable for $machine" ;;
  esac
  # A shell under Rosetta says x86_64 on an arm64 Mac.
  if [ "$system-$machine" = darwin-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || echo 0)" = 1 ]; then
    machine=arm64
  fi
  if [ "$system" = linux ] && [ -z "$target" ] &&
    ! [ -e /lib64/ld-linux-x86-64.so.2 ] && ! [ -e /lib/ld-linux-aarch64.so.1 ]; then
    no_build "the executable needs glibc, which this system does not have"
  fi
  target=${target:-$system-$machine}
}

# The address that /latest leads to ends in the version.
find_latest() {
  if has curl; then
    address=$(curl -fsSLI --proto =https --proto-redir =https -o /dev/null -w '%{url_effective}' "$releases/latest") ||
      die "cannot fetch $releases/latest"
  elif has wget; then
    address=$(wget -S --spider "$releases/latest" 2>&1 | awk '$1 == "Location:" { found = $2 } END { print found }')
  else
    die "curl or wget is needed"
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
  if has sha256sum; then
    found=$(sha256sum "$folder/$1")
  elif has shasum; then
    found=$(shasum -a 256 "$folder/$1")
  else
    die "sha256sum or shasum is needed"
  fi
  [ "${found%% *}" = "$wanted" ] || die "the checksum of $1 does not match; nothing was installed"
}

# unpack ARCHIVE FILE: the bytes of the one member that is wanted, which has to be a plain file
unpack() {
  member=$(tar -tvzf "$1" "$name" 2>/dev/null) || die "the archive holds no $name; nothing was installed"
  case $member in
    *" -> "* | *" link to "* | *"
"*) die "$name in the archive is not one plain file; nothing was installed" ;;
    -*) ;;
    *) die "$name in the archive is not one plain file; nothing was installed" ;;
  esac
  # To stdout: neither names nor links nor modes of the archive count.
  tar -xzOf "$1" "$name" >"$2" || die "cannot write $name to $place; is there room on the disk?"
}

# explain FILE WORDS: why the program does not run
explain() {
  case $2 in
    *libstdc++.so.6*) die "$name needs libstdc++: install libstdc++6 (Debian, Ubuntu) or libstdc++ (Fedora, Alpine)" ;;
    *GLIBC*) die "$name needs a newer glibc than this system has; with Node 20 or newer: npm install -g $name" ;;
  esac
  printf '#!/bin/sh\nexit 0\n' >"$1"
  "$1" >/dev/null 2>&1 || die "$place is on a file system without programs (noexec); set CLAUDE_MAX_API_INSTALL_DIR to another folder"
  die "$name $version does not run on this machine: ${2:-it said nothing}"
}

# The folder, or the nearest one above it that is there, must take a file.
check_place() {
  nearest=$place
  while ! [ -e "$nearest" ]; do nearest=$(dirname "$nearest"); done
  if ! [ -d "$nearest" ] || ! [ -w "$nearest" ]; then
    die "cannot write to $place; choose another folder with CLAUDE_MAX_API_INSTALL_DIR"
  fi
}

main() {
  need uname
  need tar
  need awk
  need mktemp
  [ -n "${HOME:-}" ] || [ -n "${CLAUDE_MAX_API_INSTALL_DIR:-}" ] ||
    die "HOME is not set; choose a folder with CLAUDE_MAX_API_INSTALL_DIR"
  place=${CLAUDE_MAX_API_INSTALL_DIR:-${HOME:-}/.local/bin}
  case $place in
    /*) ;;
    *) place=$PWD/$place ;;
  esac
  find_target
  version=${CLAUDE_MAX_API_VERSION:-}
  [ -n "$version" ] || find_latest
  version=v${version#v}
  archive=$name-$version-$target.tar.gz
  base=${CLAUDE_MAX_API_BASE_URL:-$releases/download/$version}
  check_place

  folder=$(mktemp -d)
  new=
  trap 'rm -rf "$folder" ${new:+"$new"}' EXIT
  trap 'exit 1' HUP INT TERM
  echo "downloading $base/$archive"
  fetch "$base/SHA256SUMS" "$folder/SHA256SUMS"
  fetch "$base/$archive" "$folder/$archive"
  check "$archive"

  # Moved in one step from the same folder: a running program goes on, and none is ever half written.
  (umask 022 && mkdir -p "$place")
  new=$(mktemp "$place/.$name.XXXXXX")
  unpack "$folder/$archive" "$new"
  chmod 755 "$new"
  said=$("$new" --version 2>&1) || explain "$new" "$said"
  mv -f "$new" "$place/$name"
  echo "installed $name $version: $place/$name"
  case :${PATH:-}: in
    *":$place:"*) ;;
    *) echo "add it to your PATH: export PATH=\"$place:\$PATH\"" ;;
  esac
  has claude || echo "the claude CLI is needed too: curl -fsSL https://claude.ai/install.sh | bash"
  echo "next: $name doctor"
}

# The last line: of a download that was cut, nothing is run.
main "$@"
