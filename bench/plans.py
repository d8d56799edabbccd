"""Transactions: lists of steps that the load program runs one after the other on a connection."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from .fill import Fill

Step = dict
Transaction = list[Step]
Plan = list[Transaction]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REPOSITORY = "bench/image"


def step(method: str, target: str, expect: Iterable[int], **more) -> Step:
    """`more`: text, or fill (bytes) with stamp; sha256 of the answer; headers."""
    return {"method": method, "target": target, "headers": more.pop("headers", {}),
            "expect": list(expect), **more}


def get(path: str, **headers: str) -> Transaction:
    return [step("GET", path, [206 if "Range" in headers else 200], headers=headers)]


def get_verified(path: str, body: bytes, headers: dict[str, str]) -> Transaction:
    return [get(path, **headers)[0] | {"sha256": hashlib.sha256(body).hexdigest()}]


def head(path: str, **headers: str) -> Transaction:
    return [step("HEAD", path, [200], headers=headers)]


def manifest_path(reference: str, repository: str = REPOSITORY) -> str:
    return f"/v2/{repository}/manifests/{reference}"


def blob_path(digest: str, repository: str = REPOSITORY) -> str:
    return f"/v2/{repository}/blobs/{digest}"


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def get_manifest(reference: str, repository: str = REPOSITORY) -> Transaction:
    return get(manifest_path(reference, repository), Accept=MANIFEST)


def _start_upload(repository: str) -> Step:
    return step("POST", f"/v2/{repository}/blobs/uploads/", [202])


def push_blob(fill: Fill, number: int, size: int, repository: str = REPOSITORY) -> Transaction:
    """As containerd and BuildKit push: POST, then one PUT with the whole body."""
    return [_start_upload(repository),
            step("PUT", f"@location?digest={fill.digest(number, size)}", [201], fill=size,
                 stamp=fill.stamp(number), headers={"Content-Type": "application/octet-stream"})]


def push_chunked(fill: Fill, number: int, size: int, repository: str = REPOSITORY) -> Transaction:
    """As docker pushes: POST, PATCH with the body, empty PUT."""
    return [_start_upload(repository),
            step("PATCH", "@location", [202], fill=size, stamp=fill.stamp(number),
                 headers={"Content-Type": "application/octet-stream"}),
            step("PUT", f"@location?digest={fill.digest(number, size)}", [201])]


def put_file(fill: Fill, number: int, size: int) -> Transaction:
    """The same bytes to the floor, which makes a name of its own."""
    return [step("PUT", "/new", [201], fill=size, stamp=fill.stamp(number))]


def put_manifest(text: str, reference: str, repository: str = REPOSITORY) -> Transaction:
    return [step("PUT", manifest_path(reference, repository), [201], text=text,
                 headers={"Content-Type": MANIFEST})]


def pulls_of(plan: Plan) -> Plan:
    """What pulls the blobs and manifests that the plan pushed, and hashes them.

    Of a tag that was pushed twice, only the last manifest can be pulled by its name: all are pulled
    by their digests.
    """
    pulls = []
    for transaction in plan:
        for one in transaction:
            target = one["target"]
            if one["method"] != "PUT":
                continue
            if "?digest=sha256:" in target:
                repository = transaction[0]["target"].split("/v2/")[1].split("/blobs/")[0]
                digest = target.partition("?digest=sha256:")[2]
                path = blob_path(f"sha256:{digest}", repository)
                pulls.append([get(path)[0] | {"sha256": digest}])
            elif "/manifests/" in target:
                body = one["text"].encode()
                path = f"{target.rpartition('/')[0]}/{digest_of(body)}"
                pulls.append(get_verified(path, body, {"Accept": MANIFEST}))
    return pulls


def write(path: Path, plan: Plan) -> Path:
    with open(path, "w") as out:
        for transaction in plan:
            out.write(json.dumps({"steps": transaction}) + "\n")
    return path
