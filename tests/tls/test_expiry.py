# ctest: labels=tls timeout=100
"""That the certificate ends is told in time: in the metrics, and in the log."""

import os
import signal
import time

from support.http import Client
from support.metrics import sample

MOST_SECONDS = 20
DAY = 86_400
GAUGE = "entrepot_tls_certificate_expires_timestamp_seconds"


def days_left(registry, authority) -> float:
    client = Client(registry.address, authority.trusted())
    return (sample(registry, GAUGE, client) - time.time()) / DAY


def test_the_end_is_a_gauge_and_a_warning(start_registry, authority, pair):
    authority.issue(pair.certificate, pair.key, days=13)
    registry = start_registry(options=pair.options)
    assert 12.5 < days_left(registry, authority) <= 13
    assert "in 12 days; renew it" in registry.process.current_stderr()
    new = pair.certificate.with_name("new.pem"), pair.key.with_name("new-key.pem")
    authority.issue(*new, days=90)
    os.replace(new[1], pair.key)
    os.replace(new[0], pair.certificate)
    registry.process.signal(signal.SIGHUP)
    registry.process.wait_until(lambda: days_left(registry, authority) > 80, MOST_SECONDS)


def test_without_tls_it_is_0(start_registry):
    assert sample(start_registry(), GAUGE) == 0
