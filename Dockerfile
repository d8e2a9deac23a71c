# Norrix: the server with its dashboard, the command line that it hands out, and norrix-server for whoever operates it.
# It runs as an ordinary user, writes to /data alone, and needs no network but its port. See docs/guide/operating.md.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /norrix
COPY . .
# Installs what package-lock.json names, compares it by content, and builds.
RUN node tools/run.mjs build
# What is left is what serving takes: no bundler, no test runner, no browser.
RUN npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production NORRIX_SERVER_CONFIG=/etc/norrix/norrix-server.json
WORKDIR /norrix
COPY --from=build /norrix/package.json /norrix/LICENSE ./
COPY --from=build /norrix/node_modules ./node_modules
COPY --from=build /norrix/packages ./packages
COPY --from=build /norrix/dist ./dist
COPY tools/docker/norrix-server.json /etc/norrix/norrix-server.json
COPY --chmod=755 tools/docker/norrix-server /usr/local/bin/norrix-server
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 4400
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4400/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/norrix/packages/server/src/main.mjs"]
CMD ["serve"]
