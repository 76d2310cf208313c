"""Mail: 45 kB messages into a sink, making them, a tarpit among other domains, and an approval behind a long queue.

The sink is Postfix's `smtp-sink` and the limit its `smtp-source` where the package is installed; else a small sink of
ours, and no limit.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from scripts.bench.house import Bench, bench_house
from scripts.bench.mail_work import CONNECTIONS, SIZE, TARPIT
from scripts.bench.measure import Comparison, Contender, Given, compare

MAILS = 1_000
"""At 1 ×: some seconds of work at the least figure that is wanted."""

QUEUED = 50_000
USER = ["-u", "nobody"] if os.geteuid() == 0 else []
"""smtp-sink refuses to serve as root."""

SOURCE, SINK = shutil.which("smtp-source"), shutil.which("smtp-sink")
OF_SOURCE = f"smtp-source x{CONNECTIONS}"


def bench(given: Given) -> Iterator[Comparison]:
    """Hand-over, with the relay's database and without; making the bytes; one slow domain; one urgent message."""
    with bench_house() as house:
        with _sink() as port:
            for mails in given.sizes(MAILS):
                yield _into_a_sink(house, port, mails, given)
        for mails in given.sizes(MAILS):
            yield _making(mails, given)
        with _sink(slow=TARPIT) as port:
            yield _tarpit(house, port, given)
            yield _behind_a_queue(house, port, given)


def _into_a_sink(house: Bench, port: int, mails: int, given: Given) -> Comparison:
    """The same bytes by the carrier alone, by the relay with its outbox, and by others."""
    contenders = [
        _own("carrier: kept connections, MIME frozen", "ours", "carrier", port, mails),
        _own("relay: the same with its database", "ours", "relay", port, mails, house.fresh_database("relay")),
        _own("aiosmtplib.send", "peer", "aiosmtplib", port, mails),
    ]
    if SOURCE is not None:
        source = [
            SOURCE, "-s", str(CONNECTIONS), "-l", str(SIZE), "-m", str(mails), "-d", "-f", "a@bench.example",
            "-t", "b@bench.example", f"127.0.0.1:{port}",
        ]  # fmt: skip
        contenders.append(Contender(OF_SOURCE, source, "limit"))
    wanted = "0.25 x smtp-source by the clock, 0.8 x as the aim"
    absent = () if SOURCE else ("smtp-source (Debian's package postfix)",)
    found = compare("mail of 45 kB into a sink", mails, "mails", contenders, given, wanted=wanted, absent=absent)
    if OF_SOURCE not in found.results:
        return found
    limit = found.results[OF_SOURCE].median_wall
    carrier, relay = (limit / found.results[one.name].median_wall for one in contenders[:2])
    return replace(found, wanted=f"{wanted}; reached: carrier {carrier:.2f} x, relay {relay:.2f} x")


def _making(mails: int, given: Given) -> Comparison:
    """A statement's mail with its two files as bytes, from what was rendered."""
    contenders = [
        _own("headers by the library, parts once as bytes", "ours", "freeze", 0, mails),
        _own("EmailMessage.as_bytes", "peer", "emailmessage", 0, mails),
    ]
    return compare("MIME of 45 kB", mails, "mails", contenders, given, wanted="2,000/s")


def _tarpit(house: Bench, port: int, given: Given) -> Comparison:
    """The same mails to quick domains, alone and with a domain that takes ten seconds to answer."""
    url = house.fresh_database("tarpit")
    contenders = [
        _own("with a tarpit", "ours", "tarpit", port, MAILS, url),
        _own("without", "limit", "quick", port, MAILS, url),
    ]
    wanted = "+ 10 % by the clock"
    found = compare("mails to quick domains, through the relay", MAILS, "mails", contenders, given, wanted=wanted)
    slow, quick = (found.results[one.name].median_wall for one in contenders)
    return replace(found, wanted=f"{wanted}; reached: {slow / quick - 1:+.0%}")


def _behind_a_queue(house: Bench, port: int, given: Given) -> Comparison:
    """Seconds by the clock until an approval request is accepted that was queued behind statements."""
    url = house.fresh_database("queue")
    contenders = [_own(f"approval behind {QUEUED:,} queued statements", "ours", "urgent", port, QUEUED, url)]
    return compare("approval request", 1, "message", contenders, given, wanted="<= 5 s by the clock")


def _own(name: str, role: str, what: str, port: int, count: int, url: str = "") -> Contender:
    command = [sys.executable, "-m", "scripts.bench.mail_work", what, str(port), str(count), url]
    return Contender(name, command, role, times_itself=True)


@contextmanager
def _sink(slow: str = "") -> Iterator[int]:
    """A server that takes everything; one of ours when a domain is to be slow, which smtp-sink cannot be."""
    if SINK is not None and not slow:
        port = 20_000 + os.getpid() % 20_000
        process = subprocess.Popen([SINK, *USER, f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL, text=True)
    else:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.bench.smtp_sink", slow], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        port = int(process.stdout.readline())
    try:
        yield port
    finally:
        process.terminate()
        process.wait()
