# syntax=docker/dockerfile:1
# The whole product as one image: the binary `calls` with the page inside. PostgreSQL is elsewhere: see docker-compose.yml.

FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq-dev nodejs npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
ENV CALLS_TOOLS=/tools CARGO_TARGET_DIR=/target
# The page's tools change seldom: a layer of their own, which only their versions renew.
COPY Cargo.toml Cargo.lock ./
COPY scripts/common.sh scripts/setup scripts/
RUN scripts/setup build
COPY . .
RUN --mount=type=cache,target=/target --mount=type=cache,target=/usr/local/cargo/registry \
    scripts/page \
    && cargo build --release --locked --package calls-api \
    && cp /target/release/calls /usr/local/bin/calls

FROM debian:bookworm-slim
# pg_dump, for backups, is to be as new as the server: docker-compose.yml has version 17, Debian 12 has 15.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends libpq5 postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin calls \
    && install --directory --owner calls --mode 700 /backups
COPY --from=build /usr/local/bin/calls /usr/local/bin/calls
# The user calls, by its number: Kubernetes sees then that it is not root.
USER 10001
ENV CALLS_BIND=0.0.0.0:8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["calls", "health"]
# `docker run IMAGE seed` and the other commands work too.
ENTRYPOINT ["calls"]
CMD ["serve"]
