# One binary with everything in it, on a small Debian, as nobody in particular. The two images it begins from are
# named by the digests of their tags' indexes as many public build files named them in September 2026 (Go 1.26.8, Debian 12). Where this file was written
# no registry could be asked: `make bases` writes those of today, before you build what others run.

FROM golang:1.26-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN go run ./public/build \
 && CGO_ENABLED=1 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/statuspage ./server

FROM debian:bookworm-slim@sha256:60eac759739651111db372c07be67863818726f754804b8707c90979bda511df
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /srv --no-create-home --shell /usr/sbin/nologin statuspage \
 && install -d -o statuspage -g statuspage /srv/data
COPY --from=build /out/statuspage /usr/local/bin/statuspage
USER 10001
WORKDIR /srv
VOLUME /srv/data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["statuspage"]
CMD ["serve"]
