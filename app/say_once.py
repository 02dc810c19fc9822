"""An option that is said twice is wrong usage: the last would win without a word."""

from typing import Any

import typer
from typer.core import TyperCommand


class _Once(TyperCommand):
    """A command that takes each option once, but for those that may be repeated."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As every command does; wrong usage when an option is said again."""
        if not ctx.resilient_parsing:  # a command that is not yet written to its end
            order = self.make_parser(ctx).parse_args(list(args))[2]
            for one in dict.fromkeys(order):
                if order.count(one) > 1 and not getattr(one, "multiple", False) and not getattr(one, "count", False):
                    hint = [repr(name) for name in (*one.opts, *one.secondary_opts)]
                    raise typer.BadParameter("say it once", ctx=ctx, param_hint=" / ".join(hint))
        return super().parse_args(ctx, args)


def say_once(app: typer.Typer) -> None:
    """Make it so for every command of `app`, those of its groups included."""
    for command in app.registered_commands:
        command.cls = _Once
    for group in app.registered_groups:
        if group.typer_instance is not None:
            say_once(group.typer_instance)
