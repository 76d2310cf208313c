"""Which chat account is whose: asked first, and the person's only once the person has confirmed it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, func, null, select, update

from storage.database import Session
from storage.schema import app_user


@dataclass(frozen=True, slots=True)
class ChatAccount:
    """A person's chat account; `confirmed_at` is None until the person said that it is theirs."""

    person_id: UUID
    email: str
    language: str
    chat_user: str | None
    team: str | None
    asked_at: datetime | None
    confirmed_at: datetime | None


_COLUMNS = (
    app_user.c.id, app_user.c.email, app_user.c.language, app_user.c.slack_user_id, app_user.c.slack_team_id,
    app_user.c.slack_asked_at, app_user.c.slack_confirmed_at,
)  # fmt: skip


async def chat_account_of(
    session: Session, company_id: UUID, person_id: UUID, *, to_change: bool = False
) -> ChatAccount | None:
    """The account of an enabled person; its fields are None when nobody was asked yet. Locked if it is to change."""
    query = select(*_COLUMNS).where(
        app_user.c.company_id == company_id, app_user.c.id == person_id, app_user.c.disabled_at.is_(None)
    )
    row = (await session.execute(query.with_for_update() if to_change else query)).one_or_none()
    return ChatAccount(*row) if row else None


async def keep_asked(session: Session, company_id: UUID, person_id: UUID, team: str, chat_user: str) -> datetime:
    """Remembers who is asked, and answers when; what was confirmed before counts no longer."""
    query = (
        _of(company_id, person_id)
        .values(
            slack_team_id=team, slack_user_id=chat_user, slack_asked_at=func.clock_timestamp(),
            slack_confirmed_at=null(),
        )
        .returning(app_user.c.slack_asked_at)
    )  # fmt: skip
    asked_at: datetime = (await session.execute(query)).scalar_one()
    return asked_at


async def keep_confirmed(session: Session, company_id: UUID, person_id: UUID) -> None:
    """The account that was asked is the person's from now on."""
    await session.execute(_of(company_id, person_id).values(slack_confirmed_at=func.clock_timestamp()))


async def forget_chat_account(session: Session, company_id: UUID, person_id: UUID) -> None:
    """The person has no chat account any more."""
    nothing = {
        "slack_team_id": null(), "slack_user_id": null(), "slack_asked_at": null(), "slack_confirmed_at": null(),
    }  # fmt: skip
    await session.execute(_of(company_id, person_id).values(nothing))


async def owner_of_chat_account(session: Session, company_id: UUID, team: str, chat_user: str) -> UUID | None:
    """Whoever has confirmed it, leavers too."""
    query = select(app_user.c.id).where(
        app_user.c.company_id == company_id, app_user.c.slack_team_id == team, app_user.c.slack_user_id == chat_user,
        app_user.c.slack_confirmed_at.is_not(None),
    )  # fmt: skip
    owner: UUID | None = (await session.execute(query)).scalar_one_or_none()
    return owner


def _of(company_id: UUID, person_id: UUID) -> Update:
    return update(app_user).where(app_user.c.company_id == company_id, app_user.c.id == person_id)
