# ctest: labels=damage timeout=200
"""The scrub of a running server: it finds what nobody asks for, and goes on after a restart."""

import time

from conftest import damage_lines, damaged_count, flip, metric

# A pass each second, as fast as it likes.
OFTEN = ("--scrub.period", "1s", "--scrub.rate", "1GiB")


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_flipped_blob_is_found_by_itself(start_registry, image_of):
    registry = start_registry(options=OFTEN)
    image = image_of(registry)
    image.pull()
    image.layer_file.write_bytes(flip(image.layer))
    wait_until(lambda: damaged_count(registry) == (1, 0))
    assert image.layer_status() == 404
    assert image.tag_status() == 404
    assert len(damage_lines(registry)) == 1
    assert registry.client.get("/readyz").status == 200
    assert image.push_as_crane_does() == 2
    image.pull()
    passes = metric(registry, "entrepot_scrub_bytes_total")
    wait_until(lambda: metric(registry, "entrepot_scrub_bytes_total") > passes)
    image.pull()


def test_tells_how_far_it_is(start_registry, image_of):
    registry = start_registry(options=OFTEN)
    image = image_of(registry)
    wait_until(lambda: metric(registry, "entrepot_scrub_last_timestamp_seconds") > 0)
    wait_until(lambda: metric(registry, "entrepot_scrub_all_bytes")
               == len(image.config) + len(image.layer))
    assert metric(registry, "entrepot_scrub_fits") == 1
    last = metric(registry, "entrepot_scrub_last_timestamp_seconds")
    registry.options = ["--scrub.enabled=true"]  # every month, so the pass of before still counts
    registry.restart()
    assert image.tag_status() == 200

    def told_again() -> bool:
        return metric(registry, "entrepot_scrub_last_timestamp_seconds") >= last

    registry.options = ["--scrub.period", "10s"]
    registry.restart()
    wait_until(told_again)


def test_slow_scrub_goes_on_where_it_was(start_registry, image_of):
    """At 256 KiB a second, the blobs take longer than each of the two servers lives."""
    slow = ("--scrub.period", "2s", "--scrub.rate", "256KiB")
    registry = start_registry(options=slow)
    for number in range(8):
        image_of(registry, f"app{number}", bytes([number]) * (256 << 10))
    wait_until(lambda: metric(registry, "entrepot_scrub_pass_bytes") > 300 << 10)
    assert metric(registry, "entrepot_scrub_fits") == 0
    registry.stop()
    registry.options = ["--scrub.period", "30d"]
    registry.start()
    registry.stop()
    registry.options = list(slow)
    registry.start()
    wait_until(lambda: metric(registry, "entrepot_scrub_pass_bytes") > 0)
    assert metric(registry, "entrepot_scrub_pass_bytes") >= 256 << 10, "not from the beginning"
    wait_until(lambda: metric(registry, "entrepot_scrub_last_timestamp_seconds") > 0)
