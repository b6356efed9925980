"""Completion in bash, which splits words at colons: ``check -p deploy.py:fixed --fault <TAB>`` has the protocol in
three words. click's own completion takes each for a word of its own."""

from __future__ import annotations

from collections.abc import Sequence

from click.shell_completion import BashComplete, CompletionItem, add_completion_class


class Bash(BashComplete):
    """click's completion, with words that are split at colons put together again."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one."""
        arguments, incomplete = super().get_completion_args()
        *before, last = joined_at_colons([*arguments, incomplete])
        return before, last

    def complete(self) -> str:
        """The reply to the shell. It replaces only what stands behind the last colon, so nothing else is said."""
        arguments, incomplete = self.get_completion_args()
        begun = incomplete.rpartition(":")[0]
        items = self.get_completions(arguments, incomplete)
        return "\n".join(self.format_completion(_behind(begun, item)) for item in items)


def joined_at_colons(words: Sequence[str]) -> list[str]:
    """The words as the user typed them: ``["a.py", ":", "b"]`` is ``["a.py:b"]``."""
    found: list[str] = []
    for word in words:
        if found and (word == ":" or found[-1].endswith(":")):
            found[-1] += word
        else:
            found.append(word)
    return found


def _behind(begun: str, item: CompletionItem) -> CompletionItem:
    if item.type != "plain" or not begun:
        return item
    return CompletionItem(item.value.removeprefix(f"{begun}:"), item.type, item.help)


def register() -> None:
    """Let click use it for bash."""
    add_completion_class(Bash, "bash")
