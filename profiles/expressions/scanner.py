"""Characters to plain tokens: texts, numbers, names, signs, brackets; plain words for anything else."""

import re
from dataclasses import dataclass

from profiles.expressions import limits
from profiles.expressions.errors import ExprError, position

SCAN = re.compile(
    r"""
      (?P<space>[ \t\r\n\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+)
    | (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<ref>@(?:event|action|decision|datasetLookup)?\{|\#\{)
    | (?P<prop>\$\{)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<quoted>`[^`\n]+`)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<xdm>xdm:(?=[@\w'"`]))
    | (?P<name>@?[^\W\d]\w*)
    | (?P<op>=>|==|!=|<=|>=|[=<>!+\-*/%(){}\[\].,:^$])
    """,
    re.VERBOSE | re.DOTALL,
)
REF_NAME = re.compile(r"@?[^\W\d][\w\-]*")
REF_VERSION = re.compile(r";\s*version\s*=\s*\d+")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
ESCAPED = {'"': '"', "'": "'", "\\": "\\", "/": "/", "n": "\n", "t": "\t", "r": "\r"}
OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = frozenset(OPENING.values())

OPERATORS = {
    "=": "EQ", "==": "EQ", "!=": "CMP", "<": "CMP", "<=": "CMP", ">": "CMP", ">=": "CMP", "+": "PLUS",
    "-": "MINUS", "*": "TIMES", "/": "TIMES", "%": "TIMES", "(": "LPAR", ")": "RPAR", "[": "LSQB",
    "]": "RSQB", "{": "LBRACE", "}": "RBRACE", ".": "DOT", ",": "COMMA", ":": "COLON", "^": "CARET",
    "$": "DOLLAR", "=>": "ARROW", "!": "NOT",
}  # fmt: skip
SPELLED = {"==": "="}
ADVICE = {
    "&": 'Use "and" instead of "&&".',
    "|": 'Use "or" instead of "||".',
    ";": "An expression has no semicolons.",
    "?": "Use if (...) then (...) else (...) for a choice.",
    "~": 'Use "matches" for patterns.',
    "\\": "A backslash can only stand inside a text.",
}
TYPOGRAPHIC = "“”„‟‘’‚‛«»‹›"


@dataclass(slots=True)
class Tok:
    """A token: its terminal name for the parser, its value, and where it stands."""

    type: str
    value: object
    start: int
    end: int
    quoted: bool = False

    @property
    def start_pos(self) -> int:
        """The offset as the parser library calls it; it also asks for lines, which we count ourselves."""
        return self.start

    @property
    def end_pos(self) -> int:
        return self.end

    @property
    def line(self) -> int:
        return 1

    column = end_line = end_column = line

    @property
    def word(self) -> str:
        """The lower-case word of a plain name, else nothing."""
        return self.value.lower() if self.type == "NAME" else ""


class Scanner:
    """First pass: characters to plain tokens. Knows brackets; names in `@event{...}` may hold hyphens."""

    def __init__(self, text: str):
        self.text = text
        self.tokens: list[Tok] = []
        self.open: list[
            tuple[str, int, bool]
        ] = []  # closing bracket wanted, offset, still in the path of a reference

    def scan(self) -> list[Tok]:
        """All tokens of the text."""
        refuse_characters(self.text)
        offset, length = 0, len(self.text)
        while offset < length:
            if self.open and self.open[-1][2]:
                found = REF_NAME.match(self.text, offset)
                if found and found[0].lower() != "xdm":
                    self.add("NAME", found[0], offset, found.end())
                    offset = found.end()
                    continue
                found = REF_VERSION.match(self.text, offset)
                if found:
                    self.add("VERSION", found[0], offset, found.end())
                    offset = found.end()
                    continue
            found = SCAN.match(self.text, offset)
            if found is None:
                raise self.unreadable(offset)
            getattr(self, "take_" + found.lastgroup)(found[0], offset, found.end())
            offset = found.end()
        if self.open:
            wanted, start, _ = self.open[-1]
            raise self.error(f'The bracket opened here is never closed: "{wanted}" is missing.', start)
        return self.tokens

    def add(self, type_: str, value: object, start: int, end: int, quoted: bool = False) -> None:
        self.tokens.append(Tok(type_, value, start, end, quoted))

    def error(self, message: str, start: int, end: int | None = None, hint: str = "") -> ExprError:
        return ExprError("syntax", message, start, end or start + 1, hint, self.text)

    def take_space(self, value: str, start: int, end: int) -> None:
        """White space separates, nothing more."""

    take_comment = take_xdm = take_space

    def take_ref(self, value: str, start: int, end: int) -> None:
        self.enter("}", start, in_path=True)
        self.add("REF", value[:-1], start, end)

    def take_prop(self, value: str, start: int, end: int) -> None:
        self.enter("}", start, in_path=True)
        self.add("PROP", value, start, end)

    def take_text(self, value: str, start: int, end: int) -> None:
        self.add("TEXT", self.unescape(value[1:-1], start), start, end)

    def take_quoted(self, value: str, start: int, end: int) -> None:
        self.add("QNAME", value[1:-1], start, end, quoted=True)

    def take_number(self, value: str, start: int, end: int) -> None:
        if end < len(self.text) and (self.text[end].isalpha() or self.text[end] == "_"):
            raise self.error(
                "A name cannot begin with a digit.", start, end, "Put the name in quotes: rain.'3h'"
            )
        if "." in value:
            number = float(value)
            if number > 1e308:
                raise self.error("This number is too large.", start, end)
            self.add("DEC", number, start, end)
            return
        if len(value) > 19 or int(value) > limits.INT_MAX:
            raise self.error("A whole number may have 64 bits at most.", start, end)
        self.add("INT", int(value), start, end)

    def take_name(self, value: str, start: int, end: int) -> None:
        self.add("NAME", value, start, end)

    def take_op(self, value: str, start: int, end: int) -> None:
        if value in OPENING:
            self.enter(OPENING[value], start, in_path=False)
        elif value in CLOSING:
            self.leave(value, start)
        elif value == "," and self.open and self.open[-1][2]:
            self.open[-1] = (*self.open[-1][:2], False)
        self.add(OPERATORS[value], SPELLED.get(value, value), start, end)

    def enter(self, closing: str, start: int, in_path: bool) -> None:
        if len(self.open) >= limits.BRACKET_DEPTH:
            message = f"Brackets are nested deeper than {limits.BRACKET_DEPTH} levels."
            raise ExprError("limit", message, start, start + 1, text=self.text)
        self.open.append((closing, start, in_path))

    def leave(self, closing: str, start: int) -> None:
        if not self.open:
            raise self.error(f'This "{closing}" closes nothing.', start)
        wanted, opened, _ = self.open.pop()
        if wanted != closing:
            line, column = position(self.text, opened)
            message = f'Expected "{wanted}" for the bracket opened at {line}:{column}, found "{closing}".'
            raise self.error(message, start)

    def unescape(self, raw: str, start: int) -> str:
        if "\\" not in raw:
            return raw
        value = ESCAPE.sub(_unescape_one, raw)
        if any("\ud800" <= char <= "\udfff" for char in value):
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if "\ufffd" in value and "\ufffd" not in raw:
                raise self.error(
                    "A \\u escape stands for half a character.", start, hint="Write both halves."
                )
        if "\0" in value:
            raise self.error("A text cannot hold the character U+0000.", start)
        return value

    def unreadable(self, offset: int) -> ExprError:
        """The error for a character that begins no token."""
        char = self.text[offset]
        if char in TYPOGRAPHIC:
            return self.error(f"Typographic quote {char} found.", offset, hint="Use \" or '.")
        if char in "\"'`":
            return self.error(f"The text that begins here is never closed with {char}.", offset)
        if char in ADVICE:
            return self.error(ADVICE[char], offset)
        if not char.isprintable():
            return self.error(
                f"There is a hidden character U+{ord(char):04X} here.", offset, hint="Delete it."
            )
        return self.error(f'The character "{char}" has no meaning here.', offset)


def _unescape_one(found: re.Match) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return ESCAPED.get(found[2], found[0])


def refuse_characters(text: str) -> None:
    """Refuse what JSONB and people cannot see: NUL and lone surrogates anywhere."""
    for found in re.finditer("[\0\ud800-\udfff]", text):
        message = f"There is a character U+{ord(found[0]):04X} here that cannot be stored."
        raise ExprError("syntax", message, found.start(), found.end(), "Delete it.", text)
