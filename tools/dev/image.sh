# shellcheck shell=bash
# image             make a container image of the release program: build/entrepot-image.tar

main() {
  need_packages build image
  build_preset release entrepot
  local archive=$root/build/entrepot-image.tar epoch version
  # The time inside is the commit's, so that the same source gives the same image.
  epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
  version=$(sed -n 's/^project(entrepot VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
  "$(system_python)" packaging/image/build_image.py build/release/entrepot "$archive" \
    --version "$version" --epoch "$epoch"
  cat <<END

Load it:  docker load -i $archive
     or:  podman load -i $archive
Run it:   docker run -d -p 5000:5000 -e ENTREPOT_OPEN=1 --restart always --name registry \\
            -v data:/var/lib/registry entrepot

$archive
END
}
