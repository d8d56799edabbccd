"""What a server's metrics say."""

from support.http import Client
from support.registry import Registry


def sample(registry: Registry, name: str, client: Client | None = None) -> float:
    """The value of a metric without labels; a new connection each time, unless it is given."""
    answer = (client or registry.client).get("/metrics")
    assert answer.status == 200, answer
    for line in answer.body.decode().splitlines():
        key, _, value = line.rpartition(" ")
        if key == name:
            return float(value)
    raise AssertionError(f"no metric {name}")
