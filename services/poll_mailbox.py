"""Looks into the mailbox of answers and takes in what is new; a mail is marked after its words are committed."""

import asyncio
from collections import Counter

from notifications.reply_mailbox import MailboxSilentError, fetch_new, mark_taken
from services.receive_mail import receive_mail
from services.settings import Settings
from services.take_mailed_workbook import take_mailed_workbook
from storage.companies import Company, list_companies
from storage.database import Database, owner_transaction


async def poll_mailbox(engine: Database, settings: Settings, company: Company) -> dict[str, int | str]:
    """What came in, counted by kind; nothing without a mailbox.

    The mailbox is the house's, so the first company's clock polls it for all. One that does not answer is asked again
    in a minute, and says so.
    """
    if settings.reply_imap_url is None or not await _is_first(engine, company):
        return {}
    url = settings.reply_imap_url
    try:
        fetched = await asyncio.to_thread(fetch_new, url)
    except MailboxSilentError as silent:
        return {"silent": str(silent)}
    counts: Counter[str] = Counter()
    taken = []
    for mail in fetched:
        counts[await receive_mail(engine, mail.content)] += 1
        outcome = await take_mailed_workbook(engine, settings, mail.content)
        counts.update([f"workbook_{outcome}"] if outcome else [])
        taken.append(mail.uid)
    try:
        await asyncio.to_thread(mark_taken, url, taken)
    except MailboxSilentError as silent:
        return {**counts, "silent": str(silent)}
    return dict(counts)


async def _is_first(engine: Database, company: Company) -> bool:
    async with owner_transaction(engine) as session:
        companies = await list_companies(session)
    return companies[0].id == company.id
