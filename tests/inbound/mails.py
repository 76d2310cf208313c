"""Mails as other people's programs write them, in the shapes that the world sends; the words are made up."""

from email.message import EmailMessage
from uuid import UUID

MAILBOX = "answers@acme.example"
WANG = "wang@customer.example"


def marked(row_id: UUID) -> str:
    """The address that a mail of ours asked answers to."""
    return f"answers+{row_id.hex}@acme.example"


def reply(
    text: str, to: str = MAILBOX, sender: str = f"王建国 <{WANG}>", subject: str = "Re: 对账单", **headers: str
) -> bytes:
    """A person's mail; header names with _ for -."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def delivery_status(
    to: str, recipient: str, *, action: str = "failed", status: str = "5.1.1", answers: str = ""
) -> bytes:  # fmt: skip
    """A delivery status notification by RFC 3464."""
    return f"""\
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{recipient}>: Recipient address rejected

--B
Content-Type: text/rfc822-headers

Message-ID: {answers}
Subject: statement

--B--
""".encode()


def chinese_bounce(to: str, recipient: str) -> bytes:
    """A provider's own words instead of a delivery status."""
    text = (
        f"抱歉，您的邮件被退回来了……\n收件人邮箱 {recipient} 不存在，邮件无法送达。\n"
        "退信原因：host mx.customer.example said: 550 Mailbox not found\n"
    )
    return reply(text, to=to, sender="PostMaster <postmaster@qq.example>", subject="系统退信/Systems bounce")


def vague_bounce(to: str) -> bytes:
    """A bounce from which nobody can tell whom it is about."""
    return reply("您的邮件未能送达，请稍后再试。", to=to, sender="postmaster@163.example", subject="退信通知")
