# shellcheck shell=bash
# package           make a Debian package of the release program: build/entrepot_VERSION_ARCH.deb

main() {
  need_packages build package
  build_preset release entrepot
  local package epoch version
  # The time inside is the commit's, so that the same source gives the same package.
  epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
  version=$(sed -n 's/^project(entrepot VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
  package=$root/build/entrepot_${version}_$(dpkg --print-architecture).deb
  "$(system_python)" packaging/debian/build_package.py build/release/entrepot "$package" \
    --version "$version" --epoch "$epoch"
  cat <<END

Install it:  apt install $package
Set it up:   docs/guides/on-a-server.md

$package
END
}
