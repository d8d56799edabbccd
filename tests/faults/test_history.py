# ctest: labels=harness timeout=60
"""The checker of histories finds what is wrong with one, and nothing in those that are right."""

import pytest

from history import Effect, History, Pull, Request, deletes, deletes_manifest, is_listed, moves_to


def history(*told: tuple[int, int, Effect | str | None]) -> History:
    """Requests, and pulls: of what was seen."""
    return History([Request(*each) for each in told if isinstance(each[2], Effect)],
                   [Pull(*each) for each in told if not isinstance(each[2], Effect)])


RIGHT = {
    "nothing happened": [],
    "one after the other": [(1, 2, None), (3, 4, moves_to("a")), (5, 6, "a"), (7, 8, deletes(True)),
                            (9, 10, None), (11, 12, deletes(False)), (13, 14, is_listed(False))],
    "a pull beside a push sees either": [(1, 9, moves_to("a")), (2, 3, None), (4, 5, "a")],
    "a list beside a push sees either": [(1, 9, moves_to("a")), (2, 3, is_listed(False)),
                                         (4, 5, is_listed(True))],
    "two pushes in an order that only a pull tells": [
        (1, 9, moves_to("a")), (1, 9, moves_to("b")), (10, 11, "a"), (12, 13, "a")],
    "a deleted manifest takes its tag, and no other": [
        (1, 2, moves_to("a")), (3, 4, deletes_manifest("b")), (5, 6, "a"),
        (7, 8, deletes_manifest("a")), (9, 10, is_listed(False)), (11, 12, None)],
    "of two deletes one finds it": [(1, 2, moves_to("a")), (3, 9, deletes(True)),
                                    (3, 9, deletes(False))],
    "memory forgets before the answer, not before": [
        (1, 2, moves_to("a")), (3, 9, deletes(True)), (4, 5, is_listed(False)), (6, 7, "a")],
}

WRONG = {
    "a pull of what nobody wrote": [(1, 2, "a")],
    "a push that is not seen afterwards": [(1, 2, moves_to("a")), (3, 4, None)],
    "a value that comes back": [(1, 2, moves_to("a")), (3, 4, moves_to("b")), (5, 6, "a")],
    "a delete that is not seen afterwards": [(1, 2, moves_to("a")), (3, 4, deletes(True)),
                                             (5, 6, "a")],
    "a list that lacks it": [(1, 2, moves_to("a")), (3, 4, is_listed(False))],
    "a list that goes back": [(1, 9, moves_to("a")), (2, 3, is_listed(True)),
                              (4, 5, is_listed(False))],
    "two deletes that both find it": [(1, 2, moves_to("a")), (3, 9, deletes(True)),
                                      (3, 9, deletes(True))],
    "a tag of a deleted manifest": [(1, 2, moves_to("a")), (3, 4, deletes_manifest("a")),
                                    (5, 6, "a")],
}


@pytest.mark.parametrize("requests", RIGHT.values(), ids=RIGHT)
def test_right(requests):
    history(*requests).check()


@pytest.mark.parametrize("requests", WRONG.values(), ids=WRONG)
def test_wrong(requests):
    with pytest.raises(AssertionError, match="nothing explains"):
        history(*requests).check()


def test_many_at_once():
    """Eight clients for a long time take the checker seconds, not minutes."""
    requests = []
    for step in range(500):
        requests += [(10 * step + i, 10 * step + 9, moves_to(f"{step} {i}")) for i in range(4)]
        requests += [(10 * step + i, 10 * step + 9, f"{step} {i}") for i in range(4)]
    history(*requests).check()
