"""Whole images, in a mix of pulls and pushes that is an assumption; see content.py."""

import random

from ..content import MIX_LAYERS, MIX_PUSH_SHARE, Content
from ..plans import Plan
from .workload import Workload, new_numbers


def _mix(content: Content) -> Plan:
    """The same pulls each time; pushes of new images, but of the same sizes each time."""
    count = 300
    order = random.Random(95)
    plan = [content.pull_image(order.randrange(len(content.images))) for _ in range(count)]
    pushes = int(count * MIX_PUSH_SHARE)
    for turn, at in enumerate(order.sample(range(count), pushes)):
        numbers = new_numbers(MIX_LAYERS + 1)
        like = content.images[turn % len(content.images)]
        image = [(number, size) for number, (_, size) in zip(numbers, like, strict=True)]
        plan[at] = content.push_image(image, f"pushed-{numbers[0]}")
    return plan


WORKLOADS = [
    Workload("mix of whole images, 95 % pulls (assumed), 16 connections", "images/s", 16, _mix,
             seconds=0, pushes=True),
]
