#!/usr/bin/env bash
# Writes what the sample's pages use from npm into src/Sample.Web, or into another folder, as package-lock.json pins it. The build needs no npm: the files are committed.
#
#   scripts/npm/update.sh            after a change of package.json: `npm install --package-lock-only --omit-lockfile-registry-resolved` in scripts/npm first
#   scripts/npm/update.sh FOLDER     into that folder, to compare
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
target="${1:-$here/../../src/Sample.Web}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cp "$here/package.json" "$here/package-lock.json" "$work"
npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund >&2

# asset PACKAGE FILE TARGET: the file behind a comment with its origin and licence, and without its source map, which is not here.
asset() {
  local package="$work/node_modules/$1" name version license
  name="$1"
  version="$(node -p 'require(process.argv[1]).version' "$package/package.json")"
  license="$(node -p 'require(process.argv[1]).license' "$package/package.json")"
  mkdir -p "$(dirname "$target/$3")"
  if [[ -f "$package/LICENSE" ]]; then
    printf '/*! %s %s, from npm\n\n%s\n*/\n' "$name" "$version" "$(cat "$package/LICENSE")"
  else
    printf '/*! %s %s, %s licence, (c) .NET Foundation and contributors: https://www.npmjs.com/package/%s */\n' "$name" "$version" "$license" "$name"
  fi >"$target/$3"
  printf '%s\n' "$(grep -v '^//# sourceMappingURL=' "$package/$2")" >>"$target/$3"
}

asset @microsoft/signalr dist/browser/signalr.min.js Application/Assets/signalr.min.js
asset uplot dist/uPlot.iife.min.js Dashboard/Assets/uPlot.min.js
asset uplot dist/uPlot.min.css Dashboard/Assets/uPlot.min.css
