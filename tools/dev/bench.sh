# shellcheck shell=bash
# bench [--quick] [ARG...]
#                   measure entrepot beside its peers (an hour; --quick: five minutes), print the
#                   table and keep it in bench/results; docs/performance.md tells more

main() {
  need_packages build bench
  need_go_tools bench
  build_preset release entrepot load floor
  exec "$(system_python)" -m bench --entrepot "$root/build/release/entrepot" \
    --programs "$root/build/release/bench" --distribution3 "$tools/go/bin/registry" \
    --work "$root/.cache/bench" "$@"
}
