# shellcheck shell=bash
# test [--all] [FILTER]
#                   install, build and run every test; --all: the long ones, too; with FILTER (a regular
#                   expression for `ctest -R`) only those, without building the other sanitizers' presets

main() {
  local all='' filter=''
  while [[ $# -gt 0 ]]; do
    case $1 in
      --all) all=all ;;
      -*) die "test: no option '$1'" ;;
      *) filter=$1 ;;
    esac
    shift
  done
  [[ -z $all ]] || export ENTREPOT_TEST_ALL=1

  install_for_tests "$all"
  build_for_tests "$all" "$filter"
  run_tests "$all" "$filter"
}

install_for_tests() {
  need_packages build test
  need_venv
  need_go_tools test ${1:+all}
}

# The program that ships, for the tests from outside; all else under the address sanitizer. The lanes of
# the other sanitizers are ctest cases of the preset dev, which run what is built here.
build_for_tests() {
  local all=$1 filter=$2
  build_preset release
  build_preset dev all all_verify_interface_header_sets
  [[ -z $filter ]] || return 0
  build_preset tsan concurrent_tests entrepot
  [[ -z $all ]] || build_preset fuzz fuzzers
}

# Runs ctest once. Its summary is held back until the tables and the reasons of the skipped tests are
# printed, so that it is the last thing to read.
run_tests() {
  local all=$1 filter=$2 status=0
  local report=$root/build/dev/report
  rm -rf "$report"
  mkdir -p "$report"

  local select=(--label-exclude '^(all|slow)$')
  [[ -z $all ]] || select=()
  [[ -z $filter ]] || select+=(--tests-regex "$filter")

  say "testing"
  ctest --preset dev -j "$jobs" --no-tests=error "${select[@]}" \
    --output-junit "$report/ctest.xml" 2>&1 |
    awk -v summary="$report/summary.txt" \
      '/^[0-9]+% tests passed/ { held = 1 } held { print > summary; next } { print; fflush() }' ||
    status=$?
  "$venv/bin/python" tests/report.py "$report"
  cat "$report/summary.txt" 2>/dev/null
  return "$status"
}
