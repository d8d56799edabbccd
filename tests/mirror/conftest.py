"""A fake Docker Hub, and an entrepot in front of it."""

import pytest

from mirrored import NGINX
from support.fake_hub import FakeHub
from support.layout import Layout, random_files, tar_of
from support.images import AMD64, Image


@pytest.fixture(scope="session")
def image(tmp_path_factory) -> Image:
    """One small layer and one of several MB, which is sent while it comes."""
    directory = tmp_path_factory.mktemp("image")
    layout = Layout(directory)
    layers = [layout.add_layer(tar_of(random_files(1, 2, 1000))),
              layout.add_layer(tar_of(random_files(2, 4, 2_000_000)))]
    layout.finish({"latest": layout.add_image(layers, AMD64, ["/bin/true"])})
    return Image(directory)


@pytest.fixture
def hub(image):
    with FakeHub() as fake:
        fake.add_layout(NGINX, image)
        yield fake


@pytest.fixture
def mirror(hub, start_registry):
    """start mirror(options…): it stands for Docker Hub, and for nothing else."""

    def start(*options: str, **environment: str):
        return start_registry(options=["--mirror.root", f"docker.io={hub.url}", *options],
                              environment=environment)

    return start
