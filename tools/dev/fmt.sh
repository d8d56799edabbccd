# shellcheck shell=bash
# fmt               format all C++ files in place with clang-format 14

main() {
  need_packages lint
  git ls-files -z --cached --others --exclude-standard '*.h' '*.cc' |
    xargs -0 -r clang-format-14 -i
}
