#!/usr/bin/env bash
# Makes the NuGet package and its symbol package in artifacts/, checks and tests them.
#
#   ./pack.sh                     pack from a clone, compare with another one, run the quick package tests
#   ./pack.sh --all               ... and the long ones: every kind of host and publish, minutes
#   ./pack.sh --publish SOURCE    ... and push both to a NuGet source, a URL or a folder. NUGET_API_KEY is its key, if it wants one.
#
# --publish refuses while RepositoryUrl (Directory.Build.props) is the placeholder, while the changelog's section of the version says
# "unreleased", and while there are changes that are not committed. It runs the long tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null

sizes=()
source=""
case "${1:-}" in
  "") ;;
  --all) sizes=(--all) ;;
  --publish)
    sizes=(--all)
    source="${2:?--publish needs a NuGet source: a URL or a folder}"
    ;;
  *)
    echo "pack.sh: $1 is unknown; allowed are --all and --publish SOURCE." >&2
    exit 2
    ;;
esac

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
project=src/Transport.Epoll
version="$(dotnet msbuild "$project" -getProperty:Version)"
changes="$(git status --porcelain)"

refuse() {
  echo "pack.sh: not published: $1" >&2
  exit 1
}

if [[ -n "$source" ]]; then
  [[ -z "$changes" ]] || refuse "there are changes that are not committed."
  ! grep -q "^## $version (unreleased)" CHANGELOG.md || refuse "CHANGELOG.md says that $version is unreleased: put the date there."
fi

# pack FOLDER OUTPUT: packs the clone in a folder, as for a release.
pack() {
  dotnet pack "$1/$project" --configuration Release --output "$2" -warnaserror -nodeReuse:false -p:UseSharedCompilation=false \
    -p:ContinuousIntegrationBuild=true ${source:+-p:Publishing=true}
}

# unpacked PACKAGES OUTPUT: what a package and its symbol package ship.
unpacked() {
  local package
  for package in "$1"/*.nupkg "$1"/*.snupkg; do
    unzip -qo "$package" 'lib/*' -d "$2"
  done
}

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if [[ -z "$changes" ]]; then
  # Two folders, and two remotes: neither may show in what is shipped.
  git clone --quiet . "$work/clone"
  git clone --quiet . "$work/another/folder"
  git -C "$work/another/folder" remote set-url origin https://elsewhere.invalid/fork.git
  pack "$work/clone" "$work/packages"
  pack "$work/another/folder" "$work/compared"
  unpacked "$work/packages" "$work/files"
  unpacked "$work/compared" "$work/compared-files"
  if ! diff -r "$work/files" "$work/compared-files"; then
    echo "pack.sh: two clones of the same commit give different files." >&2
    exit 1
  fi
  (cd "$work/files" && find . -type f -exec sha256sum {} +)
  echo "Two clones of $(git rev-parse --short HEAD) in two folders, with different remotes, give the same files."
else
  pack . "$work/packages"
  echo "There are changes that are not committed: not compared with a second clone."
fi

mkdir -p artifacts
rm -f artifacts/Transport.Epoll.*.nupkg artifacts/Transport.Epoll.*.snupkg
cp "$work"/packages/* artifacts/

TRANSPORT_EPOLL_PACKAGES="$PWD/artifacts" ./test.sh "${sizes[@]}" --filter "FullyQualifiedName~Transport.Epoll.Package.Tests"

if [[ -n "$source" ]]; then
  dotnet nuget push artifacts/Transport.Epoll."$version".nupkg --source "$source" ${NUGET_API_KEY:+--api-key "$NUGET_API_KEY"}
  echo "Published $version to $source."
else
  ls -l artifacts/Transport.Epoll.*
fi
