#!/bin/sh
# Installs gomend: one program, for you alone, nothing else. Then type: gomend install
#
#   sh install.sh [--version VERSION] [--dir DIR]
#
# DIR is ~/.local/bin unless given; root isn't needed. The archive for this machine is fetched, compared with
# its SHA-256 in SHA256SUMS, tried in DIR, and only then given its name; after a failure nothing is left.
# GOMEND_DOWNLOAD is where the releases lie instead: an https:// or file:// address of a folder with one folder
# per version (v0.1.0). Needs tar, gzip, and curl or wget.
#
# Read line by line (`curl ... | sh`) it does nothing until the last line has come.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

usage() {
    echo "usage: install.sh [--version VERSION] [--dir DIR]"
}

# This machine as Rust names it.
platform() {
    system=$(uname -s) machine=$(uname -m)
    case $machine in
        x86_64 | amd64) machine=x86_64 ;;
        aarch64 | arm64) machine=aarch64 ;;
        *) fail "there is no program for a $machine; from the sources: cargo install gomend --locked" ;;
    esac
    case $system in
        Linux) echo "$machine-unknown-linux-musl" ;; # static: for glibc and musl alike
        Darwin)
            # a shell that Rosetta translates says x86_64
            [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" != 1 ] || machine=aarch64
            echo "$machine-apple-darwin"
            ;;
        *) fail "there is no program for $system; from the sources: cargo install gomend --locked" ;;
    esac
}

# Fetches address $1 into file $2. Encrypted, or from this very machine.
fetch() {
    case $1 in
        https://*) protocol=https ;;
        http://127.0.0.1:* | http://localhost:*) protocol=http ;;
        file:///*)
            cp "${1#file://}" "$2" 2>/dev/null || fail "cannot read $1"
            return
            ;;
        *) fail "$1 is neither https:// nor file://" ;;
    esac
    if command -v curl >/dev/null 2>&1; then
        curl --proto "=$protocol" --fail --silent --show-error --location --retry 2 --output "$2" -- "$1" ||
            fail "cannot fetch $1"
    elif command -v wget >/dev/null 2>&1; then
        wget -q -O "$2" "$1" || fail "cannot fetch $1"
    else
        fail "neither curl nor wget is here; install one of them"
    fi
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum <"$1" | cut -d ' ' -f 1
    elif command -v shasum >/dev/null 2>&1; then
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    elif command -v openssl >/dev/null 2>&1; then
        openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
    else
        fail "none of sha256sum, shasum and openssl is here to compare the checksum; install one of them"
    fi
}

# Takes back what a run that didn't end well has made.
tidy() {
    rm -rf "${scratch:?}"
    [ -z "$half" ] || rm -f "$half"
    while [ -n "$made" ]; do # the folders that weren't there before
        rmdir "$made" 2>/dev/null || break
        [ "$made" != "$oldest" ] || break
        made=$(dirname "$made")
    done
}

# $1 as a shell reads it.
quoted() {
    case $1 in
        *[!0-9A-Za-z/._+:@%,=-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
        *) printf '%s' "$1" ;;
    esac
}

main() {
    version=0.1.0 dir='' half='' made='' oldest=''
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h)
                usage
                exit 0
                ;;
            --version=* | --dir=*)
                option=${1%%=*} value=${1#*=}
                shift
                set -- "$option" "$value" "$@"
                ;;
            --version)
                [ -n "${2:-}" ] || fail "--version needs a value"
                version=${2#v}
                shift 2
                ;;
            --dir)
                [ -n "${2:-}" ] || fail "--dir needs a value"
                dir=$2
                shift 2
                ;;
            *) fail "unknown option $1; $(usage)" ;;
        esac
    done
    case $version in
        *[!0-9A-Za-z.+-]*) fail "$version is no version" ;;
    esac
    if [ -z "$dir" ]; then
        [ -n "${HOME:-}" ] || fail "HOME isn't set; say where with --dir"
        dir=$HOME/.local/bin
    fi
    case $dir in
        /*) ;;
        *) dir=$PWD/$dir ;; # so that it is no option, and `next:` holds wherever it is pasted
    esac
    releases=${GOMEND_DOWNLOAD:-https://github.com/gomend/gomend/releases/download}
    target=$(platform)
    name=gomend-$version-$target
    archive=$name.tar.gz

    scratch=$(mktemp -d) || fail "no temporary folder can be made"
    trap tidy EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP

    fetch "$releases/v$version/SHA256SUMS" "$scratch/SHA256SUMS"
    wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$archive\$/\1/p" "$scratch/SHA256SUMS")
    [ -n "$wanted" ] || fail "version $version has no program for $target"
    fetch "$releases/v$version/$archive" "$scratch/$archive"
    found=$(sha256 "$scratch/$archive")
    [ "$found" = "$wanted" ] ||
        fail "$archive has another checksum than SHA256SUMS says; it isn't installed
  found  $found
  wanted $wanted"
    gzip -dc "$scratch/$archive" | (cd "$scratch" && tar -xf - "$name/gomend") || fail "$archive cannot be unpacked"

    parent=$dir
    while [ ! -e "$parent" ]; do
        [ -n "$made" ] || made=$dir
        oldest=$parent
        parent=$(dirname "$parent")
    done
    mkdir -p "$dir" 2>/dev/null || fail "$dir cannot be made; say where with --dir"
    [ ! -d "$dir/gomend" ] || fail "$dir/gomend is a folder; say where with --dir"
    half=$(mktemp "$dir/.gomend.XXXXXX" 2>/dev/null) || fail "$dir cannot be written; say where with --dir"
    cp "$scratch/$name/gomend" "$half" 2>/dev/null || fail "$dir cannot be written; say where with --dir"
    chmod 755 "$half"
    # not in the temporary folder, where programs may be forbidden (noexec)
    "$half" --version >/dev/null ||
        fail "the program for $target doesn't start in $dir; if nothing may be started there (noexec), say where with --dir"
    mv -f "$half" "$dir/gomend" || fail "$dir/gomend cannot be written"
    half='' made=''

    printf '%s\n' "gomend $version is installed: $dir/gomend"
    command=gomend
    case :$PATH: in
        *":$dir:"*) ;;
        *) command=$(quoted "$dir/gomend") ;;
    esac
    printf '%s\n' "next: $command install     # go runs through it, in shells that start from then on"
}

main "$@"
