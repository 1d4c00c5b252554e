"""A group of commands whose help lists them under headings."""

from collections.abc import Iterable

import click


class SectionedGroup(click.Group):
    """A group whose help lists its commands section by section, each with a whole sentence."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.sections: dict[str, list[str]] = {}

    def add_section(self, title: str, commands: Iterable[click.Command]) -> None:
        """Add commands, listed under a heading of their own.

        Args:
            title: the heading, without a colon.
            commands: in the order of the list. Their help begins with a short sentence.
        """
        names = self.sections.setdefault(title, [])
        for command in commands:
            self.add_command(command)
            names.append(command.name)

    def format_commands(self, ctx, formatter):
        """Write the sections; what was added to none of them comes last."""
        listed = {name for names in self.sections.values() for name in names}
        rest = [name for name in self.list_commands(ctx) if name not in listed]
        width = max(map(len, self.commands), default=0)
        for title, names in [*self.sections.items(), ("Commands", rest)]:
            if names:
                with formatter.section(title):
                    # Whole sentences: click would cut them at the width that is left.
                    helps = [self.commands[name].get_short_help_str(1_000) for name in names]
                    padded = [name.ljust(width) for name in names]
                    formatter.write_dl([*zip(padded, helps, strict=True)])
