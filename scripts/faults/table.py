"""The table that a trial prints."""

from collections.abc import Mapping


def table(*parts: Mapping[str, int]) -> str:
    """What was done to it, and what came out."""
    return f"\n{'-' * 53}\n".join(
        "\n".join(f"{name:<42} {figure:>10,}" for name, figure in part.items()) for part in parts
    )
