"""What is wrong with a page for somebody: serious violations of WCAG 2.2 that axe finds, and sideways scrolling."""

from playwright.sync_api import Page

from api.app import ASSETS

AXE = ASSETS / "js" / "axe.min.js"
RUN = "axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"
"""Version 2.2's own rule, the size of what is pressed, is off unless it is asked for."""


def serious(page: Page) -> list[str]:
    """One line for each. The script is run by the debugger, so the page's own policy stays in force."""
    page.evaluate(AXE.read_text())
    problems = [
        f"{page.url} {one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in page.evaluate(RUN)["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        problems.append(f"{page.url} is wider than the screen")
    return problems
