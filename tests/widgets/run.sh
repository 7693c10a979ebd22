#!/bin/sh
# run.sh: a test program in an X server and on a bus of its own, so that plain `meson test` needs no display; the server ends with it
command -v Xvfb >/dev/null && command -v dbus-run-session >/dev/null || { echo "1..0 # SKIP Xvfb or dbus-run-session is not installed"; exit 0; }
told=$(mktemp)
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3>"$told" >/dev/null 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -f "$told"' EXIT INT TERM
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50; do
  [ -s "$told" ] && break
  sleep 0.1
done
[ -s "$told" ] || { echo "Bail out! the X server did not start"; exit 1; }
unset WAYLAND_DISPLAY
DISPLAY=:$(tr -d '[:space:]' <"$told") dbus-run-session -- "$@"
