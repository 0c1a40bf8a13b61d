#!/usr/bin/env bash
# Runs all tests of the solution, one project after the other, and ends with the line "N passed, N failed".
#
#   ./test.sh                            all tests but the long ones, [Trait("Size", "Long")]
#   ./test.sh --all                      the long ones, too; must stand first
#   ./test.sh --filter "Contract=17"     extra arguments go to `dotnet test`
#   CONFIGURATION=Debug ./test.sh        the Debug build, whose assertions check threads and ownership
#
# Needs the .NET SDK and some Debian packages: as root it installs those that are missing, otherwise it names them and stops.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec </dev/null

configuration="${CONFIGURATION:-Release}"

# The caller's --filter and the choice of sizes become one expression, since `dotnet test` takes one.
filter="Size!=Long"
if [[ "${1:-}" == --all ]]; then
  filter=""
  shift
fi
if [[ "${1:-}" == --filter ]]; then
  filter="${filter:+$filter&}(${2:?--filter needs an expression})"
  shift 2
fi

# Command that the tests or benchmarks run, or file that they need = the Debian package that has it.
tools=(
  curl=curl
  openssl=openssl
  strace=strace
  systemd-socket-activate=systemd
  npm=npm # for the published schemas of Kubernetes
  wrk=wrk
  nginx=nginx-light
  slowhttptest=slowhttptest
  h2load=nghttp2-client
  ip=iproute2
  ss=iproute2
  ps=procps
  spin=spin
  gcc=gcc
  mariadb=mariadb-client
  go=golang-go
  /usr/share/gocode/src/github.com/go-sql-driver/mysql=golang-github-go-sql-driver-mysql-dev
  pypy3=pypy3
  /usr/lib/python3/dist-packages/tornado=python3-tornado
  /usr/lib/python3/dist-packages/django=python3-django
  /usr/lib/python3/dist-packages/MySQLdb=python3-mysqldb
  /usr/lib/python3/dist-packages/pymysql=python3-pymysql
  /usr/lib/nginx/modules/ngx_http_lua_module.so=libnginx-mod-http-lua
  /usr/share/doc/lua-sql-mysql=lua-sql-mysql
  chromium=chromium
  mariadbd=mariadb-server
  redis-server=redis-server
  prometheus=prometheus # runs the queries of the Grafana dashboard
  gencat=libc6-dev # comes with the C headers, which gcc only recommends
  git=git
  clang=clang # links native AOT
  aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu
  qemu-aarch64-static=qemu-user-static
  ld-musl-config=musl
  /usr/include/openssl/ssl.h=libssl-dev
)

missing_packages() {
  local tool
  for tool in "${tools[@]}"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${tool%%=*}" >/dev/null || [[ "$tool" == /* && -e "${tool%%=*}" ]] || echo "${tool#*=}"
  done | sort -u
}

mapfile -t missing < <(missing_packages)
if ((${#missing[@]} > 0)); then
  if ((EUID != 0)); then
    echo "Some tools that the tests need are missing. Install them with:" >&2
    echo "sudo apt-get install -y ${missing[*]}" >&2
    exit 2
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y --no-install-recommends "${missing[@]}"
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} > 0)); then
    echo "Still missing after the installation: ${missing[*]}" >&2
    exit 2
  fi
fi
if ! command -v dotnet >/dev/null; then
  echo "The .NET SDK named in global.json is missing: https://dotnet.microsoft.com/download" >&2
  exit 2
fi

# Build servers would outlive this script and hold its output open.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

results="$(mktemp -d)"
trap 'rm -rf "$results"' EXIT

# One project at a time: on a small machine two would disturb each other's timing.
status=0
dotnet test Transport.sln --configuration "$configuration" \
  -maxcpucount:1 -nodeReuse:false -p:UseSharedCompilation=false -p:UseRazorBuildServer=false \
  --blame-hang-timeout 5m --blame-hang-dump-type none \
  --logger trx --results-directory "$results" ${filter:+--filter "$filter"} "$@" || status=$?

# Sums one attribute of <Counters …/> over the result files.
sum() {
  find "$results" -name '*.trx' -exec grep -ho '<Counters [^>]*>' {} + |
    grep -o " $1=\"[0-9]*\"" | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'
}

total="$(sum total || true)"
executed="$(sum executed || true)"
passed="$(sum passed || true)"
failed="$((executed - passed))"

if ((total > executed)); then
  echo
  echo "$((total - executed)) skipped:"
  find "$results" -name '*.trx' -exec grep -h 'outcome="NotExecuted"' {} + |
    sed -n 's/.* testName="\([^"]*\)".*/  \1/p' | sort
fi
# A crash or a hang takes tests with it that then stand in no count.
aborted="$(find "$results" -name '*.trx' -exec grep -il 'The active test run was aborted' {} + | wc -l || true)"
if ((aborted > 0)); then
  echo
  echo "$aborted test run(s) ended early: each counted as one more failure."
  failed="$((failed + aborted))"
fi
if ((status != 0 && failed == 0)); then
  echo
  echo "The build or the test run broke off (exit code $status): counted as one failure."
  failed=1
fi
if ((status == 0 && executed == 0)); then
  echo
  echo "No test ran."
  status=1
fi

echo
echo "$passed passed, $failed failed"
if ((failed > 0)); then
  exit 1
fi
exit "$status"
