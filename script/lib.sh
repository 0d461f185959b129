# Sourced by the other scripts. The only place that knows package names, platform paths and
# how each PostgreSQL is told where an extension lies. Bash 4 or later.
#
#   PGVERSION_WANTED=17   Debian, Ubuntu: use this major version (default: the newest that has
#                         server headers and pgTAP installed, else the newest installed, else
#                         the distribution's own)
#   PG_CONFIG=/path/to/pg_config   use this PostgreSQL, wherever it came from
#   CSMETRICS_DATA=DIR    optional public data sets (default: ../shared/data, if it is there)
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022 # the server may be another user, and must read what is built here
unset PGCLUSTER PGOPTIONS PGDATABASE PGHOST PGPORT PGUSER PGSERVICE
mkdir -p build

data=${CSMETRICS_DATA:-../shared/data}
unset CSMETRICS_DATA
if [[ -d $data ]]; then CSMETRICS_DATA=$(cd "$data" && pwd) && export CSMETRICS_DATA; fi

die() { printf '%s\n' "$@" >&2; exit 1; }

# step TEXT COMMAND...: one line saying what is done and how long it took; the command's own
# output is shown only if it fails.
step() {
    local text=$1 start=$SECONDS log=build/step.$$.log status=0
    shift
    printf '%s ... ' "$text"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if ((status == 0)); then echo "$((SECONDS - start)) s"; else
        echo "FAILED after $((SECONDS - start)) s"
        cat "$log"
    fi
    rm "$log"
    return "$status"
}

# --- which PostgreSQL -------------------------------------------------------------------------

# Package and a file of it, for PostgreSQL $1 of Debian or Ubuntu.
packages() {
    cat <<END
postgresql-$1                            /usr/lib/postgresql/$1/bin/initdb
postgresql-server-dev-$1                 /usr/include/postgresql/$1/server/postgres.h
postgresql-$1-pgtap                      /usr/share/postgresql/$1/extension/pgtap.control
postgresql-common                        /usr/bin/pg_virtualenv
libtap-parser-sourcehandler-pgtap-perl   /usr/bin/pg_prove
gcc                                      /usr/bin/gcc
libc6-dev                                /usr/include/stdlib.h
make                                     /usr/bin/make
END
}

# pg_cron, by which schedules are tested: without it these tests are skipped.
cron_package() {
    local package=postgresql-$1-cron
    if [[ ! -e /usr/lib/postgresql/$1/lib/pg_cron.so ]] && apt-cache show "$package" >/dev/null 2>&1; then echo "$package"; fi
}

# The library that moves a clock: only where this is asked for.
find_faketime() {
    FAKETIME_LIBRARY=$(find /usr/lib /usr/local/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
    if [[ -z $FAKETIME_LIBRARY && -n $DEBIAN ]] && as_root true 2>/dev/null; then
        step "install libfaketime" apt_get install --no-install-recommends libfaketime
        FAKETIME_LIBRARY=$(find /usr/lib -name libfaketime.so.1 | head -n 1)
    fi
    [[ -n $FAKETIME_LIBRARY ]] || die "Missing: libfaketime (Debian, Ubuntu: apt-get install libfaketime)"
}

missing_packages() {
    local package file
    packages "$1" | while read -r package file; do [[ -e $file ]] || echo "$package"; done
}

debian_version() {
    local v newest=
    for v in $(find /usr/lib/postgresql -mindepth 3 -path '*/bin/initdb' 2>/dev/null | cut -d/ -f5 | sort -rn); do
        if ! missing_packages "$v" | grep -q -- "-$v"; then echo "$v"; return; fi
        : "${newest:=$v}"
    done
    : "${newest:=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')}"
    echo "$newest"
}

as_root() { if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi; }

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }

# Sets PG_CONFIG and PG_MAJOR; installs what is missing, or says what it is.
find_postgresql() {
    local missing tool
    if [[ ${PG_CONFIG:-} =~ ^/usr/lib/postgresql/([0-9]+)/bin/pg_config$ ]]; then
        : "${PGVERSION_WANTED:=${BASH_REMATCH[1]}}" # Debian's own: use all that Debian offers
        PG_CONFIG=
    fi
    if [[ -z ${PG_CONFIG:-} ]] && command -v apt-get >/dev/null; then
        PG_MAJOR=${PGVERSION_WANTED:-$(debian_version)}
        if [[ -z $PG_MAJOR ]] && as_root true 2>/dev/null; then # a bare machine has no package lists
            step "update the package lists" apt_get update || true
            PG_MAJOR=$(debian_version)
        fi
        : "${PG_MAJOR:=15}"
        missing=$(missing_packages "$PG_MAJOR" | xargs)
        if [[ -n $missing ]]; then
            as_root true 2>/dev/null || die "Missing packages, to be installed by root: apt-get install $missing"
            # One unreachable source does not matter if the others have the packages.
            step "update the package lists" apt_get update || true
            # shellcheck disable=SC2086  # a list of words
            step "install $missing" apt_get install --no-install-recommends $missing
        fi
        missing=$(cron_package "$PG_MAJOR")
        if [[ -n $missing ]] && as_root true 2>/dev/null; then
            step "install $missing" apt_get install --no-install-recommends "$missing" || true
        fi
        PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config
        DEBIAN=yes
    else
        missing=
        for tool in "${PG_CONFIG:=pg_config}" pg_prove make cc diff; do
            command -v "$tool" >/dev/null || missing+=" $tool"
        done
        [[ -z $missing ]] || die "Missing:$missing (PostgreSQL 15 or later with its server headers, pgTAP, a C compiler)"
        PG_MAJOR=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
        for tool in "$("$PG_CONFIG" --includedir-server)/postgres.h" "$("$PG_CONFIG" --pgxs)" \
            "$("$PG_CONFIG" --bindir)/initdb" "$("$PG_CONFIG" --sharedir)/extension/pgtap.control"; do
            [[ -e $tool ]] || die "Missing: $tool"
        done
        DEBIAN=
    fi
    export PG_CONFIG
}

# --- build and staging ------------------------------------------------------------------------

# Sets STAGE, the folder installed into instead of the system, and SETTINGS, which make a server
# look there.
find_stage() {
    local share lib
    share=$("$PG_CONFIG" --sharedir)
    lib=$("$PG_CONFIG" --pkglibdir)
    STAGE=${CSMETRICS_STAGE-$PWD/build/stage}
    # Root's server runs as postgres, who may not be able to look into this checkout.
    if [[ -z ${CSMETRICS_STAGE+set} ]] && ((EUID == 0)) && ! runuser -u postgres -- test -x "$PWD/build" 2>/dev/null; then
        STAGE=$(mktemp -d /tmp/csmetrics.XXXXXX)
        # shellcheck disable=SC2064  # the value of now
        trap "rm -rf '$STAGE'" EXIT
        chmod 755 "$STAGE"
    fi
    SETTINGS=("dynamic_library_path=$STAGE$lib:$lib")
    if ((PG_MAJOR >= 18)); then
        SETTINGS+=("extension_control_path=$STAGE$share:\$system")
    elif grep -q extension_destdir "$share/postgresql.conf.sample"; then
        SETTINGS+=("extension_destdir=$STAGE") # a patch of Debian's
    elif [[ -w $share/extension && -w $lib ]]; then
        STAGE='' SETTINGS=()
    else
        die "PostgreSQL $PG_MAJOR cannot load an extension from a folder of one's own (18 can, and" \
            "Debian's can), and these are not writable: $share/extension $lib"
    fi
    # A model is some hundred relations, and a test may make many of them in one transaction.
    SETTINGS+=(max_locks_per_transaction=512)
    # Its jobs are kept in one database, and are run by workers, which need no password.
    if [[ -e $lib/pg_cron.so ]]; then
        SETTINGS+=(shared_preload_libraries=pg_cron cron.database_name=postgres cron.use_background_workers=on)
    fi
}

# build [-Werror]. Objects made for another PostgreSQL or with other flags are made anew.
build() {
    local made_for
    made_for="$("$PG_CONFIG" --version) ${1:-}"
    local make=(make -s -j "$(getconf _NPROCESSORS_ONLN)" "PG_CONFIG=$PG_CONFIG" with_llvm=no "WERROR=${1:-}")
    if [[ ! -e build/made-for || $(<build/made-for) != "$made_for" ]]; then
        "${make[@]}" clean && echo "$made_for" >build/made-for || return
    fi
    rm -f csmetrics--*.sql # cheap, and a part taken away leaves no trace
    [[ -z $STAGE ]] || rm -rf "${STAGE:?}"/*
    "${make[@]}" all && "${make[@]}" install DESTDIR="$STAGE" || return
    # what the tests of updates begin with; not for a server of one's own
    [[ -z $STAGE ]] || cp test/releases/*.sql "$STAGE$("$PG_CONFIG" --sharedir)/extension/"
}

# What each script begins with; the options are build's. Two runs in one checkout take turns; a
# script run by another uses what that one has built.
prepare() {
    find_postgresql
    find_stage
    if [[ -n ${CSMETRICS_STAGE+set} ]]; then return; fi
    export CSMETRICS_STAGE=$STAGE
    exec 9>build/lock
    if command -v flock >/dev/null; then flock 9; fi
    step "build for PostgreSQL $PG_MAJOR${1:+ with $1}" build "$@"
}

# --- a private cluster ------------------------------------------------------------------------

# in_cluster COMMAND...: runs it with PGHOST and its like set for a throw-away cluster. A shell
# function must be exported. The server's log is in build/cluster.log if the command fails.
in_cluster() {
    if [[ -n $DEBIAN ]]; then debian_cluster "$@" 9>&-; else plain_cluster "$@" 9>&-; fi
}

debian_cluster() {
    local setting options=() status environment
    for setting in "${SETTINGS[@]}"; do options+=(-o "$setting"); done
    environment=$(mktemp /tmp/csmetrics.XXXXXX)
    moved_clock | sed "s/=\(.*\)/ = '\1'/" >"$environment"
    # pg_virtualenv takes the first free port, as would another run at the same moment: choose at
    # random, and again if that one was taken. It talks on stdout, hence the other descriptors.
    for _ in 1 2 3; do
        rm -f build/started
        status=0
        # shellcheck disable=SC2016  # expanded by the inner shell
        PGPORT=$((RANDOM % 20000 + 10000)) pg_virtualenv -t -v "$PG_MAJOR" "${options[@]}" \
            -c "--locale C --encoding UTF8 --environment=$environment" \
            bash -c 'touch build/started; "$@" >&3 2>&4' cluster "$@" 3>&1 4>&2 >build/cluster.log 2>&1 ||
            status=$?
        [[ ! -e build/started ]] || break
    done
    rm "$environment"
    [[ -e build/started ]] || { cat build/cluster.log >&2; return 1; }
    return "$status"
}

plain_cluster() (
    ((EUID != 0)) || die "PostgreSQL does not run as root: use an ordinary user"
    PGHOST=$(mktemp -d /tmp/csmetrics.XXXXXX) # also the socket's folder: no port to collide on
    PATH=$("$PG_CONFIG" --bindir):$PATH
    trap 'pg_ctl -D "$PGHOST/data" -m immediate stop >/dev/null 2>&1; cp "$PGHOST/log" build/cluster.log; rm -rf "$PGHOST"' EXIT
    export PATH PGHOST PGUSER=postgres PGDATABASE=postgres
    mapfile -t environment < <(moved_clock)
    {
        initdb -D "$PGHOST/data" -U postgres -A trust --no-sync --locale=C --encoding=UTF8 &&
            printf '%s\n' "${SETTINGS[@]}" "listen_addresses=" "unix_socket_directories=$PGHOST" fsync=off |
            sed "s/=\(.*\)/ = '\1'/" >>"$PGHOST/data/postgresql.conf" &&
            env "${environment[@]}" pg_ctl -D "$PGHOST/data" -l "$PGHOST/log" -w start
    } >"$PGHOST/setup" 2>&1 || { cat "$PGHOST/setup" "$PGHOST/log" >&2; exit 1; }
    "$@"
)

# --- several servers ---------------------------------------------------------------------------

# As the user whose servers can run: root's may not.
as_server() { if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi; }

# start_server FOLDER SETTING...: a server of one's own in a folder that is there, with socket and log in it. Databases and users as
# initdb makes them; user postgres comes in without a password. stop_servers FOLDER... ends them.
start_server() {
    local folder=$1 bin setting
    shift
    bin=$("$PG_CONFIG" --bindir)
    if ((EUID == 0)); then chown postgres "$folder"; fi
    as_server "$bin/initdb" -D "$folder/data" -U postgres -A trust --no-sync --locale=C --encoding=UTF8 || return
    for setting in "${SETTINGS[@]}" listen_addresses= "unix_socket_directories=$folder" fsync=off "$@"; do
        [[ $setting == *cron* ]] || echo "$setting"
    done | sed "s/=\(.*\)/ = '\1'/" | as_server tee -a "$folder/data/postgresql.conf" >/dev/null || return
    as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w start >/dev/null
}

stop_servers() {
    local folder bin
    bin=$("$PG_CONFIG" --bindir)
    for folder; do as_server "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; done
}

# at_time 'DAY TIME' ZONE COMMAND..., after find_faketime: in_cluster and its like within the command get a server whose clock begins at that time, and
# whose time zone that is. Nothing is moved if there is no day.
at_time() {
    local -x CLOCK=$1 CLOCK_ZONE=${2:-UTC}
    shift 2
    if [[ -z $CLOCK ]]; then "$@"; return; fi
    # pg_cron waits by timers, which do not fire in time
    local setting settings=("${SETTINGS[@]}")
    local SETTINGS=("timezone=$CLOCK_ZONE")
    for setting in "${settings[@]}"; do [[ $setting == *cron* ]] || SETTINGS+=("$setting"); done
    "$@"
}

# Is the server's clock where it should be? It tells the time, and the library may have been ignored.
clock_is_right() {
    psql -X -q -t -d postgres -c "SELECT now() AT TIME ZONE '$CLOCK_ZONE'" &&
        [[ $(psql -X -q -A -t -d postgres -c "SELECT now() - timestamp '$CLOCK' AT TIME ZONE '$CLOCK_ZONE' BETWEEN '-1 hour' AND '1 hour'") == t ]]
}

# The server's environment, a line a variable. Each process that is started begins at that time; what a server forks goes on.
moved_clock() {
    [[ -n ${CLOCK:-} ]] || return 0
    printf '%s\n' "LD_PRELOAD=$FAKETIME_LIBRARY" "FAKETIME=@$(date -d "$CLOCK" '+%F %T')" "TZ=$CLOCK_ZONE" NO_FAKE_STAT=1 DONT_FAKE_MONOTONIC=1
}

# new_database NAME EXTENSION...
new_database() {
    local name=$1 extension
    shift
    psql -X -q -c "CREATE DATABASE $name" &&
        for extension; do psql -X -q -d "$name" -c "CREATE EXTENSION $extension" || return; done
}

# --- databases of the tests --------------------------------------------------------------------

# Made once and copied for each test (test/psql): "base", with the extensions, and each demo company that one of the tests asks for.
template_databases() {
    local companies files=("${@/#/test/sql/}")
    rm -rf build/running
    step "create a database with the extensions" new_database base pgtap csmetrics || return
    companies=$(sed -n 's/^\\set company \([a-z_]*\)$/\1/p' "${files[@]/%/.sql}" | sort -u | xargs)
    # shellcheck disable=SC2086  # a list of words
    [[ -z $companies ]] || step "make the demo company: $companies" side_by_side company_database $companies
}

# side_by_side COMMAND WORD...: COMMAND WORD for each of them, all at once.
side_by_side() {
    local command=$1 word started=() status=0
    shift
    for word; do "$command" "$word" & started+=($!); done
    for word in "${started[@]}"; do wait "$word" || status=1; done
    return "$status"
}

company_database() {
    psql -X -q -d postgres -c "CREATE DATABASE company_$1 TEMPLATE base" &&
        psql -X -q -d "company_$1" -f test/psql.sql -f "test/company/$1.sql" -c 'VACUUM ANALYZE'
}

# regress JOBS NAME...: the tests under pg_regress, as many at once.
regress() {
    local jobs=$1 name schedule=build/schedule
    shift
    rm -f regression.diffs
    for name; do echo "$name"; done | xargs -n "$jobs" echo test: >"$schedule"
    "$(dirname "$("$PG_CONFIG" --pgxs)")/../test/regress/pg_regress" --inputdir=test --bindir="$("$PG_CONFIG" --bindir)" \
        --use-existing --dbname=postgres --launcher=test/psql --schedule="$schedule"
}
export -f step new_database template_databases side_by_side company_database clock_is_right regress
