"""The formats of an export, apart from what writes them: help and completion name them at once."""

from enum import StrEnum


class Format(StrEnum):
    """A format."""

    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


def format_of(output: str, asked: Format | None) -> Format:
    """The format that was asked for, or else the one that the file's name ends in, or else CSV."""
    return asked or next((one for one in Format if output.lower().endswith(f".{one}")), Format.CSV)
