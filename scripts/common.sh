# shellcheck shell=sh
# Folders, versions and functions of the scripts. To be sourced with ROOT set to the checkout.
#
# Folders:
#   TOOLS       tools that are installed for this checkout (CALLS_TOOLS, or .tools, which git ignores)
#   TARGET      cargo's target folder (CARGO_TARGET_DIR, or target in the checkout)
#   TARGET/page target folder of the page, which another rustc may compile

: "${ROOT:?common.sh needs ROOT, the checkout}"

TOOLS=${CALLS_TOOLS:-$ROOT/.tools}
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
case $TOOLS in /*) ;; *) TOOLS=$ROOT/$TOOLS ;; esac
case $TARGET in /*) ;; *) TARGET=$ROOT/$TARGET ;; esac
PAGE_TARGET=$TARGET/page

# trunk 0.22 wants a newer rustc than the workspace does.
TRUNK_VERSION=0.21.14
BINARYEN_VERSION=132
ESBUILD_VERSION=0.25.12
AXE_VERSION=4.14.1
SCHEMATHESIS_VERSION=4.32.5
PGSERVER_VERSION=0.6.0
RADICALE_VERSION=3.9.0
DIESEL_VERSION=2.3
DENY_VERSION=~0.20
CARGO_DEB_VERSION=~3
CARGO_GENERATE_RPM_VERSION=~0.21
WASM_TARGET=wasm32-unknown-unknown

# rustup's folder comes before the system's, where a Rust of the distribution may be for the page alone
# (scripts/wasm-std).
_cargo_bin=${CARGO_HOME:-${HOME:-}/.cargo}/bin
if [ -x "$_cargo_bin/cargo" ]; then PATH=$_cargo_bin:$PATH; fi
PATH=$TOOLS/bin:$TOOLS/node_modules/.bin:$PATH
export PATH

say() { printf '%s\n' "$*"; }

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Cargo options for tools: they run a few times and are compiled once, so these save most of the time of a
# release build.
tool_build_settings() {
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=${TOOL_OPT_LEVEL:-1}
}

# Flags by which rustc embeds the same file names wherever the checkout is, for reproducible builds without
# local paths. One flag per line.
path_flags() {
    printf '%s\n' "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo" "--remap-path-prefix=$ROOT=/calls" \
        "--remap-path-prefix=$TARGET=/target"
}

# The version in Cargo.lock of the crate $1.
locked_version() {
    awk -v name="$1" '
        $0 == "name = \"" name "\"" { getline; gsub(/version = |"/, ""); print; exit }
    ' "$ROOT/Cargo.lock"
}

# Whether the rustc $1 has the standard library for WebAssembly.
has_wasm_std() {
    _libdir=$("$1" --print target-libdir --target "$WASM_TARGET" 2>/dev/null) || return 1
    for _lib in "$_libdir"/libstd-*.rlib; do
        [ -f "$_lib" ] && return 0
    done
    return 1
}

# Prints the rustc that compiles the page, or fails if there is none. scripts/setup creates the wrapper if
# rustup cannot fetch the target; it is outdated once Debian updates the compiler.
wasm_rustc() {
    if has_wasm_std "${RUSTC:-rustc}"; then
        say "${RUSTC:-rustc}"
    elif [ -x "$TOOLS/bin/wasm-rustc" ] && wasm_sysroot_is_current; then
        say "$TOOLS/bin/wasm-rustc"
    else
        return 1
    fi
}

wasm_sysroot_is_current() {
    has_wasm_std "$TOOLS/bin/wasm-rustc" \
        && [ "$(cat "$TOOLS/wasm-sysroot/built-by" 2>/dev/null)" = "$(/usr/bin/rustc -vV 2>/dev/null)" ]
}

# Prints PostgreSQL's folder of server binaries, the newest version where there are several.
postgres_bin() {
    if [ -n "${CALLS_POSTGRES_BIN:-}" ]; then
        say "$CALLS_POSTGRES_BIN"
        return 0
    fi
    for _dir in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        /usr/local/opt/postgresql@*/bin /usr/local/pgsql/bin | sort -rV); do
        if [ -x "$_dir/initdb" ] && [ -x "$_dir/postgres" ]; then
            say "$_dir"
            return 0
        fi
    done
    have initdb && have postgres && dirname "$(command -v initdb)"
}
