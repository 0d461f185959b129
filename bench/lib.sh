# Sourced by the measuring halves, bench/*/measure: what they have in common. They want a server with csmetrics installed, reached
# through the usual PG* variables, and a database they may fill. Rows and times of the last run stay in build/bench/NAME.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
out=build/bench/$(basename "$here")
rm -rf "$out" && mkdir -p "$out"

say() { printf '%s\n' "$*" >&2; }

# The same settings for every contender; `memory` says otherwise. A core count of two gives PostgreSQL the leader and two workers, its
# default.
with_cores() {
    export PGOPTIONS="-c work_mem=${memory:-1GB} -c jit=off -c client_min_messages=warning -c max_parallel_workers_per_gather=$(($1 == 1 ? 0 : 2))"
}
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

# record NAME CORES SECONDS
record() {
    printf '%s\t%s\t%s\n' "$@" >>"$times"
    printf '  %-20s %s core(s) %9.3f s\n' "$@" >&2
}

# run NAME CORES FILE [psql variables]: a fresh connection each time, so that no contender profits from another's memory. The rows
# are kept: what is checked at the end is what was timed.
run() {
    local name=$1 cores=$2 file=$3 seconds; shift 3
    with_cores "$cores"
    seconds=$(psql -Xq --csv -v ON_ERROR_STOP=1 -o "$out/$name.$cores.csv" "$@" -c '\timing on' -f "$here/$file.sql" |
        awk '/^Time:/ { print $2 / 1000; timed = 1 } END { exit !timed }')
    record "$name" "$cores" "$seconds"
}

# rounds REPEATS: a_round, which the caller defines, once as warm-up and then that often. The contenders take turns, so that a noisy
# minute hits all of them.
rounds() {
    say 'Warm-up'
    times=/dev/null
    a_round
    times=$out/times.tsv
    for ((i = 1; i <= $1; i++)); do say "Round $i of $1"; a_round; done
}

duckdb_version=1.5.6-r.1
packages=$PWD/build/duckdb

# Sets no_duckdb: empty if DuckDB can run, else why not.
prepare_duckdb() {
    no_duckdb=
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        no_duckdb='Node and npm are not installed'
    elif [[ ! -d $packages/node_modules/@duckdb/node-api ]] &&
        ! npm install --prefix "$packages" --no-audit --no-fund --loglevel=error "@duckdb/node-api@$duckdb_version" >&2; then
        no_duckdb="npm could not install @duckdb/node-api $duckdb_version"
    fi
    [[ -z $no_duckdb ]] || say "DuckDB skipped: $no_duckdb"
}

# run_duckdb LOAD QUERY: the answer of QUERY, a file here, to duckdb.csv; on one core and on two.
run_duckdb() {
    [[ -z $no_duckdb ]] || return 0
    node bench/duckdb.mjs "$packages" "$1" "$here/$2.sql" "$out/duckdb.csv" >"$out/duckdb.times"
    while read -r cores seconds; do record duckdb "$cores" "$seconds"; done <"$out/duckdb.times"
}

say_duckdb() {
    if [[ -n $no_duckdb ]]; then
        echo "DuckDB skipped: $no_duckdb"
    else
        echo "DuckDB $(cd "$packages" && node -p "require('@duckdb/node-api').version()"), Node $(node -v)"
    fi
}

report() { psql -Xq -v ON_ERROR_STOP=1 "$@" -f "$here/report.sql" <"$out/times.tsv"; }

say_machine() {
    echo "PostgreSQL $(sql -c 'show server_version'), $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
}

with_cores 1
sql -c 'create extension if not exists csmetrics'
