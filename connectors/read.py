"""Any ledger file to a table: unwrapped, recognised by its bytes, read by the reader of its kind."""

from connectors.container import unwrap
from connectors.delimited import read_delimited
from connectors.profiles import Profile
from connectors.tables import Table
from connectors.workbook import read_workbook


def read_table(name: str, content: bytes, profile: Profile | None) -> Table:
    """The table in a file. Raises FileRefusedError."""
    inner = unwrap(name, content)
    if inner.kind != "text":
        return read_workbook(inner.content, inner.kind, profile)
    return read_delimited(inner.content, profile)
