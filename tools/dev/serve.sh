# shellcheck shell=bash
# serve [ARG...]    build, then serve on 127.0.0.1:5000 with the data in ./data (or $ENTREPOT_DATA);
#                   the arguments go to `entrepot serve`: --listen, --data, a configuration file, ...

main() {
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
