# Sourced by bench/*/measure: how one contender is run and what is kept of it. Sets `out`, where rows and times of the last run stay.
set -euo pipefail
export LC_ALL=C
topic=$(basename "$(dirname "$0")")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=build/bench/$topic
rm -rf "$out" && mkdir -p "$out"
times=$out/times.tsv

say() { printf '%s\n' "$*" >&2; }

# The same settings for every contender. A core count of two gives PostgreSQL the leader and two workers, its default.
with_cores() {
    export PGOPTIONS="-c work_mem=1GB -c jit=off -c client_min_messages=warning -c max_parallel_workers_per_gather=$(($1 == 1 ? 0 : 2))"
}
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

# record NAME CORES SECONDS
record() {
    printf '%s\t%s\t%s\n' "$@" >>"$times"
    printf '  %-16s %s core(s) %9.3f s\n' "$@" >&2
}

# run NAME CORES FILE [psql variables]: a fresh connection each time, so that no contender profits from another's memory. The rows
# are kept: what is checked at the end is what was timed.
run() {
    local name=$1 cores=$2 file=$3 seconds; shift 3
    with_cores "$cores"
    seconds=$(psql -Xq --csv -v ON_ERROR_STOP=1 -o "$out/$name.$cores.csv" "$@" -c '\timing on' -f "bench/$topic/$file.sql" |
        awk '/^Time:/ { print $2 / 1000; timed = 1 } END { exit !timed }')
    record "$name" "$cores" "$seconds"
}

# rounds REPEATS: a_round once as warm-up, then that often; contenders take turns, so that a noisy minute hits all of them.
rounds() {
    say 'Warm-up'
    a_round
    : >"$times"
    for ((i = 1; i <= $1; i++)); do say "Round $i of $1"; a_round; done
}

machine() { echo "PostgreSQL $(sql -c 'show server_version'), $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"; }
