# shellcheck shell=bash
# serve [ARG...]    build, then serve on 127.0.0.1:5000 with the data in ./data (or $ENTREPOT_DATA);
#                   the arguments go to `entrepot serve`: --listen, --data, a configuration file, ...

main() {
  if [[ " $* " == *" --help "* || " $* " == *" -h "* ]]; then
    tell
    return
  fi
  need_packages build
  build_preset release entrepot
  local data=()
  # A configuration file says itself where the data is; --data says it, too.
  if [[ $# -eq 0 || ($1 == -* && " $*" != *" --data"*) ]]; then
    data=(--data "${ENTREPOT_DATA:-$root/data}")
    mkdir -p "${data[1]}"
  fi
  cd "$invoked_from" || exit  # so that relative paths in the arguments mean what they say
  exec "$root/build/release/entrepot" serve "${data[@]}" "$@"
}

# What `./dev serve` does; and the program's own help, as far as it was built before.
tell() {
  sed -n -e '1d' -e 's/^# //p' -e '/^$/q' "$root/tools/dev/serve.sh"
  local built=$root/build/release/entrepot
  if [[ -x $built ]]; then
    echo
    "$built" serve --help
  fi
}
