"""The one refusal of the expression language: a kind, plain words, a position and a hint."""

KINDS = frozenset(
    [
        "syntax",
        "unknown_function",
        "arity",
        "type",
        "literal_required",
        "bad_literal",
        "unknown_field",
        "unavailable",
        "limit",
    ]
)


class ExprError(Exception):
    """A text or tree that is not a valid expression.

    `start` and `end` are offsets in the text (0 and 0 for a tree without text), `line` and `column` count
    from 1. `errors` holds every problem found, this one included: the parser stops at its first, `check`
    collects all.
    """

    def __init__(self, kind: str, message: str, start: int = 0, end: int = 0, hint: str = "", text: str = ""):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint
        self.line, self.column = position(text, start)
        self.errors: tuple[ExprError, ...] = (self,)

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.line}:{self.column} {self.kind}: {self.message}{hint}"

    def to_json(self) -> dict:
        """The error as the editor and the API show it."""
        return {
            "kind": self.kind,
            "message": self.message,
            "start": self.start,
            "end": self.end,
            "line": self.line,
            "column": self.column,
            "hint": self.hint,
        }


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def all_of(errors: list[ExprError]) -> ExprError:
    """The first of several errors by position, carrying all of them."""
    ordered = tuple(sorted(errors, key=lambda error: error.start))
    ordered[0].errors = ordered
    return ordered[0]
