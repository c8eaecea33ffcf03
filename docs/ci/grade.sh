#!/bin/sh
# Starts a receiver of MAAC webhooks, grades it with `maac-webhook check`, and stops it. Copy it into your repository.
#
#   RECEIVER   the shell command that starts it and stays in the foreground, such as
#              `python3 receiver.py`, `PORT=8080 npm start` or `cd shop && php -S 127.0.0.1:8080`
#   URL        where it is posted to                              [http://127.0.0.1:8080/webhooks/maac]
#   PROBE      its probe, where it has one                        [none]
#   REPORTS    the folder for the reports and the receiver's output [maac-reports]
#   WAIT       how long it may take until it listens, in seconds  [60]
#   MAAC_SHARE_SECRET   a secret for this test alone, which the receiver is given too
#
# Once it listens, it is started again whenever it ends, as its probe's fault `crash` has it.
#
# The exit status is that of `check`: 0 where every MUST passes, 1 where some fail, 2 where it could not be graded, which includes
# a receiver that does not start, and a URL where somebody listens already.
# More flags for `check` may follow, such as --group signature.
set -eu

RECEIVER=${RECEIVER:-}
MAAC_SHARE_SECRET=${MAAC_SHARE_SECRET:-}
URL=${URL:-http://127.0.0.1:8080/webhooks/maac}
REPORTS=${REPORTS:-maac-reports}
WAIT=${WAIT:-60}
export MAAC_SHARE_SECRET
log=$REPORTS/receiver.log

# $1 is why; what the receiver said last is shown after it where it said something.
give_up() {
    echo "grade.sh: $1" >&2
    if [ -s "$log" ]; then
        echo "grade.sh: the end of what the receiver said ($log):" >&2
        tail -n 20 "$log" | sed 's/^/    /' >&2
    fi
    exit 2
}

# 0 where somebody listens at the URL within $1 seconds, and 1 where nobody does.
listens() {
    status=0
    maac-webhook check "$URL" --listening --wait "$1" >/dev/null || status=$?
    [ "$status" -le 1 ] || exit 2
    return "$status"
}

[ -n "$RECEIVER" ] || give_up 'set RECEIVER to the command that starts your receiver'
[ -n "$MAAC_SHARE_SECRET" ] || give_up 'set MAAC_SHARE_SECRET to a secret for this test alone'
command -v maac-webhook >/dev/null || give_up 'maac-webhook is not in the PATH'
mkdir -p "$REPORTS" || exit 2
true >"$log" || exit 2
if listens 0; then
    give_up "somebody listens at $URL already, so it would be graded in the place of your receiver: stop it, or set another URL"
fi

state=$(mktemp -d) || exit 2
watcher=
checker=

# Ends the process group of the receiver: what npm and the like start is not left behind.
end_group() {
    kill -s TERM -- "-$1" 2>/dev/null || return 0
    for _ in 1 2 3 4 5; do
        kill -s 0 -- "-$1" 2>/dev/null || return 0
        sleep 1
    done
    kill -s KILL -- "-$1" 2>/dev/null || :
}

# Runs the receiver in a process group of its own, and again whenever it ends, once it has listened.
watch_over() {
    receiver=
    trap 'trap "" TERM; if [ -n "$receiver" ]; then end_group "$receiver"; fi; exit 0' TERM
    while :; do
        if command -v setsid >/dev/null; then
            setsid sh -c "$RECEIVER" >>"$log" 2>&1 &
        else
            # Where there is no setsid, the shell can do it.
            set -m
            sh -c "$RECEIVER" >>"$log" 2>&1 &
            set +m
        fi
        receiver=$!
        status=0
        wait "$receiver" 2>/dev/null || status=$?
        end_group "$receiver"
        receiver=
        if [ ! -e "$state/listened" ]; then
            echo "$status" >"$state/ended"
            exit 0
        fi
        echo "grade.sh: the receiver ended with status $status, and is started again" >>"$log"
        sleep 1
    done
}

# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    if [ -n "$checker" ]; then kill "$checker" 2>/dev/null || :; fi
    if [ -n "$watcher" ]; then
        kill "$watcher" 2>/dev/null || :
        wait "$watcher" 2>/dev/null || :
    fi
    rm -rf "$state"
}
trap clean_up EXIT
trap 'exit 2' HUP INT TERM

watch_over &
watcher=$!
waited=0
until listens 1; do
    if [ -e "$state/ended" ]; then
        give_up "the receiver ended with status $(cat "$state/ended") before it listened at $URL; it is to stay in the foreground"
    fi
    waited=$((waited + 1))
    if [ "$waited" -ge "$WAIT" ]; then
        give_up "the receiver does not listen at $URL after $WAIT s: is it there that it listens?"
    fi
done
: >"$state/listened"

# In the background, so that a signal is heard at once.
maac-webhook check "$URL" ${PROBE:+--probe "$PROBE"} \
    --json "$REPORTS/report.json" --junit "$REPORTS/report.xml" --html "$REPORTS/report.html" "$@" &
checker=$!
status=0
wait "$checker" || status=$?
checker=
if [ "$status" -ne 0 ]; then
    echo "grade.sh: what the receiver said is in $log" >&2
fi
exit "$status"
