# shellcheck shell=bash
# tools [--all]     install what the tests need (Debian packages, .cache/tools) and nothing else

main() {
  local all=()
  [[ ${1:-} != --all ]] || all=(all)
  need_packages build test
  need_venv
  need_go_tools test "${all[@]}"
  need_page
}
