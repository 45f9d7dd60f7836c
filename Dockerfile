# A static binary and nothing else: no shell, no package manager, no root.
#
#   docker build -t wardline .
#   docker run --read-only -v wardline:/var/lib/wardline -p 8443:8443 wardline
#
# Everything that is written lies in the volume /var/lib/wardline.

FROM node:22-bookworm-slim AS console
WORKDIR /src/web/console
COPY web/console/package.json web/console/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY docs/openapi.json /src/docs/openapi.json
COPY web/console/ ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=console /src/web/dist/ web/dist/
ARG VERSION=container
ARG COMMIT=unknown
RUN make binaries VERSION="$VERSION" COMMIT="$COMMIT" \
 && install -d -m 0700 /out/var/lib/wardline \
 && install -d -m 1777 /out/tmp

FROM scratch
LABEL org.opencontainers.image.title="Wardline" \
      org.opencontainers.image.description="Device management for hospitals: infusion pumps and staff phones" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/build/wardline /src/build/wardline-agent /usr/local/bin/
COPY --from=build --chown=65532:65532 /out/ /
USER 65532:65532
ENV PATH=/usr/local/bin \
    HOME=/var/lib/wardline \
    WARDLINE_DATA=/var/lib/wardline \
    WARDLINE_LOG_FORMAT=json \
    WARDLINE_ADMIN_ADDR=0.0.0.0:8443 \
    WARDLINE_PUBLIC_ADDR=0.0.0.0:8442 \
    WARDLINE_DEVICE_ADDR=0.0.0.0:8444 \
    WARDLINE_PKI_ADDR=0.0.0.0:8081
VOLUME /var/lib/wardline
EXPOSE 8443 8442 8444 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/wardline", "health", "--url", "https://localhost:8443"]
# SIGTERM lets held polls end and open transactions finish.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/wardline"]
CMD ["serve"]
