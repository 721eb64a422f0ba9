"""An error as a user sees it: one clear line on standard error, and the exit code that says whose fault it was."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.cli.exits import ExitCode
from synthetic.cli.screen import say
from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError, Mistake, SyntheticError


def tell_error(error: BaseException) -> int:
    """Say what happened, each of an author's mistakes on its own line; answers the exit code."""
    known = list(_known(error))
    for one in known:
        if isinstance(one, AuthorError):
            tell_mistakes(one)
        else:
            say(f"error: {one}", style="red")
    if known:
        return max(one.exit_code for one in known)
    say(f"error: this is a bug of synthetic: {_innermost(error)!r}; SYNTHETIC_TRACEBACK=1 shows where", style="red")
    return ExitCode.HARNESS


def tell_mistakes(error: AuthorError) -> None:
    """All mistakes, each on its line as `file:line:column: what; what to do`; one on the command line has no place."""
    for mistake in error.mistakes:
        say(f"error: {_without_place(mistake)}" if mistake.place == NOWHERE else str(mistake))


def said(error: SyntheticError) -> str:
    """The same as one text, for a document."""
    return "\n".join(map(_without_place, error.mistakes)) if isinstance(error, AuthorError) else str(error)


def _without_place(mistake: Mistake) -> str:
    return str(mistake).removeprefix(f"{NOWHERE}: ") if mistake.place == NOWHERE else str(mistake)


def _known(error: BaseException) -> Iterator[SyntheticError]:
    """Our own errors in it; a task group wraps those of its tasks."""
    if isinstance(error, SyntheticError):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _known(part)


def _innermost(error: BaseException) -> BaseException:
    return _innermost(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
