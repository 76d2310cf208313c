"""Changes what a company has chosen for itself: one named setting at a time, checked, with its past in the trail."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ledger.aging import DEFAULT_POLICY
from ledger.business_calendar import knows_country
from ledger.canonical import Json
from statements.chasing import policy_from
from statements.content import Form
from statements.disputes import dispute_policy
from storage.aging_policies import find_policy
from storage.audit import Actor, record
from storage.companies import Company, change_settings, locked_company
from storage.database import Database, Session, transaction
from words.catalog import LANGUAGES
from words.refusal import Refusal

LATEST_WORKING_DAY = 20
"""A month has at least this many working days nearly everywhere; a later close would meet the next one."""

MAX_NAME = 200
"""What fits on a statement's head in two lines."""


class CompanySettingUnknown(Refusal):
    """Not a setting of a company."""

    code = "company_setting_unknown"
    sentence = "A company has no setting {name}."
    remedy = "The settings are: {known}."


class CompanySettingInvalid(Refusal):
    """The value does not fit."""

    code = "company_setting_invalid"
    sentence = "{name} cannot be {value}."
    remedy = "An example: {example}"


@dataclass(frozen=True, slots=True)
class CompanySetting:
    """`read` checks a value and gives what is stored; it raises ValueError, TypeError or LookupError."""

    words: str
    example: Json
    read: Callable[[Any], Json]


def _name(value: Any) -> str:  # noqa: ANN401 - whatever a person wrote
    text = str(value).strip()
    if not 0 < len(text) <= MAX_NAME:
        raise ValueError(value)
    return text


def _language(value: Any) -> str:  # noqa: ANN401 - whatever a person wrote
    if value not in LANGUAGES:
        raise ValueError(value)
    return str(value)


def _country(value: Any) -> str:  # noqa: ANN401 - whatever a person wrote
    code = str(value).strip().upper()
    if not knows_country(code):
        raise ValueError(value)
    return code


def _close(value: Mapping[str, Any]) -> Json:
    day, form = value.get("working_day"), value.get("form", "OPEN_ITEM")
    if (day is not None and not 1 <= int(day) <= LATEST_WORKING_DAY) or form not in set(Form):
        raise ValueError(value)
    return {"working_day": None if day is None else int(day), "form": str(form)}


def _yes(value: Any) -> bool:  # noqa: ANN401 - whatever a person wrote
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _checked(check: Callable[[Mapping[str, Any]], object]) -> Callable[[Any], Json]:
    """Stores the data as it was written once the policy of the rules' room takes it."""

    def read(value: Any) -> Json:  # noqa: ANN401 - whatever a person wrote
        if not isinstance(value, dict):
            raise TypeError(value)
        check(value)
        return cast("Json", value)

    return read


SETTINGS: dict[str, CompanySetting] = {
    "name": CompanySetting("Name on statements and mails", "Acme Trading", _name),
    "language": CompanySetting("Language of customers and people who have none of their own", "zh", _language),
    "country": CompanySetting("Whose public holidays count as days off", "CN", _country),
    "aging_policy": CompanySetting("The aging policy that statements and balances use", "default", _name),
    "close": CompanySetting(
        "On which working day the month before is closed by itself, and in which form",
        {"working_day": 3, "form": "OPEN_ITEM"}, _close,
    ),
    "group_statements": CompanySetting(
        "Whether a group gets one statement for all its accounts", example=True, read=_yes
    ),
    "chasing": CompanySetting(
        "When customers are reminded, and how firmly",
        {"pause": 5, "levels": [{"number": 1, "working_days": 3, "tone": "friendly"}]}, _checked(policy_from),
    ),
    "disputes": CompanySetting(
        "Within how many working hours a dispute is answered, how often it may be reopened, and whose it is",
        {"hours": 45, "rounds": 3, "owners": []}, _checked(dispute_policy),
    ),
}  # fmt: skip
"""Every choice of a company, with an example that is shown where a value is refused."""

COLUMNS = frozenset({"name", "language"})
"""Those that are columns of the company, not part of its settings."""


def company_settings(company: Company) -> dict[str, Json]:
    """What is chosen now; None where the house's default counts."""
    own = {"name": company.name, "language": company.language, "country": company.country}
    return {name: own.get(name, company.settings.get(name)) for name in SETTINGS}


async def change_company(engine: Database, company: Company, name: str, value: Any, actor: Actor) -> Company:  # noqa: ANN401 - whatever a person wrote
    """The company with the setting changed; None takes it back to the house's default. The same again is no change."""
    setting = SETTINGS.get(name)
    if setting is None:
        raise CompanySettingUnknown(name=name, known=", ".join(SETTINGS))
    stored = _read(name, setting, value)
    async with transaction(engine, company.id) as session:
        before = await locked_company(session, company.id)
        if name == "aging_policy" and stored is not None:
            await _refuse_unknown_policy(session, company, str(stored), setting)
        after = _changed(before, name, stored)
        if after == before:
            return before
        await change_settings(session, after)
        facts: dict[str, Json] = {
            "setting": name, "before": company_settings(before)[name], "after": company_settings(after)[name],
        }  # fmt: skip
        await record(session, company.id, actor, "company_changed", ("company", company.code), facts)
    return after


def _read(name: str, setting: CompanySetting, value: Any) -> Json:  # noqa: ANN401 - whatever a person wrote
    if value is None and name not in COLUMNS:
        return None
    try:
        return setting.read(value)
    except (ValueError, TypeError, LookupError, AttributeError):
        raise _invalid(name, setting, value) from None


def _invalid(name: str, setting: CompanySetting, value: Any) -> CompanySettingInvalid:  # noqa: ANN401 - whatever a person wrote
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    example = setting.example if isinstance(setting.example, str) else json.dumps(setting.example, ensure_ascii=False)
    return CompanySettingInvalid(name=name, value=shown, example=example)


async def _refuse_unknown_policy(session: Session, company: Company, name: str, setting: CompanySetting) -> None:
    if name != DEFAULT_POLICY.name and await find_policy(session, company.id, name) is None:
        raise _invalid("aging_policy", setting, name)


def _changed(company: Company, name: str, value: Json) -> Company:
    if name == "name":
        return replace(company, name=str(value))
    if name == "language":
        return replace(company, language=str(value))
    settings = {key: kept for key, kept in company.settings.items() if key != name}
    return replace(company, settings=settings if value is None else {**settings, name: value})
