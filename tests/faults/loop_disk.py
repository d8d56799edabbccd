"""A small disk of its own for a test: a file system in a file, mounted over a loop device."""

import ctypes
import fcntl
import functools
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.paths import program

_MAKE = {
    "ext4": ("mkfs.ext4", "-q", "-E", "nodiscard"),
    "xfs": ("mkfs.xfs", "-q", "-K"),
}

# EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN are the same, and so are their flags.
_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = struct.pack("I", 2)

_NEW_MOUNT_NAMESPACE = 0x00020000


class LoopDisk:
    """The file system `kind`, at `path` while it is mounted."""

    def __init__(self, directory: Path, kind: str, size_bytes: int, *options: str):
        self.path = directory / "mounted"
        self.path.mkdir(parents=True)
        self._image = directory / "image"
        with open(self._image, "wb") as image:
            image.truncate(size_bytes)
        make, *defaults = _MAKE[kind]
        subprocess.run([program(make), *defaults, *options, self._image], check=True)

    def mount(self) -> None:
        _run("mount", "-o", "loop", self._image, self.path)

    def unmount(self) -> None:
        _run("umount", self.path)

    def turn_read_only(self) -> None:
        """What ext4 does when it finds an error, if made with `-e remount-ro`: until the end of this
        mount no file can be written, not even one that is open for it."""
        device = subprocess.run(["findmnt", "-no", "SOURCE", self.path], check=True,
                                capture_output=True, text=True).stdout.strip()
        Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error").write_text("a test")

    def mend(self) -> None:
        """What an administrator does then."""
        self.unmount()
        # 1: there were errors, and they are mended.
        assert subprocess.run([program("e2fsck"), "-fp", self._image], check=False,
                              capture_output=True).returncode in (0, 1)
        self.mount()

    def cut_power(self) -> None:
        """Whatever was not synced is lost; every call fails until it is mounted again."""
        directory = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, _SHUTDOWN, _NO_LOG_FLUSH)
        finally:
            os.close(directory)


@contextmanager
def mounted(directory: Path, kind: str, size_bytes: int, *options: str) -> Iterator[LoopDisk]:
    """A mounted disk that goes with the test; the test is skipped where mounting is forbidden."""
    disk = LoopDisk(directory, kind, size_bytes, *options)
    try:
        _keep_mounts_to_this_process()
        disk.mount()
    except OSError as error:
        pytest.skip(f"there can be no mount namespace here: {error}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"a loop device cannot be mounted here: {error.stderr.strip()}")
    try:
        yield disk
    finally:
        if os.path.ismount(disk.path):
            disk.unmount()


@functools.cache
def _keep_mounts_to_this_process() -> None:
    """They end with it, however it ends, and with the processes that it starts from now on."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNT_NAMESPACE) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    _run("mount", "--make-rprivate", "/")


def _run(*command) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
