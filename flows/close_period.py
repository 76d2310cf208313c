"""The flow `close_period`: a whole period up to the gate. The decision's outbox row starts what follows."""

from datetime import date
from typing import Any

from prefect import flow

from flows.collect import collect
from flows.draft import draft
from flows.house import house
from flows.open_approvals import open_approvals
from flows.reconcile import reconcile
from flows.report import report
from flows.steps import tie_to_run
from services.close_period import Closing, open_run
from services.start_run import period_of


@flow(name="close_period", flow_run_name="close_period {company} {period}")
async def close_period(
    company: str, period: str, form: str = "OPEN_ITEM", segment: str = "all", as_of: date | None = None
) -> dict[str, Any]:
    """The run's report. Started again it continues: a stage that is over is not done again."""
    async with house(company) as (engine, owner, _settings):
        _known, run_id = await open_run(engine, owner, Closing(period_of(period), form, segment, as_of))
    run = str(run_id)
    await tie_to_run(company, run)
    await collect(company, run)
    await reconcile(company, run)
    await draft(company, run)
    await open_approvals(company, run)
    return await report(company, run)
