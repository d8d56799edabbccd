# ctest: labels=bench timeout=60
"""The table of workloads, the goals over it, and the plans they make."""

import hashlib
import json

import pytest

from bench import goals, lifecycle, plans, trial
from bench.content import MIX_LAYER_BYTES, Content
from bench.fill import MIB, Fill
from bench.workloads import WORKLOADS, images


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """Small, but large bodies have digests, if not bytes."""
    return Content(Fill(tmp_path_factory.mktemp("fill") / "fill", MIB), 30, 20, 4)


def test_names_are_unique_and_units_known():
    names = [workload.name for workload in WORKLOADS]
    assert len(set(names)) == len(names)
    assert {workload.unit for workload in WORKLOADS} <= set(trial.FIGURES)
    assert {workload.of for workload in WORKLOADS} - {""} <= set(names)


def test_every_goal_is_of_something_that_is_measured():
    units = {workload.name: workload.unit for workload in WORKLOADS} | lifecycle.NAMES
    for goal in goals.GOALS:
        assert {goal.workload, goal.same_as or goal.workload} <= set(units)
        assert goal.unit == ("" if goal.than else units[goal.workload])
        assert bool(goal.least) != bool(goal.most)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_every_workload_makes_plans(workload, content):
    for make in (workload.registry, workload.files):
        plan = make(content) if make else [[plans.step("GET", "/", [200])]]
        assert plan
        for transaction in plan:
            for step in transaction:
                assert step["expect"]
                assert step["target"].startswith(("/", "@location"))
                assert ("fill" in step) == ("stamp" in step)
        json.dumps(plan)


def test_pushes_are_new_each_time_unless_they_are_meant_to_be_there(content):
    for workload in WORKLOADS:
        if workload.pushes and not workload.fresh and "there" not in workload.name:
            first, second = (json.dumps(workload.registry(content)) for _ in range(2))
            assert first != second, workload.name


def test_what_was_pushed_is_pulled_by_digest(content):
    number, size = content.LAYERS[0]
    text = content.manifest(3)
    pulls = plans.pulls_of([plans.push_blob(content.fill, number, size, "a/b"),
                            plans.push_chunked(content.fill, number, size),
                            plans.put_manifest(text, "tag")])
    body = hashlib.sha256(content.fill.body(number, size)).hexdigest()
    manifest = hashlib.sha256(text.encode()).hexdigest()
    assert [pull[0]["target"] for pull in pulls] == [
        f"/v2/a/b/blobs/sha256:{body}", f"/v2/{plans.REPOSITORY}/blobs/sha256:{body}",
        f"/v2/{plans.REPOSITORY}/manifests/sha256:{manifest}"]
    assert [pull[0]["sha256"] for pull in pulls] == [body, body, manifest]


def test_most_layers_of_the_mix_are_small():
    count = len(MIX_LAYER_BYTES)
    assert sum(size < 1_000_000 for size in MIX_LAYER_BYTES) / count == 0.65
    assert sum(size < 10_000_000 for size in MIX_LAYER_BYTES) / count == 0.80


def test_the_mix_pulls_nineteen_images_of_twenty(content):
    plan = images.WORKLOADS[0].registry(content)
    pushed = [transaction for transaction in plan
              if any(step["method"] == "PUT" for step in transaction)]
    assert len(pushed) / len(plan) == 0.05
