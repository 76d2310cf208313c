"""How our own small Slack is called and numbers people and channels; its address and token are in `carriers`."""

import hashlib

LOCAL_TEAM = "TLOCAL"


def local_chat_user(email: str) -> str:
    """The id under which it knows an address: always the same, like a real one's."""
    return "U" + _digits(email.strip().lower())


def local_direct_channel(chat_user: str) -> str:
    """The channel between the app and one user."""
    return "D" + chat_user[1:]


def local_channel(name: str) -> str:
    """The id of a channel that was named."""
    return "C" + _digits(name)


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10].upper()
