"""Who decides, at the command line."""


def user() -> str:
    """Who it is, as the machine knows them."""
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError):  # an account without a name, in a container say
        return "unknown"
