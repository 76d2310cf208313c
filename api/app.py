"""The web application: pages for people, JSON for programs, the customer's page, the caught messages."""

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api import dev_slack, slack
from api.context import House
from api.errors import add_error_handlers
from api.routes import (
    absence,
    answers,
    api_v1,
    approvals,
    bank,
    chasing,
    chat_account,
    compliance,
    confirm_page,
    confirmations,
    credit,
    customer_page,
    customers,
    decide_link,
    deliveries,
    dev,
    dev_chat,
    disputes,
    exceptions,
    health,
    imports,
    inbox,
    matching,
    message_choices,
    other_chats,
    policies,
    portal,
    reconcile,
    replies,
    runs,
    settings_edit,
    settings_pages,
    sign_in,
    statements,
    unsubscribe,
    wording,
)
from api.security import Guard
from services.settings import Settings
from storage.database import Database

HERE = Path(__file__).parent
ASSETS = HERE.parent / "assets"


ROUTES = (
    # Before the pages whose files have any last part of the address.
    reconcile,
    confirmations, confirm_page,
    health, sign_in, inbox, approvals, absence, policies, imports, bank, matching, runs, deliveries, statements,
    credit, customers, exceptions, answers, disputes, chasing, compliance, settings_edit, settings_pages, dev, dev_chat,
    customer_page, portal, decide_link, replies, unsubscribe, message_choices, wording, chat_account, other_chats,
    api_v1,
)  # fmt: skip


def create_app(settings: Settings, engine: Database) -> FastAPI:
    """The application on this database."""
    app = FastAPI(
        title="Tieout", version="1", openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None,
        lifespan=slack.all_done,
    )  # fmt: skip
    app.state.house = House(settings, engine)
    app.add_middleware(Guard, https=app.state.house.https)
    add_error_handlers(app)
    for module in ROUTES:
        app.include_router(module.router)
    app.include_router(slack.router)
    app.include_router(dev_slack.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for kind in ("js", "css"):
        app.mount(f"/assets/{kind}", StaticFiles(directory=ASSETS / kind, check_dir=False), name=f"assets-{kind}")
    return app
