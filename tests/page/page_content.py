"""What the pages show: images of every shape, and texts that want to be more than text."""

import hashlib

from support.content import (OCI_CONFIG, OCI_INDEX, OCI_LAYER, Repository, descriptor, encode,
                             image_manifest, index_manifest)

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "{alert(1)}",
    "</title><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "\u202egnp.exe\u202c",
    "<a href=\"javascript:alert(1)\">x</a>",
)
GZIPPED_LAYER = OCI_LAYER + "+gzip"


def layer(seed: str, size: int) -> bytes:
    """`size` bytes that do not shrink, the same for the same seed."""
    block = hashlib.sha512(seed.encode()).digest()
    return (block * (size // len(block) + 1))[:size]


def push_image(repository: Repository, reference: str | None, steps, architecture="amd64", **more):
    """`steps`: (instruction, bytes of its layer or None). `more`: config, annotations, subject."""
    layers = [content for _, content in steps if content is not None]
    history = [{"created": "2026-01-02T03:04:05Z", "created_by": instruction,
                **({"empty_layer": True} if content is None else {})}
               for instruction, content in steps]
    config = encode({"architecture": architecture, "os": "linux", "created": "2026-01-02T03:04:05Z",
                     "config": more.pop("config", {}), "history": history,
                     "rootfs": {"type": "layers",
                                "diff_ids": ["sha256:" + hashlib.sha256(one).hexdigest()
                                             for one in layers]}})
    repository.push_blob(config)
    for content in set(layers):
        repository.push_blob(content)
    document = image_manifest(descriptor(config, OCI_CONFIG),
                              [descriptor(content, GZIPPED_LAYER) for content in layers], **more)
    return repository.push_manifest(reference, document)


BASE = [("ADD rootfs.tar.xz / # buildkit", layer("base", 300_000)), ("CMD [\"bash\"]", None)]


def push_version(repository: Repository, tag: str, seed: str):
    return push_image(repository, tag, [
        *BASE,
        ("RUN /bin/sh -c apt-get update # buildkit", layer(seed + "a", 40_000)),
        ("COPY app /usr/local/bin/app # buildkit", layer(seed + "b", 90_000)),
        ("ENTRYPOINT [\"/usr/local/bin/app\"]", None),
    ], config={"Env": ["PATH=/usr/bin"], "Entrypoint": ["/usr/local/bin/app"],
               "Labels": {"org.opencontainers.image.source": "https://example.com/acme/web"}})


def push_index(repository: Repository, tag: str):
    children = []
    for architecture in ("amd64", "arm64"):
        pushed = push_image(repository, None, [
            (f"COPY {architecture} /", layer(architecture, 50_000)),
            ("RUN make", layer(architecture + "make", 20_000))], architecture)
        children.append(pushed.descriptor(platform={"os": "linux", "architecture": architecture}))
    return repository.push_manifest(tag, index_manifest(children), OCI_INDEX)


def push_layers(repository: Repository, tag: str, sizes):
    return push_image(repository, tag, [(f"RUN step {number}", layer(f"{tag}{number}", size))
                                        for number, size in enumerate(sizes)])


def push_hostile(repository: Repository, tag: str):
    texts = {f"evil.{number}": text for number, text in enumerate(HOSTILE)}
    image = push_image(
        repository, tag, [(f"RUN echo {text}", layer(text, 1000)) for text in HOSTILE],
        config={"Env": [f"E{number}={text}" for number, text in enumerate(HOSTILE)],
                "Labels": {**texts, **{text: "x" for text in HOSTILE}}, "User": HOSTILE[0],
                "Cmd": list(HOSTILE), "WorkingDir": HOSTILE[1], "StopSignal": HOSTILE[3],
                "ExposedPorts": {HOSTILE[4]: {}}, "Volumes": {HOSTILE[3]: {}}},
        annotations={**texts, "org.opencontainers.image.url": HOSTILE[2]})
    repository.push_image(subject=image.descriptor(), artifactType="application/x.evil",
                          annotations=texts)
    return image


LONGEST_TAG = "feature-" + "x" * 120
LONGEST_NAME = "/".join(["a-team-with-a-long-name"] * 10)[:240].rstrip("/-")


def fill(client) -> None:
    """Everything that the pages are looked at with."""
    web = Repository(client, "acme/web")
    for version in ("1.8.0", "1.9.0", "1.10.0"):
        push_version(web, version, version)
    push_version(web, "1.10", "1.10.0")
    push_version(web, "latest", "1.9.0")
    push_version(web, "latest", "1.10.0")
    push_index(web, "many")
    push_layers(web, "one", [70_000])
    push_layers(web, "sixty", [500 + 37 * number for number in range(60)])
    push_layers(web, "deepest", [200 + 91 * (number % 17) ** 2 for number in range(127)])
    push_layers(web, "lopsided", [990_000, 4000, 3000, 2000, 1000])
    push_hostile(web, "hostile")
    push_version(web, LONGEST_TAG, "long")
    push_version(Repository(client, LONGEST_NAME), "1", "long")
    push_version(Repository(client, "acme/api"), "1", "api")
    push_version(Repository(client, "v2/odd"), "1", "odd")
    push_version(Repository(client, "hello"), "1", "hello")


# Addresses of every kind of page, with what has to be read there; each group is looked at in a file of its own.
LISTS = {
    "home": ("/", "acme/web"),
    "filtered": ("/?q=api", "acme/api"),
    "repository": ("/acme/web", "1.10.0"),
    "odd name": ("/-/r/v2/odd", "v2/odd"),
    "longest name": (f"/{LONGEST_NAME}", "a-team"),
}
IMAGES = {
    "history": ("/acme/web/-/history/latest", "latest"),
    "image": ("/acme/web/-/image/latest", "apt-get update"),
    "platforms": ("/acme/web/-/image/many?platform=linux/arm64", "arm64"),
    "one layer": ("/acme/web/-/image/one", "step 0"),
    "sixty layers": ("/acme/web/-/image/sixty", "step 59"),
}
DETAILS = {
    "127 layers": ("/acme/web/-/image/deepest", "step 126"),
    "one of 99 %": ("/acme/web/-/image/lopsided", "step 0"),
    "config": ("/acme/web/-/image/latest?tab=config", "PATH=/usr/bin"),
    "referrers": ("/acme/web/-/image/hostile?tab=referrers", "application/x.evil"),
    "manifest": ("/acme/web/-/image/latest?tab=raw", "schemaVersion"),
}
STRANGE = {
    "hostile": ("/acme/web/-/image/hostile", HOSTILE[0]),
    "hostile config": ("/acme/web/-/image/hostile?tab=config", HOSTILE[0]),
    "not there": ("/acme/none", "acme/none"),
    "no page": ("/acme/web/-/elsewhere", ""),
    "sign-in": ("/-/sign-in", ""),
}
