"""Drop everything raceline has in a database."""

import psycopg
from psycopg.sql import SQL, Identifier

from raceline.domain.errors import LogRefused
from raceline.domain.recorder import translated
from raceline.domain.sql import statements

_SQL = statements("raceline.app", "reset.sql")
_IN_USE = "Somebody uses it; stop `raceline serve` and what else is connected, then try again."


def reset(url: str) -> list[str]:
    """Drop raceline's schemas in one transaction; gives their names. Raises LogRefused while they are in use."""
    with translated(), psycopg.connect(url) as conn:
        if conn.execute(_SQL["others"], ()).fetchone() != (0,):
            raise LogRefused(_IN_USE)
        names = [str(name) for (name,) in conn.execute(_SQL["schemas"])]
        conn.execute(_SQL["give_up_soon"])
        try:
            for name in names:
                conn.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))
        except psycopg.errors.LockNotAvailable:
            raise LogRefused(_IN_USE) from None
    return names
