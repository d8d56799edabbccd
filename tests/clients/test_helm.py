# ctest: labels=clients,all timeout=120
"""helm: charts pushed and pulled."""

import pytest

from support.command import output, run
from support.content import digest_of
from support.paths import program

CLIENT = "helm"


def version() -> str:
    return output(program("helm"), "version", "--template={{.Version}}")


@pytest.fixture
def helm(scratch):
    homes = {f"HELM_{kind}_HOME": f"{scratch}/{kind}" for kind in ("CACHE", "CONFIG", "DATA")}

    def helm(*arguments) -> str:
        result = run(program("helm"), *arguments, environment=homes, cwd=scratch)
        return result.stdout + result.stderr

    return helm


@pytest.fixture
def chart(helm, scratch):
    """The package of a new chart, thing-1.2.3."""
    helm("create", "thing")
    helm("package", "thing", "--version=1.2.3")
    return scratch / "thing-1.2.3.tgz"


def test_chart_there_and_back(registry, helm, chart, stored_digest, tags, scratch):
    """Pushes a chart, shows it, and pulls it back byte by byte."""
    pushed = helm("push", "--plain-http", chart, f"oci://{registry.address}/helm")
    assert stored_digest("helm/thing", "1.2.3") in pushed
    assert tags("helm/thing") == ["1.2.3"]
    remote = f"oci://{registry.address}/helm/thing"
    (scratch / "back").mkdir()
    assert "version: 1.2.3" in helm("show", "chart", "--plain-http", remote, "--version=1.2.3")
    helm("pull", "--plain-http", remote, "--version=1.2.3", "--destination", scratch / "back")
    pulled = (scratch / "back" / chart.name).read_bytes()
    assert digest_of(pulled) == digest_of(chart.read_bytes())


def test_newest_version_is_found(registry, helm, chart, scratch):
    """Pushes two versions; a pull without a version takes the newer."""
    helm("package", "thing", "--version=1.10.0")
    for package in ("thing-1.2.3.tgz", "thing-1.10.0.tgz"):
        helm("push", "--plain-http", scratch / package, f"oci://{registry.address}/versions")
    (scratch / "back").mkdir()
    helm("pull", "--plain-http", f"oci://{registry.address}/versions/thing", "--destination",
         scratch / "back")
    assert (scratch / "back" / "thing-1.10.0.tgz").exists()
