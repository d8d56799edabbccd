# shellcheck shell=bash
# lint [--all]      clang-format and shellcheck on everything, clang-tidy on what differs from main
#                   (--all: on everything)

main() {
  need_packages build test lint
  local failed=0
  check_format || failed=1
  check_shell || failed=1
  check_tidy "${1:-}" || failed=1
  [[ $failed -eq 0 ]] || die "lint found something to mend"
  say "lint: nothing to mend"
}

our_files() { git ls-files -z --cached --others --exclude-standard "$@"; }

check_format() {
  say "clang-format 14"
  our_files '*.h' '*.cc' | xargs -0 -r clang-format-14 --dry-run --Werror
}

check_shell() {
  say "shellcheck"
  our_files dev .ci/run '*.sh' | xargs -0 -r shellcheck -x
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
