# ctest: labels=clients timeout=300
"""podman with zstd:chunked: of a layer that changed in part, only that part is fetched."""

import random
import re
import string

import pytest

from support.command import output, run
from support.paths import program

CLIENT = "podman, zstd:chunked"

FILES = 10
FILE_BYTES = 1_000_000
CHANGED = (2, 5, 8)


def version() -> str:
    return output(program("podman"), "--version").split()[-1]


class Podman:
    """podman with a storage of its own that asks registries for parts of layers."""

    def __init__(self, directory):
        configuration = directory / "storage.conf"
        configuration.write_text(
            "[storage]\n"
            'driver = "overlay"\n'
            f'graphroot = "{directory}/graph"\n'
            f'runroot = "{directory}/run"\n'
            "[storage.options]\n"
            'pull_options = {enable_partial_images = "true", use_hard_links = "false", '
            'ostree_repos = ""}\n')
        self._environment = {"CONTAINERS_STORAGE_CONF": str(configuration)}
        self._options = ("--cgroup-manager=cgroupfs", "--events-backend=file",
                         f"--tmpdir={directory}/tmp")

    def run(self, *arguments, **options):
        return run(program("podman"), *self._options, *arguments, environment=self._environment,
                   **options)

    def pull(self, reference: str) -> str:
        """What podman logs of a pull."""
        return self.run("--log-level=debug", "pull", "--tls-verify=false", reference).stderr


@pytest.fixture
def podman(scratch):
    client = Podman(scratch)
    yield client
    client.run("system", "reset", "--force", expect=None)


def text(seed: object) -> str:
    """Bytes that compress to three quarters, and are like no others."""
    return "".join(random.Random(str(seed)).choices(string.ascii_letters + string.digits,
                                                    k=FILE_BYTES))


def build(podman, context, name: str, changed: tuple[int, ...]) -> None:
    """An image of one layer with FILES files, of which the changed ones are this image's own."""
    context.mkdir(exist_ok=True)
    for number in range(FILES):
        seed = (name, number) if number in changed else number
        (context / f"file{number}").write_text(text(seed))
    (context / "Containerfile").write_text("FROM scratch\nCOPY file* /files/\n")
    podman.run("build", "--quiet", "--no-cache", "--tag", name, context)


def sent_bytes(registry) -> int:
    """Bodies of blobs that were sent so far."""
    metrics = registry.client.get("/metrics").body.decode()
    return sum(int(value) for value in re.findall(
        r'^entrepot_http_response_body_bytes_total\{[^}]*route="blob"[^}]*\} (\d+)$', metrics,
        re.MULTILINE))


def test_only_what_changed_is_fetched(registry, podman, scratch):
    """Pulls a layer of which three of ten files changed: a third of its bytes, and the files."""
    for name, changed in (("first", ()), ("second", CHANGED)):
        build(podman, scratch / "context", name, changed)
        podman.run("push", "--tls-verify=false", "--compression-format=zstd:chunked", name,
                   registry.reference("partial/image", name))
    podman.run("image", "rm", "--all", "--force")

    before = sent_bytes(registry)
    podman.pull(registry.reference("partial/image", "first"))
    whole = sent_bytes(registry) - before
    log = podman.pull(registry.reference("partial/image", "second"))
    part = sent_bytes(registry) - before - whole

    assert "Retrieved partial blob" in log
    assert whole > FILES * FILE_BYTES * 0.7
    assert part < whole * (len(CHANGED) / FILES + 0.05)
    mounted = podman.run("image", "mount", registry.reference("partial/image", "second"),
                         ).stdout.strip()
    for number in range(FILES):
        seed = ("second", number) if number in CHANGED else number
        with open(f"{mounted}/files/file{number}") as file:
            assert file.read() == text(seed)
