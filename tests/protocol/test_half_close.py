# ctest: labels=protocol timeout=60
"""A client that closes its side behind a whole request gets the answer, whenever it does so."""

import json
import time
from random import Random

import pytest

from support.content import Repository, digest_of
from support.raw import RawConnection

TIMES = 40
LATEST_SECONDS = 0.002  # most decisions are made by then


def request(method: str, target: str, body: bytes = b"", media_type: str = "") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
    if method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    if media_type:
        lines.append(f"Content-Type: {media_type}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("what, status", [
    ("tags", 200), ("manifest", 200), ("catalog", 200), ("referrers", 200), ("blob", 201),
    ("new manifest", 201), ("mount", 201), ("absent manifest", 404)])
def test_answer_comes(registry, what, status):
    random = Random(what)
    repository = Repository(registry.client, "half/close")
    image = repository.push_image("latest")
    layer = json.loads(image.content)["layers"][0]["digest"]

    def new_request(number: int) -> bytes:
        path, content = repository.path, random.randbytes(1000)
        return {
            "tags": lambda: request("GET", path("tags/list")),
            "manifest": lambda: request("GET", path(f"manifests/{image.digest}")),
            "catalog": lambda: request("GET", "/v2/_catalog"),
            "referrers": lambda: request("GET", path(f"referrers/{image.digest}")),
            "blob": lambda: request(
                "POST", path(f"blobs/uploads/?digest={digest_of(content)}"), content),
            "new manifest": lambda: request(
                "PUT", path(f"manifests/{number}"), image.content, image.media_type),
            "mount": lambda: request(
                "POST", f"/v2/half/{number}/blobs/uploads/?mount={layer}&from=half/close"),
            "absent manifest": lambda: request("GET", path("manifests/none")),
        }[what]()

    for number in range(TIMES):
        with RawConnection(registry.address) as connection:
            connection.send(new_request(number))
            time.sleep(random.uniform(0, LATEST_SECONDS))
            connection.end_of_sending()
            answer = connection.answer()
            assert answer is not None and answer.status == status, answer
            assert connection.closed()
