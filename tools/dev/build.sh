# shellcheck shell=bash
# build             build the release program; the last line printed is its path

main() {
  need_packages build
  build_preset release entrepot
  echo "$root/build/release/entrepot"
}
