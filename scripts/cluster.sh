#!/usr/bin/env bash
# The sample as it runs on more than one machine, here on one: two processes on unix sockets behind nginx, which share a MariaDB and a Redis.
#
#   scripts/cluster.sh start FOLDER PORT    starts all of it, waits until it serves on http://127.0.0.1:PORT; MariaDB takes PORT + 1
#   scripts/cluster.sh stop FOLDER          stops all of it; the data stay in FOLDER until it is deleted
#   scripts/cluster.sh stop FOLDER PART     stops one part: mariadb, redis, one, two or nginx
#   scripts/cluster.sh start FOLDER PART    starts it again
#
# Needs Debian's mariadb-server, redis-server, nginx and curl. Logs are FOLDER/*.log, process ids FOLDER/*.pid. SAMPLE names a built Sample.Web.dll;
# without it the sample is built first. SAMPLE_OPTIONS are further options of both processes. Everything listens on 127.0.0.1 or below FOLDER only.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
PATH="$PATH:/usr/sbin:/sbin"
starts=(mariadb redis one two nginx)
stops=(nginx one two redis mariadb)

usage() {
  sed -n '4,7s/^#  *//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

fail() {
  echo "cluster.sh: $1" >&2
  exit 1
}

wait_for() { # SECONDS COMMAND…
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# Whether the process of the pid file is this folder's; a pid may have been given to another program since.
running() { # PART
  local pid
  pid="$(cat "$folder/$1.pid" 2>/dev/null)" && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -e "$folder/"
}

ended() { ! running "$1"; }

terminate() { # PART
  running "$1" || return 0
  kill -TERM "$(cat "$folder/$1.pid")"
  wait_for 40 ended "$1" || fail "$1 does not end; see $folder/$1.log"
}

start_mariadb() {
  "$here/mariadb.sh" start "$folder/mariadb" $(($(cat "$folder/port") + 1)) >"$folder/mariadb.out"
  tail -n 1 "$folder/mariadb.out" >"$folder/database"
}

start_redis() {
  running redis && fail "redis runs already"
  cat >"$folder/redis.conf" <<CONF
port 0
unixsocket $folder/redis.sock
unixsocketperm 700
pidfile $folder/redis.pid
logfile $folder/redis.log
dir $folder
save ""
daemonize yes
CONF
  redis-server "$folder/redis.conf" >/dev/null
  wait_for 20 redis-cli -s "$folder/redis.sock" ping || fail "redis does not answer; see $folder/redis.log"
}

start_sample() { # NAME
  running "$1" && fail "process $1 runs already"
  # In its own session: a Ctrl+C in the terminal is not for it.
  # shellcheck disable=SC2086 # the options are words
  setsid dotnet "$(cat "$folder/sample")" --urls "http://unix:$folder/$1.sock" --ConnectionStrings:MariaDb "$(cat "$folder/database")" \
    --ConnectionStrings:Redis "!$folder/redis.sock" ${SAMPLE_OPTIONS:-} </dev/null >>"$folder/$1.log" 2>&1 &
  echo $! >"$folder/$1.pid"
  wait_for 30 curl --silent --fail --unix-socket "$folder/$1.sock" http://localhost/plaintext || fail "process $1 does not serve; see $folder/$1.log"
}

start_nginx() {
  running nginx && fail "nginx runs already"
  mkdir -p "$folder/nginx-files"
  {
    # As whoever starts it: the sockets are in a folder that others may not see.
    ((EUID != 0)) || echo "user root;"
    cat <<CONF
pid $folder/nginx.pid;
error_log $folder/nginx.log;
worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path $folder/nginx-files/body;
  proxy_temp_path $folder/nginx-files/proxy;
  fastcgi_temp_path $folder/nginx-files/fastcgi;
  uwsgi_temp_path $folder/nginx-files/uwsgi;
  scgi_temp_path $folder/nginx-files/scgi;

  # A browser stays with one process while that one runs: long polling asks for it, and so does the request before a WebSocket.
  map \$cookie_window \$window { "" \$request_id; default \$cookie_window; }
  map \$cookie_window \$new_cookie { "" "window=\$request_id; Path=/; HttpOnly; SameSite=Lax"; default ""; }
  map \$http_upgrade \$upgraded { "" close; default upgrade; }

  # A connection for each request: one that is kept may be closed by a process that stops just when a request is sent on it.
  upstream sample {
    hash \$window consistent;
    server unix:$folder/one.sock max_fails=0;
    server unix:$folder/two.sock max_fails=0;
  }

  server {
    listen 127.0.0.1:$(cat "$folder/port");
    location / {
      proxy_pass http://sample;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_read_timeout 100s;
      proxy_set_header Host \$http_host;
      proxy_set_header Upgrade \$http_upgrade;
      proxy_set_header Connection \$upgraded;
      add_header Set-Cookie \$new_cookie always;
    }
  }
}
CONF
  } >"$folder/nginx.conf"
  nginx -e "$folder/nginx.log" -c "$folder/nginx.conf"
  wait_for 20 curl --silent --fail "http://127.0.0.1:$(cat "$folder/port")/plaintext" || fail "nginx does not serve; see $folder/nginx.log"
}

start_part() {
  case "$1" in
    mariadb) start_mariadb ;;
    redis) start_redis ;;
    one | two) start_sample "$1" ;;
    nginx) start_nginx ;;
  esac
}

stop_part() {
  case "$1" in
    mariadb) [[ ! -d "$folder/mariadb" ]] || "$here/mariadb.sh" stop "$folder/mariadb" >/dev/null ;;
    *) terminate "$1" ;;
  esac
}

stop_all() {
  for part in "${stops[@]}"; do
    stop_part "$part"
  done
}

start_all() {
  local tool
  for tool in mariadbd redis-server redis-cli nginx curl; do
    command -v "$tool" >/dev/null || fail "$tool is missing: sudo apt-get install -y mariadb-server redis-server nginx curl"
  done
  echo "$1" >"$folder/port"
  if [[ -n "${SAMPLE:-}" ]]; then
    echo "$SAMPLE" >"$folder/sample"
  else
    dotnet publish "$here/../src/Sample.Web" -c Release -o "$folder/app" --nologo -v quiet
    echo "$folder/app/Sample.Web.dll" >"$folder/sample"
  fi

  trap stop_all EXIT # half of it is no use
  for part in "${starts[@]}"; do
    start_part "$part"
  done
  trap - EXIT
  echo "Serving on http://127.0.0.1:$1, processes $(cat "$folder/one.pid") and $(cat "$folder/two.pid"). Stop with: scripts/cluster.sh stop $folder"
}

(($# == 2 || $# == 3)) || usage
[[ "$1" != start ]] || mkdir -p "$2"
[[ -d "$2" ]] || fail "there is no folder $2"
folder="$(cd "$2" && pwd -P)"
((${#folder} <= 80)) || fail "the path of $folder is too long for a unix socket: 80 characters at most"
case "$1 ${3:-}" in
  "start mariadb" | "start redis" | "start one" | "start two" | "start nginx") start_part "$3" ;;
  "stop mariadb" | "stop redis" | "stop one" | "stop two" | "stop nginx") stop_part "$3" ;;
  "start "[1-9]*)
    [[ "$3" =~ ^[0-9]+$ ]] && (($3 <= 65534)) || fail "'$3' is no port: 1 to 65534"
    start_all "$3"
    ;;
  "stop ") stop_all ;;
  *) usage ;;
esac
