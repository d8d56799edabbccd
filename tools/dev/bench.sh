# shellcheck shell=bash
# bench [--quick] [ARG...]   measure entrepot beside its peers; bench/README.md tells more

main() {
  need_packages build bench
  need_go_tools bench
  build_preset release entrepot load floor
  mkdir -p .cache/bench
  exec "$(system_python)" bench/run.py --entrepot build/release/entrepot \
    --programs build/release/bench --distribution3 "$tools/go/bin/registry" \
    --work .cache/bench "$@"
}
