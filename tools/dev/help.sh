# shellcheck shell=bash
# help              this list

main() {
  echo "usage: ./dev COMMAND [ARGUMENT...]"
  echo
  # The comment at the top of each command's file.
  local file
  for file in tools/dev/*.sh; do
    [[ $file != */lib.sh ]] || continue
    sed -n -e '1d' -e 's/^# /  /p' -e '/^$/q' "$file"
  done
}
