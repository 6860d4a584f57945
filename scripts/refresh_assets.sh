#!/usr/bin/env bash
# Copies what console/package-lock.json names into console/static/vendor, so that serving needs no npm.
set -euo pipefail
cd "$(dirname "$0")/../console"

npm ci --ignore-scripts --no-audit --no-fund
mkdir -p static/vendor
cp node_modules/htmx.org/dist/htmx.min.js static/vendor/htmx.min.js
cp node_modules/htmx.org/LICENSE static/vendor/htmx.LICENSE
# The browser asks for a source map only where one is named.
sed -i '/^\/\/# sourceMappingURL=/d' static/vendor/htmx.min.js
rm -rf node_modules
