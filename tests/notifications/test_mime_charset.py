"""A mail's headers are the same whatever a library has done to the process's charsets."""

from email import charset
from email.charset import QP

import pytest

from notifications import mime
from notifications.mime import header_text


def test_a_charset_changed_for_the_whole_process_changes_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise makes UTF-8 quoted-printable for everybody, which tears a Chinese name in two."""
    before = mime._encoded("From", header_text("海港仪器有限公司"), "utf-8")
    monkeypatch.setitem(charset.CHARSETS, "utf-8", (QP, QP, "utf-8"))
    assert mime._encoded("From", header_text("海港仪器有限公司"), "utf-8") == before
    assert len(before) == 1
