# shellcheck shell=bash
# lint [--all]      the checks of tests/tidy on everything, clang-tidy on what differs from main (--all:
#                   on everything)

main() {
  need_packages build test lint
  local failed=0
  say "tests/tidy"
  "$(system_python)" tests/tidy/tidy.py || failed=1
  check_tidy "${1:-}" || failed=1
  [[ $failed -eq 0 ]] || die "lint found something to mend"
  say "lint: nothing to mend"
}

check_tidy() {
  local files
  if [[ $1 == --all ]]; then
    mapfile -t files < <(git ls-files 'src/*.cc')
  else
    mapfile -t files < <({
      git diff --name-only --diff-filter=d main -- 'src/*.cc'
      git ls-files --others --exclude-standard 'src/*.cc'
    } | sort -u)
  fi
  [[ ${#files[@]} -gt 0 ]] || return 0
  say "clang-tidy 19: ${#files[@]} files"
  # Fuzzers are in another preset's compile commands; they are few and small.
  local checked=() file
  for file in "${files[@]}"; do [[ $file == *_fuzz.cc ]] || checked+=("$file"); done
  cmake --preset tidy >/dev/null || return 1
  printf '%s\0' "${checked[@]}" |
    xargs -0 -n 1 -P "$jobs" clang-tidy-19 --quiet -p build/tidy --warnings-as-errors='*'
}
