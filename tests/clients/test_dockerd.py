# ctest: labels=clients serial timeout=400
"""dockerd: what one daemon pushes, another pulls."""

import pytest

from support import images
from support.dockerd import Dockerd, load_image

CLIENT = "dockerd"

_version = ""


def version() -> str:
    return _version


def _daemon(factory, name: str):
    daemon = Dockerd(factory.mktemp(name)).start()
    global _version
    _version = daemon.version()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def pusher(tmp_path_factory):
    yield from _daemon(tmp_path_factory, "push")


@pytest.fixture(scope="module")
def puller(tmp_path_factory):
    yield from _daemon(tmp_path_factory, "pull")


def test_root_filesystem_from_daemon_to_daemon(registry, pusher, puller, root_filesystem,
                                               stored_digest, scratch):
    """Pushes a Debian root filesystem; another daemon pulls it and runs it."""
    remote = registry.reference("docker/rootfs")
    load_image(pusher, root_filesystem.reference(), remote, scratch)
    pushed, _ = pusher.push(remote)
    assert pushed == stored_digest("docker/rootfs")
    assert puller.pull(remote) == pushed
    assert puller.image(remote)["Id"] == root_filesystem.config_digest()
    shown = puller.docker("run", "--rm", "--network=none", remote, "cat", "/etc/os-release")
    assert "bookworm" in shown


def test_second_push_finds_all_layers_there(registry, pusher, puller, many_layers, scratch):
    """Pushes 60 layers twice; the second push says that every layer exists; pulls by digest."""
    remote = registry.reference("docker/layers")
    load_image(pusher, many_layers.reference(), remote, scratch)
    pushed, first = pusher.push(remote)
    assert first.count("Layer already exists") == 0
    again, second = pusher.push(remote)
    assert again == pushed
    assert second.count("Layer already exists") == images.LAYER_COUNT
    by_digest = registry.reference("docker/layers", pushed)
    assert puller.pull(by_digest) == pushed
    assert puller.image(by_digest)["Id"] == many_layers.config_digest()


def test_push_to_a_second_repository_mounts(registry, pusher, many_layers, scratch):
    """Pushes an image under a second name; every layer is mounted."""
    first, second = registry.reference("docker/mount"), registry.reference("docker/mounted")
    load_image(pusher, many_layers.reference(), first, scratch)
    pushed, _ = pusher.push(first)
    pusher.docker("tag", first, second)
    again, text = pusher.push(second)
    assert again == pushed
    assert text.count("Mounted from") == images.LAYER_COUNT, text


def test_several_tags_at_once(registry, pusher, many_layers, stored_digest, tags, scratch):
    """Pushes all tags of a repository."""
    references = [registry.reference("docker/tags", tag) for tag in ("1", "1.0", "latest")]
    load_image(pusher, many_layers.reference(), references[0], scratch)
    for reference in references[1:]:
        pusher.docker("tag", references[0], reference)
    pusher.docker("push", "--all-tags", f"{registry.address}/docker/tags")
    assert sorted(tags("docker/tags")) == ["1", "1.0", "latest"]
    assert len({stored_digest("docker/tags", tag) for tag in tags("docker/tags")}) == 1


def test_search(registry, pusher, many_layers, scratch):
    """Finds repositories by a part of their name."""
    for name in ("docker/findable", "docker/other"):
        remote = registry.reference(name)
        load_image(pusher, many_layers.reference(), remote, scratch)
        pusher.push(remote)
    found = pusher.docker("search", "--format={{.Name}}", f"{registry.address}/FINDABLE")
    assert found.split() == ["docker/findable"]
    assert pusher.docker("search", "--format={{.Name}}", f"{registry.address}/no-such") == ""


def test_multi_architecture(registry, pusher, puller, multi_architecture, stored_digest, scratch):
    """Pulls one architecture of an index by platform; makes and pushes a manifest list."""
    source = registry.reference("docker/multi")
    multi_architecture.place(source)
    assert puller.pull(source, "--platform=linux/arm64") == multi_architecture.digest()
    arm64 = multi_architecture.manifest(multi_architecture.children()[1]["digest"])
    assert puller.image(source)["Id"] == arm64["config"]["digest"]

    load_image(pusher, images.many_layers().reference(), registry.reference("docker/one"), scratch)
    pushed, _ = pusher.push(registry.reference("docker/one"))
    made = registry.reference("docker/one", "list")
    pusher.docker("manifest", "create", "--insecure", made,
                  registry.reference("docker/one", pushed))
    listed = pusher.docker("manifest", "push", "--insecure", made).split()[-1]
    assert listed == stored_digest("docker/one", "list")
    assert puller.pull(made) == listed

