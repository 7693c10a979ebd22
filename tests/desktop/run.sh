#!/usr/bin/env bash
# run.sh SCRIPT.py [ARG …]: runs a desktop test in a display, a bus and a home of its own; exit 77 (skipped) where the tools for it are missing
set -u
for tool in Xvfb dbus-run-session xdotool /usr/bin/python3; do
  command -v "$tool" >/dev/null || { echo "1..0 # SKIP $tool is not installed"; exit 77; }
done
/usr/bin/python3 -c 'import pyatspi' 2>/dev/null || { echo "1..0 # SKIP python3-pyatspi is not installed"; exit 77; }

home=$(mktemp -d)
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset >/dev/null 2>&1 3>"$home/display" &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$home"' EXIT
for _ in $(seq 200); do
  DISPLAY=:$(tr -d '[:space:]' <"$home/display" 2>/dev/null)
  export DISPLAY
  [ "$DISPLAY" != : ] && xdotool getdisplaygeometry >/dev/null 2>&1 && break
  sleep .1
done
export HOME=$home XDG_CACHE_HOME=$home/cache XDG_CONFIG_HOME=$home/config XDG_STATE_HOME=$home/state XDG_DATA_HOME=$home/data XDG_RUNTIME_DIR=$home/run
mkdir -m 700 -p "$XDG_RUNTIME_DIR"
export GSK_RENDERER=cairo GSETTINGS_BACKEND=memory ADW_DISABLE_PORTAL=1 NO_AT_BRIDGE=0 LC_ALL=C.UTF-8 LANGUAGE= PYTHONDONTWRITEBYTECODE=1
unset WAYLAND_DISPLAY
dbus-run-session -- /usr/bin/python3 "$@"
