# One binary with everything in it, on a small Debian, as nobody in particular.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN go run ./public/build \
 && CGO_ENABLED=1 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/statuspage ./server

FROM debian:bookworm-slim
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
