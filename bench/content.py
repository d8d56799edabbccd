"""What every registry is filled with before it is measured."""

import json
import random
from pathlib import Path

from . import plans
from .fill import KIB, MIB, Fill
from .plans import REPOSITORY, Plan, Transaction

Blob = tuple[int, int]  # number, bytes

# The shares of the mix of whole images are an assumption, not a measurement: most of what a registry
# is asked for are pulls, and most layers are small. Of the twenty sizes here, each as frequent as the
# others, 13 are below 1 MB, 3 below 10 MB, 4 above.
MIX_PUSH_SHARE = 0.05
MIX_LAYER_BYTES = (
    [size * KIB for size in (1, 4, 8, 16, 32, 64, 64, 128, 128, 256, 384, 512, 768)]
    + [size * MIB for size in (2, 4, 8)]
    + [size * MIB for size in (12, 16, 24, 48)])
MIX_LAYERS = 5  # of an image, besides a config of 4 KiB


class Content:
    """One repository with many tags, one with few, many with one, and images to be pulled whole."""

    LAYERS = [(1, 64 * KIB), (2, 64 * KIB), (3, 64 * KIB), (4, 64 * KIB)]
    LARGE = (100, 100 * MIB)
    MIDDLE = (101, MIB)
    UNNAMED = (102, 100 * MIB)  # by any manifest
    FEW_TAGS = 100

    def __init__(self, fill: Fill, tags: int, repositories: int, images: int):
        self.fill = fill
        self.tags = tags
        self.repositories = repositories
        self._random = random.Random(18)
        self.images = [self.image(10_000 + 10 * n) for n in range(images)]

    # --- names ------------------------------------------------------------------------------

    def path(self, blob: Blob) -> str:
        return plans.blob_path(self.fill.digest(*blob))

    @staticmethod
    def tag(number: int) -> str:
        return f"tag-{number:05d}"

    @staticmethod
    def repository(number: int) -> str:
        return f"many/r{number:05d}"

    # --- manifests and images ---------------------------------------------------------------

    def manifest(self, number: int, blobs: list[Blob] | None = None) -> str:
        """An image manifest over these blobs, the first of them its config."""
        config, *layers = blobs or self.LAYERS

        def descriptor(media_type: str, blob: Blob) -> dict:
            return {"mediaType": media_type, "digest": self.fill.digest(*blob), "size": blob[1]}

        return json.dumps({
            "schemaVersion": 2, "mediaType": plans.MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)
                       for layer in layers],
            "annotations": {"bench.note": f"{number:08d}"}})

    def image(self, number: int) -> list[Blob]:
        """The blobs of an image of the mix, with numbers from `number` on."""
        sizes = [4 * KIB] + self._random.choices(MIX_LAYER_BYTES, k=MIX_LAYERS)
        return [(number + at, size) for at, size in enumerate(sizes)]

    def pull_image(self, number: int) -> Transaction:
        manifest = plans.get_manifest(f"image-{number}")
        return manifest + [plans.get(self.path(blob))[0] for blob in self.images[number]]

    def push_image(self, blobs: list[Blob], tag: str) -> Transaction:
        """As clients push: each blob is looked for first."""
        steps = []
        for blob in blobs:
            steps.append(plans.step("HEAD", self.path(blob), [404]))
            steps += plans.push_blob(self.fill, *blob)
        return steps + plans.put_manifest(self.manifest(blobs[0][0], blobs), tag)

    def mount(self, repository: str, number: int) -> Transaction:
        """Two mounts and a manifest: a push into a new repository whose layers are elsewhere."""
        blobs = self.LAYERS[:2]
        mounts = [plans.step("POST", f"/v2/{repository}/blobs/uploads/?mount="
                             f"{self.fill.digest(*blob)}&from={REPOSITORY}", [201])
                  for blob in blobs]
        return mounts + plans.put_manifest(self.manifest(number, blobs), "latest", repository)

    def put_single(self) -> Transaction:
        """The image that the blobs pulled by themselves belong to: nobody pulls what no image has."""
        return plans.put_manifest(self.manifest(0, [self.LAYERS[0], self.LARGE, self.MIDDLE]), "single")

    # --- filling ----------------------------------------------------------------------------

    def seed(self) -> list[Plan]:
        """Plans to be run one after the other, each once."""
        image_blobs = [blob for image in self.images for blob in image]
        blobs = [plans.push_blob(self.fill, *blob)
                 for blob in self.LAYERS + [self.LARGE, self.MIDDLE, self.UNNAMED] + image_blobs]
        few = [plans.push_blob(self.fill, *blob, "bench/few") for blob in self.LAYERS]
        tags = [plans.put_manifest(self.manifest(n), self.tag(n)) for n in range(self.tags)]
        few_tags = [plans.put_manifest(self.manifest(n), self.tag(n), "bench/few")
                    for n in range(self.FEW_TAGS)]
        images = [plans.put_manifest(self.manifest(image[0][0], image), f"image-{n}")
                  for n, image in enumerate(self.images)]
        images.append(self.put_single())
        others = [self.mount(self.repository(n), n) for n in range(self.repositories)]
        return [blobs + few, tags + few_tags + images] + ([others] if others else [])

    def small_seed(self) -> list[Plan]:
        """Enough for pulls of the large blobs and of one tag."""
        blobs = [plans.push_blob(self.fill, *blob) for blob in self.LAYERS + [self.LARGE, self.MIDDLE]]
        return [blobs, [plans.put_manifest(self.manifest(0), self.tag(0)), self.put_single()]]

    def files(self, directory: Path) -> None:
        """The same bytes, for those that serve files."""
        for n in range(self.tags):
            (directory / self.tag(n)).write_text(self.manifest(n))
        for name, blob in (("large", self.LARGE), ("middle", self.MIDDLE),
                           ("small", self.LAYERS[0])):
            (directory / name).write_bytes(self.fill.body(*blob))
