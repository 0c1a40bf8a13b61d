#!/usr/bin/env bash
# Installs what the contenders and the load need, from Debian: as root it does, otherwise it says how.
set -euo pipefail
packages=(wrk nghttp2-client nginx-light libnginx-mod-http-lua lua-sql-mysql mariadb-server mariadb-client
  python3-tornado python3-django python3-mysqldb pypy3 python3-pymysql golang-go golang-github-go-sql-driver-mysql-dev)

mapfile -t missing < <(for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
done)
if ((${#missing[@]} == 0)); then
  echo "All there."
elif ((EUID == 0)); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y --no-install-recommends "${missing[@]}"
else
  echo "sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 2
fi
