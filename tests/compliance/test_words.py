"""Everything that these services refuse or find can be said in Chinese."""

import pytest

from services import (
    assign_finding,
    check_compliance,
    open_statement_page,
    record_answer,
    resolve_dispute,
    stop_chasing,
)
from words.catalog import chinese
from words.refusal import Refusal

MODULES = (assign_finding, check_compliance, open_statement_page, record_answer, resolve_dispute, stop_chasing)
REFUSALS = sorted(
    {
        one
        for module in MODULES
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Refusal) and one is not Refusal
    },
    key=lambda one: one.__name__,
)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__name__)
def test_a_refusal_has_chinese(refusal: type[Refusal]) -> None:
    assert refusal.sentence in chinese()
    assert refusal.remedy in chinese()
