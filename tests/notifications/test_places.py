"""Places at a mail server: urgent mails first, and slow ones aside."""

import asyncio
from contextlib import AsyncExitStack

from notifications.mail_catcher import CaughtMail, MailCatcher
from notifications.places import Places, Width
from notifications.smtp import SmtpCarrier, SmtpServer

CONTENT = b"Subject: x\r\nMessage-ID: <1@tieout>\r\n\r\nhello\r\n"
NEVER = 3600.0


async def test_the_urgent_one_is_next() -> None:
    """Whoever waits with an urgent mail gets the next place, before those who came earlier."""
    places, order = Places(1, slow=NEVER), []

    async def come(name: str, *, urgent: bool) -> None:
        async with places.one(urgent=urgent):
            order.append(name)

    async with AsyncExitStack() as held:
        await held.enter_async_context(places.one())
        waiting = []
        for name, urgent in (("first", False), ("second", False), ("urgent", True)):
            waiting.append(asyncio.create_task(come(name, urgent=urgent)))
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["urgent", "first", "second"]


async def test_who_gives_up_waiting_takes_no_place() -> None:
    """A cancelled wait, before or after the place was given, leaves the place to the others."""
    places = Places(1, slow=NEVER)
    async with places.one():
        waiting = asyncio.create_task(places.one().__aenter__())
        gone = asyncio.create_task(places.one().__aenter__())
        await asyncio.sleep(0)
        gone.cancel()
    waiting.cancel()  # its place was given to it a moment ago
    await asyncio.gather(waiting, gone, return_exceptions=True)
    async with asyncio.timeout(5), places.one():
        pass


async def test_slow_servers_keep_nobody_from_a_place() -> None:
    """Three mails to a tarpit step aside from the only place; a fourth keeps it until one of them is through."""
    released, mails = asyncio.Event(), list[str]()

    async def keep(mail: CaughtMail) -> None:
        if mail.recipients[0].endswith("@tarpit.example"):
            await released.wait()
        mails.append(mail.recipients[0])

    async def yes() -> bool:
        return True

    server = MailCatcher(keep)
    carrier = SmtpCarrier(SmtpServer("127.0.0.1", await server.start(), tls="none"), connections=1, slow=0.01)

    async def send(address: str) -> str:
        return (await carrier.send("a@acme.example", address, CONTENT, yes)).outcome

    stuck = [asyncio.create_task(send(f"{number}@tarpit.example")) for number in range(3)]
    assert await send("quick@acme.example") == "accepted"
    assert mails == ["quick@acme.example"]
    released.set()
    assert await asyncio.gather(*stuck) == ["accepted"] * 3
    await carrier.close()
    await server.stop()


def test_a_width_follows_what_it_hears() -> None:
    """One more for each quick end up to the most; half after a slow one, never below the least."""
    width = Width(3, 8)
    for _ in range(10):
        width.note(quick=True)
    assert width.now == 8
    width.note(quick=False)
    assert width.now == 4
    width.note(quick=False)
    assert width.now == 3
