#!/usr/bin/env python3
"""Makes a Debian package of the program: the service, its configuration, manual and completions.

The same input gives the same bytes.

Usage: build_package.py PROGRAM PACKAGE --version VERSION --epoch SECONDS
"""

import argparse
import datetime
import email.utils
import gzip
import hashlib
import os
import re
import subprocess
import tempfile
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHANGES = HERE.parents[1] / "CHANGELOG.md"
MAINTAINER = "The entrepot authors <entrepot@packages.example.org>"
SCRIPTS = ("postinst", "prerm", "postrm")
CONFIGURATION = {"etc/entrepot/entrepot.yaml": "entrepot.yaml",
                 "etc/default/entrepot": "entrepot.default"}
COMPLETIONS = {"bash": "bash-completion/completions/entrepot",
               "zsh": "zsh/vendor-completions/_entrepot",
               "fish": "fish/vendor_completions.d/entrepot.fish"}


def output(*command, **options) -> str:
    return subprocess.run([str(word) for word in command], check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


class Tree:
    """The files of the package below a folder."""

    def __init__(self, root: Path):
        self.root = root

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode)

    def compressed(self, path: str, text: str) -> None:
        self.file(f"{path}.gz", gzip.compress(text.encode(), 9, mtime=0))

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def settle(self, epoch: int) -> None:
        """Modes of folders and all times, whatever the umask and the clock."""
        for path in [self.root, *self.root.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
            os.utime(path, (epoch, epoch))


def changelog(version: str, epoch: int) -> str:
    """The newest section of CHANGELOG.md, as Debian writes it."""
    newest = re.split(r"^## .*$", CHANGES.read_text(), flags=re.M)[1]
    items = [textwrap.fill(item.replace("`", "").replace("**", ""), 78, initial_indent="  * ",
                           subsequent_indent="    ", break_long_words=False)
             for item in re.findall(r"^- (.+(?:\n  .+)*)", newest, re.M)]
    return (f"entrepot ({version}) unstable; urgency=medium\n\n" + "\n".join(items) +
            f"\n\n -- {MAINTAINER}  {email.utils.formatdate(epoch)}\n")


def fill(tree: Tree, program: Path, version: str, epoch: int) -> None:
    installed = tree.root / "usr/bin/entrepot"
    tree.file("usr/bin/entrepot", b"", 0o755)
    output("strip", "--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", "-o",
           installed, program)
    installed.chmod(0o755)
    tree.compressed("usr/share/man/man1/entrepot.1", output(program, "manual"))
    for shell, path in COMPLETIONS.items():
        tree.file(f"usr/share/{path}", output(program, "completion", shell).encode())
    for path, source in CONFIGURATION.items():
        tree.file(path, (HERE / source).read_bytes())
    tree.file("lib/systemd/system/entrepot.service", (HERE / "entrepot.service").read_bytes())
    tree.file("usr/share/doc/entrepot/copyright", (HERE / "copyright").read_bytes())
    tree.compressed("usr/share/doc/entrepot/changelog", changelog(version, epoch))


def depends(program: Path) -> str:
    """The packages of the libraries that the program is linked to, with their least versions."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "debian").mkdir()
        (Path(directory) / "debian/control").write_text(
            "Source: entrepot\n\nPackage: entrepot\nArchitecture: any\n")
        found = output("dpkg-shlibdeps", "-O", f"-e{program}", cwd=directory)
    return found.strip().removeprefix("shlibs:Depends=")


def control(tree: Tree, program: Path, version: str) -> None:
    files = tree.files()
    size = sum(max(1, -(-path.stat().st_size // 1024)) for path in files)
    sums = "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree.root)}\n"
                   for path in files if path.relative_to(tree.root).parts[0] != "etc")
    tree.file("DEBIAN/control", textwrap.dedent(f"""\
        Package: entrepot
        Version: {version}
        Architecture: {output("dpkg", "--print-architecture").strip()}
        Maintainer: {MAINTAINER}
        Installed-Size: {size}
        Depends: adduser, {depends(program)}
        Recommends: libcurl4
        Section: net
        Priority: optional
        Description: registry of container images
         It stores what "docker push" sends and serves what "docker pull" asks for:
         the whole OCI Distribution Specification, in one program with nothing beside
         it. Blobs are files, names are in SQLite.
         .
         It takes over the data directory, the configuration file and the variables of
         registry:2, frees the disk after deletes while pushes go on, and has every
         push on the disk before it answers.
        """).encode())
    tree.file("DEBIAN/md5sums", sums.encode())
    tree.file("DEBIAN/conffiles", "".join(f"/{path}\n" for path in CONFIGURATION).encode())
    for script in SCRIPTS:
        tree.file(f"DEBIAN/{script}", (HERE / script).read_bytes(), 0o755)


def build(program: Path, package: Path, version: str, epoch: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        tree = Tree(Path(directory))
        fill(tree, program, version, epoch)
        control(tree, program, version)
        tree.settle(epoch)
        output("dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz", "--build", directory,
               package, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)})
    moment = datetime.datetime.fromtimestamp(epoch, datetime.UTC)
    print(f"{package.name}: {package.stat().st_size / 1e6:.1f} MB, of {moment:%Y-%m-%d}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("package", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--epoch", type=int, required=True, help="the time of all that is inside")
    arguments = parser.parse_args()
    build(arguments.program.resolve(), arguments.package, arguments.version, arguments.epoch)


if __name__ == "__main__":
    main()
