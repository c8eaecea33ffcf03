#!/bin/sh
# Starts a receiver of MAAC webhooks, grades it with `maac-webhook check`, and stops it. Copy it into your repository.
#
#   RECEIVER   the command that starts it; it is started again whenever it ends, as a fault of its probe may end it
#   URL        where it is posted to                     [http://127.0.0.1:8080/webhooks/maac]
#   PROBE      its probe, where it has one               [none]
#   REPORTS    the folder that the reports are written to [maac-reports]
#   MAAC_SHARE_SECRET   a secret for this test alone, which the receiver must have too
#
# The exit status is that of `check`: 0 where every MUST passes, 1 where some fail, 2 where it could not be graded.
# More flags for `check` may follow, such as --group signature.
set -eu

: "${RECEIVER:?set it to the command that starts your receiver}"
: "${MAAC_SHARE_SECRET:?set it to a secret for this test alone}"
URL=${URL:-http://127.0.0.1:8080/webhooks/maac}
REPORTS=${REPORTS:-maac-reports}
export MAAC_SHARE_SECRET
mkdir -p "$REPORTS"

watch_over() {
    child=
    trap 'if [ -n "$child" ]; then kill "$child" 2>/dev/null || :; wait "$child" 2>/dev/null || :; fi; exit 0' TERM
    while :; do
        sh -c "exec $RECEIVER" &
        child=$!
        wait "$child" 2>/dev/null || :
        child=
        sleep 1
    done
}

watch_over &
watcher=$!
trap 'kill "$watcher" 2>/dev/null || :; wait "$watcher" 2>/dev/null || :' EXIT
trap 'exit 2' INT TERM

maac-webhook check "$URL" ${PROBE:+--probe "$PROBE"} --wait 60 \
    --json "$REPORTS/report.json" --junit "$REPORTS/report.xml" --html "$REPORTS/report.html" "$@"
