#!/usr/bin/env bash
# Copies what console/ and api/package-lock.json name under static/vendor, or builds it of that, so that serving
# needs no npm.
# With --check it only says whether what lies there is what npm has under the locked digests.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {
    mkdir -p "$work/$1/vendor"
    cp "$root/$1/package.json" "$root/$1/package-lock.json" "$work/$1/"
    (cd "$work/$1" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null)
}

fetch console
cp "$work/console/node_modules/htmx.org/dist/htmx.min.js" "$work/console/vendor/"
cp "$work/console/node_modules/htmx.org/LICENSE" "$work/console/vendor/htmx.LICENSE"
# Of ECharts only what the charts use; the same source and locked tools make the same bytes.
cp -r "$root/console/bundled" "$work/console/"
(cd "$work/console" && node_modules/.bin/esbuild bundled/echarts.js --bundle --minify --format=iife --target=es2020 \
    --global-name=echarts --legal-comments=none --log-level=warning --outfile=vendor/echarts.min.js)
cat "$work/console/node_modules/echarts/"{LICENSE,NOTICE} >"$work/console/vendor/echarts.LICENSE"
cat "$work/console/node_modules/zrender/LICENSE" >"$work/console/vendor/zrender.LICENSE"
cat "$work/console/node_modules/tslib/LICENSE.txt" >"$work/console/vendor/tslib.LICENSE"

fetch api
swagger="$work/api/node_modules/swagger-ui-dist"
cp "$swagger/swagger-ui-bundle.js" "$swagger/swagger-ui.css" "$work/api/vendor/"
cp "$swagger/LICENSE" "$work/api/vendor/swagger-ui.LICENSE"
cp "$swagger/swagger-ui-bundle.js.LICENSE.txt" "$work/api/vendor/"

# The browser asks for a source map only where one is named.
sed -i -E '/^\/\/# sourceMappingURL=/d; s|/\*# sourceMappingURL=[^*]*\*/||' "$work"/*/vendor/*.js "$work"/*/vendor/*.css

for part in console api; do
    (cd "$work/$part/vendor" && sha256sum -- * >../SHA256SUMS && mv ../SHA256SUMS .)
    if [ "${1:-}" = "--check" ]; then
        diff -r "$work/$part/vendor" "$root/$part/static/vendor"
    else
        rm -rf "$root/$part/static/vendor"
        cp -r "$work/$part/vendor" "$root/$part/static/vendor"
    fi
done
