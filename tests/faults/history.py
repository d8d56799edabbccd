"""Whether what many clients saw of a tag can be told as one story.

The tag is a register that holds a digest or None. Requests that the store decides about (pushes,
deletes, lists) have to be linearizable: each happened at one moment between its beginning and its
answer. This is Lowe's just-in-time search: it goes through beginnings and answers in the order of
time, and keeps every state that the register may be in, with those requests that are under way and
may have happened already. With a few clients these are few.

Pulls are answered from memory, too, which forgets what changed between the commit and its answer
(registry/hot_cache.h). A pull sees nothing older than what was acknowledged before it began.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate

Value = str | None
IMPOSSIBLE, NOTHING = object(), object()


@dataclass(frozen=True)
class Effect:
    """What an answer says that a request did: the value before, to the value after, or IMPOSSIBLE
    if that answer cannot have been given to it."""

    what: str
    apply: Callable[[Value], object]
    makes: object = NOTHING  # the value that it brings about,
    only_from: Value = None  # and the one that it does so from; None: any


def moves_to(digest: str) -> Effect:
    return Effect(f"moves it to {digest}", lambda value: digest, digest)


def is_listed(listed: bool) -> Effect:
    return Effect("is listed" if listed else "is not listed",
                  lambda value: value if (value is not None) == listed else IMPOSSIBLE)


def deletes(was_there: bool) -> Effect:
    """A delete of the tag, and whether the answer said that it was there."""
    return Effect("deletes it" if was_there else "finds none to delete",
                  lambda value: None if (value is not None) == was_there else IMPOSSIBLE,
                  None if was_there else NOTHING)


def deletes_manifest(digest: str) -> Effect:
    """With a manifest go the tags that name it."""
    return Effect(f"deletes {digest}", lambda value: None if value == digest else value, None,
                  digest)


@dataclass(frozen=True)
class Request:
    """One that was answered."""

    begin: int
    end: int
    effect: Effect


@dataclass(frozen=True)
class Pull:
    begin: int
    end: int
    found: Value


class Ends:
    """When requests were answered, by when they began."""

    def __init__(self, requests: Iterable[Request] = ()):
        spans = sorted((request.begin, request.end) for request in requests)
        self._begins = [begin for begin, _ in spans]
        self._ends = list(accumulate((end for _, end in reversed(spans)), min))[::-1]

    def first_after(self, begin: int) -> float:
        """The first answer to one that began later."""
        at = bisect_right(self._begins, begin)
        return self._ends[at] if at < len(self._ends) else float("inf")


@dataclass
class History:
    """What happened to one tag. Clients write to it from their threads."""

    requests: list[Request] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)

    @contextmanager
    def request(self):
        """Around a request: append its effect to the list once the answer is there, if it had any."""
        effects: list[Effect] = []
        begin = time.monotonic_ns()
        yield effects
        end = time.monotonic_ns()
        self.requests.extend(Request(begin, end, effect) for effect in effects)

    @contextmanager
    def pull(self):
        """Around a pull: append the digest, or None."""
        found: list[Value] = []
        begin = time.monotonic_ns()
        yield found
        end = time.monotonic_ns()
        self.pulls.extend(Pull(begin, end, value) for value in found)

    def check(self) -> None:
        """Fails at the first answer that no order of the requests explains."""
        events = sorted([(request.begin, 0, i) for i, request in enumerate(self.requests)]
                        + [(request.end, 1, i) for i, request in enumerate(self.requests)])
        under_way: set[int] = set()
        possible = {(None, frozenset())}  # a value, and who of those under way has happened
        for _, is_answer, number in events:
            if not is_answer:
                under_way.add(number)
                continue
            reached = self._reachable(possible, under_way)
            under_way.remove(number)
            possible = {(value, happened - {number})
                        for value, happened in reached if number in happened}
            assert possible, self._story(number, under_way, reached)
        self._check_pulls()

    def _reachable(self, possible: set, under_way: set[int]) -> set:
        """All that may be once some of those under way have happened, in any order."""
        reached, new = set(possible), list(possible)
        while new:
            value, happened = new.pop()
            for number in under_way - happened:
                after = self.requests[number].effect.apply(value)
                state = (after, happened | {number})
                if after is not IMPOSSIBLE and state not in reached:
                    reached.add(state)
                    new.append(state)
        return reached

    def _check_pulls(self) -> None:
        """What a pull saw somebody brought about, and nothing took it away that began after that and
        was acknowledged before the pull."""
        makers: dict[object, list[Request]] = {None: [Request(0, 0, deletes(True))]}
        for request in self.requests:
            makers.setdefault(request.effect.makes, []).append(request)
        changes = [each for each in self.requests if each.effect.makes is not NOTHING]
        of_any = Ends(each for each in changes if each.effect.only_from is None)
        of_none = Ends(each for each in changes if each.effect.makes is not None)
        of_one = {value: Ends(each for each in changes if each.effect.only_from == value)
                  for value in {each.effect.only_from for each in changes}}
        for pull in self.pulls:
            ends = [maker.end for maker in makers.get(pull.found, []) if maker.begin < pull.end]
            assert ends, f"a pull saw {pull.found}: nothing explains that, for nobody wrote it"
            takers = (of_none,) if pull.found is None else (of_any, of_one.get(pull.found, Ends()))
            assert all(each.first_after(max(ends)) >= pull.begin for each in takers), (
                f"a pull saw {pull.found}: nothing explains that, for it was gone")

    def _story(self, number: int, under_way: set[int], reached: set) -> str:
        """What came before the answer that cannot be."""
        end = self.requests[number].end
        before = sorted((request for request in self.requests if request.begin <= end),
                        key=lambda request: request.end)[-20:]
        told = "\n".join(f"{(request.begin - end) / 1e6:10.3f} to {(request.end - end) / 1e6:8.3f} "
                         f"ms: {request.effect.what}" for request in before)
        values = {value for value, _ in reached}
        return (f"{self.requests[number].effect.what}: nothing explains that answer; the tag may "
                f"hold {values}, {len(under_way)} others are under way\n{told}")
