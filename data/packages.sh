# packages.sh: the Debian packages that building, running and checking need, and how they are brought; sourced by ./run and ./check

build_packages="gcc libc6-dev meson ninja-build pkgconf gettext libglib2.0-dev libglib2.0-dev-bin libgtk-4-dev libadwaita-1-dev libdnnl-dev
libjson-glib-dev libpng-dev libgdk-pixbuf-2.0-dev libonnx-dev libprotobuf-c-dev protobuf-c-compiler"
run_packages="librsvg2-common fonts-dejavu-core adwaita-icon-theme dbus dbus-x11 at-spi2-core"
check_packages="libasan8 libubsan1 xvfb xauth xdotool x11-utils python3 python3-pyatspi imagemagick desktop-file-utils appstream clang-format locales"
all_packages="clang-14 libclang-rt-14-dev libomp-14-dev llvm-14 libtsan2 valgrind libc6-dbg"
# Only ./check --witnesses needs these.
witness_packages="python3-numpy python3-torch python3-opencv python3-skimage python3-sklearn"
# Not needed: with it every export is compared with libdarknet too; without it the program says that it was not. ./check asks for it, ./run does not.
optional_packages="darknet"
darknet_library=/usr/lib/darknet/libdarknet.so

say() { printf '%s\n' "$*" >&2; }

is_debian_12() { [ -r /etc/os-release ] && (. /etc/os-release; [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ]); }

missing_of() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
  done
}

# On another system nothing is installed: the build goes on if what it needs is found.
found_elsewhere() {
  local lacking= tool module
  for tool in cc meson ninja pkg-config msgfmt protoc-c; do
    command -v "$tool" >/dev/null || lacking="$lacking $tool"
  done
  for module in gtk4 libadwaita-1 json-glib-1.0 libpng gdk-pixbuf-2.0 libprotobuf-c gio-2.0; do
    pkg-config --exists "$module" 2>/dev/null || lacking="$lacking $module"
  done
  [ -z "$lacking" ] && return 0
  say "This is not Debian 12, so nothing is installed for you. Missing:$lacking (and oneDNN 2.6 if it is not there)."
  return 1
}

sizes_of() { LC_ALL=C apt-get install --no-install-recommends --assume-no "$@" 2>/dev/null | grep -E '^(Need to get|After this operation)'; }

# bring YES PACKAGE…: installs what is missing, after saying what and asking once on a terminal.
bring() {
  local yes=$1 missing sizes root= answer; shift
  is_debian_12 || { found_elsewhere; return; }
  missing=$(missing_of "$@")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || root="sudo "
  local install="env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing"
  say "Espalier needs packages of Debian 12 that are not installed:" "$missing"
  sizes=$(sizes_of $missing) || sizes=
  say "${sizes:-The sizes are known once the package lists are fetched.}"
  say "The command is:  ${root}apt-get update && $root$install"
  if [ "$yes" = 0 ] && [ -t 0 ] && [ -z "${CI:-}" ]; then
    printf 'Go on? [Y/n] ' >&2; read -r answer
    case $answer in [nN]*) return 1 ;; esac
  fi
  if [ -n "$root" ] && ! command -v sudo >/dev/null; then say "There is no sudo here: run the command above as root."; return 1; fi
  ${root}apt-get update >&2 || { say "The package lists could not be fetched: run the command above when there is a network."; return 1; }
  [ -n "$sizes" ] || say "$(sizes_of $missing || true)"
  $root$install >&2 || { say "The installation failed: run the command above by hand to see why."; return 1; }
}

# bring_optional YES PACKAGE…: the same; goes on without them.
bring_optional() {
  bring "$@" || say "Going on without: $(shift; missing_of "$@")"
}

# setup_in FOLDER OPTION…: configures once, and again when libdarknet has come or gone since.
setup_in() {
  local folder=$1 again= found=0 used=0; shift
  if [ -f "$folder/build.ninja" ]; then
    [ ! -e "$darknet_library" ] || found=1
    ! grep -q '^build app/espalier-oracle:' "$folder/build.ninja" || used=1
    [ "$found" != "$used" ] || return 0
    again=--reconfigure
  fi
  meson setup $again "$folder" "$@" >"$folder-setup.log" 2>&1 || { cat "$folder-setup.log" >&2; rm -f "$folder-setup.log"; return 1; }
  rm -f "$folder-setup.log"
}
