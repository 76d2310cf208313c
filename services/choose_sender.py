"""Who a company's mails come from: its own senders by kind, else the house's; and where bounces and answers go."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from notifications.mime import Signing, check_address
from services.settings import Settings
from storage.companies import Company


@dataclass(frozen=True, slots=True)
class Sender:
    """An address with its name, and the key that its domain publishes."""

    address: str
    name: str
    signing: Signing | None


def sender_of(company: Company, settings: Settings, kind: str) -> Sender:
    """The first of `settings.senders` of the company that sends this kind: [{"address", "name", "kinds", "dkim_key",
    "dkim_selector"}]; one without kinds sends everything that no other does.
    """  # noqa: D205 - one sentence over two lines
    senders: list[dict[str, Any]] = company.settings.get("senders") or []
    named = [one for one in senders if kind in (one.get("kinds") or ())]
    rest = [one for one in senders if not one.get("kinds")]
    chosen = next(iter([*named, *rest]), None)
    if chosen is None:
        return Sender(settings.mail_from, company.name, _house_signing(settings, settings.mail_from))
    address = check_address(str(chosen["address"]))
    signing = (
        Signing(_domain(address), str(chosen.get("dkim_selector") or settings.dkim_selector), Path(chosen["dkim_key"]))
        if chosen.get("dkim_key")
        else _house_signing(settings, address)
    )
    return Sender(address, str(chosen.get("name") or company.name), signing)


def _house_signing(settings: Settings, address: str) -> Signing | None:
    """The house's key signs for its own domain only: a foreign signature makes a mail look forged."""
    own = _domain(settings.mail_from)
    if settings.dkim_key is None or _domain(address) != own:
        return None
    return Signing(own, settings.dkim_selector, settings.dkim_key)


def answer_address(settings: Settings, row_id: UUID) -> str:
    """`name+mark@domain`: the mark is the message's id, by which answers and bounces find their case; "" without."""
    if settings.reply_to is None:
        return ""
    name, _, domain = settings.reply_to.rpartition("@")
    return f"{name}+{row_id.hex}@{domain}"


def envelope_sender(settings: Settings, row_id: UUID) -> str:
    """To whom mail servers return what they cannot deliver."""
    return answer_address(settings, row_id) or settings.mail_from


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
