# The project's commands. `./just` works where just itself is not installed.

set dotenv-load

# List the commands
[private]
default:
    @just --justfile {{ quote(justfile()) }} --list --unsorted

# Run the API and the page, reloading on change: http://localhost:3000/calls/+13333333333
[no-exit-message]
dev: (setup "dev")
    @exec scripts/dev

# Check everything: formatting, lints, all tests, the schema, the docs
[no-exit-message]
test: (setup "test")
    @exec scripts/test

# Make the whole product: `calls` in cargo's release folder, with the page inside
build: (setup "build")
    @scripts/page
    cargo build --release --package calls-api

# Make .deb, .rpm and tarball in cargo's target folder
package: (setup "package")
    @scripts/package

# Install the .deb in a Debian of its own, use it, remove it (root; some minutes)
package-test:
    @scripts/package-test

# Build the page for release into frontend/dist
page: (setup "build")
    @scripts/page

# Fill the database with dummy calls; options as in `calls seed --help`
seed *OPTIONS:
    cargo run --quiet --package calls-api --bin calls -- seed {{ OPTIONS }}

# Rewrite schema.rs from the migrations
schema: (setup "test")
    @scripts/schema write

# Feed a reader what no writer writes: names the targets, or `just fuzz TARGET [SECONDS]`
fuzz *TARGET:
    @scripts/fuzz {{ TARGET }}

# Make the README's pictures
screenshots: (setup "test")
    @scripts/screenshots

# Measure how fast it all is on this machine, beside its limits and a plain peer: options as in `bench --help`
bench *OPTIONS: (setup "build")
    cargo build --release --package calls-api --package calls-bench --bins
    "${CARGO_TARGET_DIR:-target}/release/bench" {{ OPTIONS }}

# Measure names, the directory, several lines, and the memory of imports, with so many parties
bench-people PARTIES="1000000": (setup "build")
    cargo build --release --package calls-api --package calls-bench --bins
    "${CARGO_TARGET_DIR:-target}/release/people" {{ PARTIES }}

# Measure the page in Chromium, beside another one with --against URL: options as in `page-bench --help`
bench-page *OPTIONS: (setup "test")
    @scripts/page
    cargo build --release --package calls-api --package page-bench --bins
    "${CARGO_TARGET_DIR:-target}/release/page-bench" {{ OPTIONS }}

# Measure how many bytes leptos-swr adds to a page
size: (setup "build")
    @crates/leptos-swr/size

# Serve an example of leptos-swr on http://127.0.0.1:8089: people or offline
example NAME="people": (setup "build")
    @crates/leptos-swr/example {{ NAME }}

# Format the code
fmt:
    cargo fmt --all

# Check formatting and lints
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --features leptos-swr/devtools -- --deny warnings

# Install what a goal (dev, test, build or package) needs and this machine lacks
setup goal="dev":
    @scripts/setup {{ goal }}
