#!/usr/bin/env bash
# A MariaDB server of one's own, from Debian's package mariadb-server, in a folder of its own. No service of the system is touched.
#
#   scripts/mariadb.sh start FOLDER PORT    makes the folder on the first start, waits until the server answers, prints how to connect
#   scripts/mariadb.sh stop FOLDER          stops it, and waits until it has
#
# It listens on 127.0.0.1:PORT and on the unix socket FOLDER/mariadb.sock, and has the database `sample` with the tables of
# world-and-fortunes.sql, open to user `sample` with password `sample`. Data stay in FOLDER until it is deleted.
# The server runs as whoever starts it, root too: a folder of mktemp lets no other user in. MARIADB_OPTIONS are further options of mariadbd.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
owner="$(id -un)"
PATH="$PATH:/usr/sbin:/sbin"

usage() {
  sed -n '4,5s/^#  *//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

fail() {
  echo "mariadb.sh: $1" >&2
  exit 1
}

# Whether the process of the pid file is the server of this folder; a pid may have been given to another program since.
running() {
  local pid
  pid="$(cat "$folder/mariadb.pid" 2>/dev/null)" && tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "--datadir=$folder/data"
}

# Asks the server through its socket; as whoever runs this script, who is a user of the server without a password there.
client() {
  mariadb --no-defaults --default-character-set=utf8mb4 --connect-timeout=2 --socket="$folder/mariadb.sock" --user="$owner" "$@"
}

wait_for() { # SECONDS WHAT COMMAND…
  local deadline=$((SECONDS + $1)) what="$2"
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

answers_or_died() { client --execute "SELECT 1" || ! kill -0 "$server"; }
stopped() { ! running; }

start() {
  command -v mariadbd mariadb-install-db >/dev/null || fail "MariaDB is missing: sudo apt-get install -y mariadb-server"
  [[ "$port" =~ ^[0-9]+$ ]] && ((port >= 1 && port <= 65535)) || fail "'$port' is no port: 1 to 65535"
  running && fail "a server runs in $folder already"

  if [[ ! -d "$folder/data/mysql" ]]; then
    rm -rf "$folder/data"
    mariadb-install-db --no-defaults --user="$owner" --datadir="$folder/data" --auth-root-authentication-method=socket \
      --auth-root-socket-user="$owner" --skip-test-db >"$folder/install.log" 2>&1 || fail "see $folder/install.log: $(tail -n 3 "$folder/install.log")"
  fi

  # Its own session: a Ctrl+C in the terminal is for whoever started it, not for the database.
  setsid mariadbd --no-defaults --user="$owner" --datadir="$folder/data" --socket="$folder/mariadb.sock" --pid-file="$folder/mariadb.pid" \
    --bind-address=127.0.0.1 --port="$port" --character-set-server=utf8mb4 --collation-server=utf8mb4_general_ci --skip-name-resolve \
    --max-connections=500 --innodb-buffer-pool-size=128M --log-error="$folder/mariadb.log" ${MARIADB_OPTIONS:-} </dev/null >/dev/null 2>&1 &
  server=$!
  wait_for 60 answer answers_or_died || true
  client --execute "SELECT 1" >/dev/null 2>&1 || {
    kill "$server" 2>/dev/null || true
    fail "the server does not answer; see $folder/mariadb.log: $(tail -n 3 "$folder/mariadb.log" 2>/dev/null)"
  }

  # Written last: a first start that was cut short begins anew.
  if [[ ! -e "$folder/has-sample" ]]; then
    client --execute "
      CREATE DATABASE IF NOT EXISTS sample CHARACTER SET utf8mb4;
      CREATE USER IF NOT EXISTS sample@localhost IDENTIFIED BY 'sample';
      CREATE USER IF NOT EXISTS sample@'127.0.0.1' IDENTIFIED BY 'sample';
      GRANT ALL ON sample.* TO sample@localhost;
      GRANT ALL ON sample.* TO sample@'127.0.0.1';"
    client sample <"$here/world-and-fortunes.sql"
    touch "$folder/has-sample"
  fi

  echo "MariaDB answers on 127.0.0.1:$port and $folder/mariadb.sock"
  echo "Server=127.0.0.1;Port=$port;Database=sample;User ID=sample;Password=sample"
}

stop() {
  running || { echo "No MariaDB runs in $folder"; return; }
  kill -TERM "$(cat "$folder/mariadb.pid")"
  wait_for 60 end stopped || fail "the server of $folder does not end; see $folder/mariadb.log"
}

(($# >= 2)) || usage
command="$1"
if [[ "$command" == start ]]; then
  mkdir -p "$2"
fi
[[ -d "$2" ]] || fail "there is no folder $2"
folder="$(cd "$2" && pwd -P)"
# A unix socket's path has room for 107 characters.
((${#folder} <= 90)) || fail "the path of $folder is too long for a unix socket: 90 characters at most"
case "$command" in
  start) (($# == 3)) || usage; port="$3"; start ;;
  stop) (($# == 2)) || usage; stop ;;
  *) usage ;;
esac
