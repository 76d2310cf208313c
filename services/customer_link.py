"""The link by which a customer's contact sees and answers one version of a statement."""

from datetime import timedelta

from services.telling import FactsGoneError, Telling
from storage.tokens import CUSTOMER_DAYS, mint


async def answer_link(telling: Telling, statement_id: str, digest: str) -> str:
    """A link by which this contact answers this version; the token is minted now and kept nowhere else."""
    if telling.person is None:
        raise FactsGoneError(f"contact of {telling.row.recipient}")
    token = await mint(
        telling.session, telling.company.id, "answer", ("statement", statement_id), telling.person.id,
        {"digest": digest, "recipient": telling.row.recipient}, timedelta(days=CUSTOMER_DAYS),
    )  # fmt: skip
    return telling.url(f"/s#{token}")
