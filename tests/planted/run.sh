#!/bin/sh
# Judges the judge: plants each bug of bugs.txt in a copy of the scheduler, runs the simulator over it, and prints
# which bug was caught, by which property, at which seed. What no world shows within SEEDS is given to the tests of the
# core, since some bugs show only where nothing else happens for hours. The working tree is not touched.
#
#   tests/planted/run.sh [WORDS…]   only the bugs whose name holds one of the arguments
#   SEEDS=500                       how many seeds a bug may hide from
#   KEEP=DIR                        where the copy is built (kept between runs, so that the second is quick)
#   PATIENCE=600, ROOM_KB=8000000   seconds, and kilobytes of memory, after which a step that never ends has shown itself
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${KEEP:-$(mktemp -d)}
[ -n "${KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
export SEEDS="${SEEDS:-500}" RUST_BACKTRACE=0 CARGO_TARGET_DIR="$work/target"

# Only what the simulator needs: two crates of ours and the world.
rm -rf "$work/tree"
mkdir -p "$work/tree/router" "$work/tree/tests"
cp -R "$root/wire" "$work/tree/wire"
cp -R "$root/router/core" "$work/tree/router/core"
cp -R "$root/tests/simulator" "$work/tree/tests/simulator"
cp "$root/Cargo.lock" "$work/tree/Cargo.lock"
# Without optimisation: most bugs show within a few seeds, and each has to be compiled.
sed -e 's|^members = .*|members = ["wire", "router/core", "tests/simulator"]|' \
    -e '/^\[profile.dev.package.blendline-/,/^$/ s/^opt-level.*/opt-level = 0/' "$root/Cargo.toml" >"$work/tree/Cargo.toml"
cd "$work/tree"

# Some bugs let a step never end, and take memory for as long: they have shown themselves too.
simulate() {
    cargo test --offline -q -p blendline-simulator --test sim --no-run >"$work/log" 2>&1 || return 1
    (
        ulimit -v "${ROOM_KB:-8000000}"
        timeout "${PATIENCE:-600}" cargo test --offline -q -p blendline-simulator --test sim -- random nobody --nocapture --test-threads=1
    ) >"$work/log" 2>&1 || { ended=$?; [ $ended != 124 ] || printf "\nbroken: a step never ends\n" >>"$work/log"; return 1; }
}

# The first test of the core that fails.
own_tests() {
    cargo test --offline -q -p blendline-core --no-fail-fast 2>&1 | sed -n 's/^test \(.*\) \.\.\. FAILED$/test \1/p; s/^    \([a-z_:]*::[a-z_:]*\)$/test \1/p' | head -1
}

simulate || { echo "the simulator fails without any bug:"; tail -5 "$work/log"; exit 1; }
echo "| planted bug | caught by | at seed |"
echo "|---|---|---|"
missed=0
grep -v '^#' "$here/bugs.txt" >"$work/bugs"
while IFS='|' read -r name file edit <&3; do
    name=$(echo "$name" | sed 's/ *$//')
    file="router/core/src/$(echo "$file" | tr -d ' ')"
    wanted=$([ $# -gt 0 ] || echo yes)
    for words in "$@"; do case $name in *"$words"*) wanted=yes ;; esac; done
    [ -n "$wanted" ] || continue
    cp "$file" "$work/sound"
    sed -e "${edit# }" "$work/sound" >"$file"
    if cmp -s "$file" "$work/sound"; then
        echo "| $name | NOT PLANTED: the list is out of date | |"
        missed=1
    elif simulate; then
        by=$(own_tests)
        echo "| $name | ${by:-NOT CAUGHT} | > $SEEDS |"
        [ -n "$by" ] || missed=1
    elif grep -q '^error' "$work/log" && ! grep -q 'panicked\|signal: ' "$work/log"; then
        echo "| $name | DOES NOT COMPILE | |"
        grep -m1 -A5 '^error' "$work/log" >&2
        missed=1
    else
        grep -v 'longest waits' "$work/log" >"$work/told" || true
        by=$(sed -n 's/^broken: //p; s/^seed [0-9]*: \([^:]*\): .*/\1 (rush)/p' "$work/told" | head -1)
        seed=$(sed -n 's/^seed \([0-9]*\)[,:].*/\1/p' "$work/told" | head -1)
        [ -n "$by" ] || by=$(grep -o 'signal: [0-9A-Z, ]*' "$work/log" | head -1)
        echo "| $name | $by | ${seed:-?} |"
    fi
    cp "$work/sound" "$file"
done 3<"$work/bugs"
exit $missed
