"""The servers of one run: one filled server a peer, and others for a while."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import bulk as bulks
from . import plans
from .bulk import Bulk
from .content import Content
from .fill import KIB
from .loader import Loader
from .peers import Peer
from .plans import Plan
from .server import Server


class Stage:
    """Of the servers of a peer that share its filled directory, plain and TLS, at most one runs."""

    def __init__(self, work: Path, content: Content, loader: Loader):
        self.work = work
        self.content = content
        self.loader = loader
        self._tls = _certificate(work)
        self._servers: dict[tuple[str, bool], Server] = {}

    def fill(self, peer: Peer) -> None:
        """Makes the filled directory; raises if the peer does not give back what it was given."""
        server = self._server(peer, tls=False).start()
        if peer.kind == "files":
            self.content.files(server.data)
        else:
            self._seed(server, self.content.seed())
        self._verify(server)

    def filled(self, peer: Peer, tls: bool = False) -> Server:
        """Running."""
        server = self._server(peer, tls)
        if not server.running:
            self._server(peer, not tls).stop()
            server.start()
            if tls:
                self._verify(server, tls=True)
        return server

    def bulk(self, peer: Peer, bulk: Bulk) -> Server:
        """Running, on a directory of its own with all of that; filled when it is first asked for."""
        key = f"{peer.name}, {bulk.name}", False
        if key not in self._servers:
            server = Server(peer, self.work / f"bulk-{bulk.repositories}x{bulk.tags}")
            server.start()
            self._seed(server, bulks.seed(bulk, self.content))
            server.stop()
            bulks.fill(server.data, bulk, self.content)
            self._servers[key] = server
        return self._servers[key].start()

    def restarted(self, peer: Peer) -> Server:
        """Just started: its memory is that of a server that has answered nobody."""
        self.filled(peer).stop()
        return self.filled(peer)

    def cold(self, peer: Peer) -> Server:
        """Just started, nothing of its files in the page cache."""
        server = self.filled(peer)
        server.stop()
        server.evict()
        return server.start()

    @contextmanager
    def fresh(self, peer: Peer, before: list[Plan] | None = None) -> Iterator[Server]:
        """With an empty directory, then `before` pushed; it is removed at the end."""
        server = Server(peer, self.work / "fresh")
        try:
            server.start()
            self._seed(server, before or [])
            yield server
        finally:
            server.remove()

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()

    def verify_pushed(self, server: Server, plan: Plan, most: int = 6) -> None:
        """Pulls a sample of what the plan pushed, and hashes it."""
        pulls = plans.pulls_of(plan) if server.peer.kind == "registry" else []
        if pulls:
            self._pull(server, pulls[::max(1, len(pulls) // most)])

    # --- inside -----------------------------------------------------------------------------

    def _server(self, peer: Peer, tls: bool) -> Server:
        key = peer.name, tls
        if key not in self._servers:
            directory = self.work / peer.name.replace(" ", "-")
            self._servers[key] = Server(peer, directory, self._tls if tls else None)
        return self._servers[key]

    def _seed(self, server: Server, seed: list[Plan]) -> None:
        for plan in seed:
            outcome = self.loader.run(server.target, plan, connections=8, once=True)
            if outcome["errors"]:
                raise RuntimeError(f"filling {server.peer.name}: {outcome['first_error']}")

    def _verify(self, server: Server, tls: bool = False) -> None:
        """Pulls and hashes blobs, a part of one, manifests: a fast answer must be a right one."""
        content, files = self.content, server.peer.kind == "files"
        checks = []
        for name, blob in (("large", content.LARGE), ("middle", content.MIDDLE)):
            path = f"/{name}" if files else content.path(blob)
            checks.append((path, {}, content.fill.body(*blob)))
        part = {"Range": f"bytes={KIB}-{65 * KIB - 1}"}
        checks.append((checks[0][0], part, content.fill.body(*content.LARGE)[KIB:65 * KIB]))
        for n in (0, content.tags - 1):
            body = content.manifest(n).encode()  # by digest: its tag may have moved since
            path = f"/{content.tag(n)}" if files else plans.manifest_path(plans.digest_of(body))
            checks.append((path, {"Accept": plans.MANIFEST}, body))
        pulls = [plans.get_verified(path, body, headers) for path, headers, body in checks]
        self._pull(server, pulls, tls)

    def _pull(self, server: Server, pulls: Plan, tls: bool = False) -> None:
        outcome = self.loader.run(server.target, pulls, connections=1, once=True, tls=tls)
        if outcome["errors"] or outcome["transactions"] != len(pulls):
            raise RuntimeError(f"{server.peer.name}: {outcome['first_error']}")


def _certificate(work: Path) -> tuple[Path, Path]:
    cert, key = work / "cert.pem", work / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key
