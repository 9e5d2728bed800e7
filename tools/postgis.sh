#!/usr/bin/env bash
# A PostgreSQL with PostGIS of one's own, for tests: its own data folder, a free port on 127.0.0.1, a password made
# up for the occasion, nothing of the system's own clusters touched.
#
#   tools/postgis.sh start          prints the data folder, then the URL; exit 3 with a reason when that is impossible
#   tools/postgis.sh stop FOLDER    stops the server and removes the folder
#
# tools/system_packages.sh installs the packages; make test calls both.
set -euo pipefail

say() { echo "postgis: $*" >&2; }

# The newest PostgreSQL that has PostGIS: the folder of its programs.
programs() {
    local control version
    for control in $(ls -d /usr/share/postgresql/*/extension/postgis.control 2>/dev/null | sort -rV); do
        version=${control#/usr/share/postgresql/}
        version=${version%%/*}
        if [ -x "/usr/lib/postgresql/$version/bin/initdb" ]; then
            echo "/usr/lib/postgresql/$version/bin"
            return 0
        fi
    done
    if command -v initdb >/dev/null 2>&1 && command -v pg_config >/dev/null 2>&1 &&
        [ -e "$(pg_config --sharedir)/extension/postgis.control" ]; then
        dirname "$(command -v initdb)"
        return 0
    fi
    return 1
}

# PostgreSQL refuses to run as root.
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then
        runuser -u "$owner" -- "$@"
    else
        "$@"
    fi
}

pick_owner() {
    owner=$(id -un)
    [ "$(id -u)" -ne 0 ] && return 0
    command -v runuser >/dev/null 2>&1 || return 1
    for owner in postgres nobody; do
        id "$owner" >/dev/null 2>&1 && return 0
    done
    return 1
}

start() {
    local bin folder port secret
    bin=$(programs) || { say "no PostgreSQL with PostGIS is installed (tools/system_packages.sh installs it)"; exit 3; }
    pick_owner || { say "PostgreSQL cannot run as root, and there is no other user to run it as"; exit 3; }
    folder=$(cd / && mktemp -d "${TMPDIR:-/tmp}/gridcircle-postgis.XXXXXX")
    secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s' "$secret" >"$folder/secret"
    chmod 700 "$folder"
    [ "$(id -u)" -eq 0 ] && chown -R "$owner" "$folder"
    cd "$folder"
    as_owner "$bin/initdb" -D "$folder/data" -U gridcircle -E UTF8 --locale=C --auth=scram-sha-256 \
        --pwfile="$folder/secret" -N >"$folder/initdb.log" 2>&1 ||
        { say "initdb failed: $(tail -n 1 "$folder/initdb.log")"; rm -rf "$folder"; exit 3; }
    for _ in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 20000))
        if as_owner "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 -s \
            -o "-h 127.0.0.1 -p $port -k $folder -F -c full_page_writes=off -c shared_buffers=32MB" \
            start >/dev/null 2>&1 </dev/null; then
            PGPASSWORD=$secret "$bin/psql" -q -h 127.0.0.1 -p "$port" -U gridcircle -d postgres -v ON_ERROR_STOP=1 \
                -c "SET client_min_messages = error" -c "CREATE EXTENSION postgis" >/dev/null ||
                { say "CREATE EXTENSION postgis failed"; stop "$folder"; exit 3; }
            echo "$folder"
            echo "postgresql://gridcircle:$secret@127.0.0.1:$port/postgres"
            return 0
        fi
    done
    say "the server does not start: $(tail -n 1 "$folder/server.log")"
    rm -rf "$folder"
    exit 3
}

stop() {
    local bin folder=$1
    case "$folder" in */gridcircle-postgis.??????) ;; *) say "not a folder of this script: $folder"; exit 2 ;; esac
    [ -d "$folder/data" ] || exit 0
    bin=$(programs) && pick_owner
    cd "$folder"
    as_owner "$bin/pg_ctl" -D "$folder/data" -m immediate -w -s stop >/dev/null 2>&1 || true
    cd / && rm -rf "$folder"
}

case "${1:-}" in
start) start ;;
stop) stop "${2:?folder}" ;;
*) say "start, or stop FOLDER"; exit 2 ;;
esac
