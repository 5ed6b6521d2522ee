"""Text to tokens: what a word is depends on what may stand here, value or operator, and on what follows."""

import re
from dataclasses import dataclass
from functools import cached_property

from profiles.expressions import limits
from profiles.expressions.ast import PLURALS, UNITS
from profiles.expressions.errors import ExprError

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

UNIT_NAMES = {name: unit for unit in UNITS for name in (unit, PLURALS[unit])}
INFIX = {
    "and": "AND", "or": "OR", "in": "IN", "notin": "NOTIN", "not": "NOT", "like": "LIKE", "is": "IS",
    "has": "HAS", "occurs": "OCCURS", "where": "WHERE", "from": "FROM", "over": "OVER", "then": "THEN",
    "else": "ELSE",
}  # fmt: skip
CONSTANTS = {"null": "NULL", "true": "TRUE", "false": "FALSE"}
QUANTIFIERS = {"exists": "EXISTS", "some": "EXISTS", "forall": "FORALL", "all": "FORALL", "select": "SELECT"}
AGGREGATES = {"sum": "sum", "count": "count", "avg": "avg", "average": "avg", "min": "min", "max": "max"}
STEP_WORDS = {"what": "WHAT", "where": "STEPWHERE", "when": "WHEN", "count": "COUNT", "gap": "GAP"}
TIME_FORMS = {"before": "SIDE", "after": "SIDE", "on": "ON", "between": "BETWEEN"}
OPERATORS = {
    "=": "EQ", "==": "EQ", "!=": "CMP", "<": "CMP", "<=": "CMP", ">": "CMP", ">=": "CMP", "+": "PLUS",
    "-": "MINUS", "*": "TIMES", "/": "TIMES", "%": "TIMES", "(": "LPAR", ")": "RPAR", "[": "LSQB",
    "]": "RSQB", "{": "LBRACE", "}": "RBRACE", ".": "DOT", ",": "COMMA", ":": "COLON", "^": "CARET", "$": "DOLLAR",
    "=>": "ARROW", "!": "NOT",
}  # fmt: skip
SPELLED = {"==": "="}
ENDS_VALUE = frozenset(
    [
        "NAME",
        "QNAME",
        "TEXT",
        "INT",
        "DEC",
        "RPAR",
        "RSQB",
        "RBRACE",
        "NULL",
        "TRUE",
        "FALSE",
        "UNIT",
        "TYPETEST",
    ]
)
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


def tokens_of(text: str) -> list[Tok]:
    """The tokens of a text, ready for the parser."""
    return Classifier(text, Scanner(text).scan()).run()


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
            line, column = ExprError("syntax", "", opened, text=self.text).line, 0
            column = opened - (self.text.rfind("\n", 0, opened) + 1) + 1
            raise self.error(
                f'Expected "{wanted}" for the bracket opened at {line}:{column}, found "{closing}".', start
            )

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


class Classifier:
    """Second pass: which of its meanings a word has here. Looks ahead at most to the end of its bracket."""

    def __init__(self, text: str, tokens: list[Tok]):
        self.text = text
        self.tokens = tokens
        self.out: list[Tok] = []
        self.frames: list[str] = []
        self.commas: list[int] = []
        self.next_frame = ""

    def run(self) -> list[Tok]:
        """The tokens with their final types."""
        for index, token in enumerate(self.tokens):
            before = self.out[-1].type if self.out else ""
            if token.type == "NAME":
                self.classify(index, token, before)
            elif token.type == "LPAR" and before not in ENDS_VALUE and self.opens_lambda(index):
                token.type = "LAMBDA_OPEN"
            elif token.type == "COMMA":
                self.classify_comma(index, token)
            self.track(token)
            self.out.append(token)
        return self.out

    def peek(self, index: int) -> Tok:
        return self.tokens[index] if index < len(self.tokens) else Tok("END", "", 0, 0)

    def frame(self) -> str:
        return self.frames[-1] if self.frames else ""

    @cached_property
    def closes(self) -> dict[int, int]:
        """Index of the closing bracket for every opening one."""
        pairs, stack = {}, []
        for index, token in enumerate(self.tokens):
            if token.type in ("LPAR", "LSQB", "LBRACE", "REF", "PROP", "LAMBDA_OPEN"):
                stack.append(index)
            elif token.type in ("RPAR", "RSQB", "RBRACE"):
                pairs[stack.pop()] = index
        return pairs

    def track(self, token: Tok) -> None:
        """Keep the stack of brackets, with what each one belongs to."""
        if token.type in ("LPAR", "LSQB", "LBRACE", "REF", "PROP", "LAMBDA_OPEN"):
            kind = self.next_frame
            if token.type == "LSQB" and self.frame() == "chain" and self.commas[-1] == 2:
                kind = "steps"
            elif token.type == "REF":
                kind = "ref"
            self.frames.append(kind)
            self.commas.append(0)
        elif token.type in ("RPAR", "RSQB", "RBRACE"):
            self.frames.pop()
            self.commas.pop()
        elif token.type == "COMMA" and self.commas:
            self.commas[-1] += 1
        self.next_frame = {"CHAIN": "chain", "WHEN": "when"}.get(token.type, "")

    def classify(self, index: int, token: Tok, before: str) -> None:
        """Decide the type of a name."""
        if before in ("DOT", "CARET", "REF", "PROP"):
            return
        if self.frame() == "steps" and self.classify_in_step(index, token, before):
            return
        infix_not = before == "NOT" and len(self.out) > 1 and self.out[-2].type in ENDS_VALUE
        if before in ENDS_VALUE or infix_not:
            self.classify_operator(token, before)
        else:
            self.classify_operand(index, token, before)

    def classify_in_step(self, index: int, token: Tok, before: str) -> bool:
        after = self.peek(index + 1).type
        if after == "COLON" and before in ("LSQB", "COMMA"):
            token.type = "STEPNAME"
        elif after == "LPAR" and token.word in STEP_WORDS:
            token.type = STEP_WORDS[token.word]
        else:
            return False
        return True

    def classify_operator(self, token: Tok, before: str) -> None:
        word = token.word
        if before in ("INT", "DEC") and word in UNIT_NAMES:
            token.type, token.value = "UNIT", UNIT_NAMES[word]
        elif before == "UNIT" and word in ("before", "after", "from"):
            token.type, token.value = "SIDE", "before" if word == "before" else "after"
        elif word in INFIX:
            token.type = INFIX[word]

    def classify_operand(self, index: int, token: Tok, before: str) -> None:
        word, after = token.word, self.peek(index + 1)
        if self.frame() == "ref" and after.type == "COLON" and token.value in ("defaultValue", "params"):
            token.type = {"defaultValue": "DEFAULT", "params": "PARAMS"}[token.value]
        elif before == "IS" and word in ("numeric", "integer", "decimal"):
            token.type, token.value = "TYPETEST", word
        elif word in TIME_FORMS and self.begins_when(before) and self.begins_value(index + 1):
            token.type, token.value = TIME_FORMS[word], word
        elif word in ("and", "or") and self.begins_value(index + 1) and after.type != "LPAR":
            token.type = INFIX[word]
        elif word == "not":
            token.type = "NOT"
        elif word in CONSTANTS:
            token.type = CONSTANTS[word]
        elif word in ("if", "chain") and after.type == "LPAR":
            token.type = word.upper()
        elif word in QUANTIFIERS and after.type == "NAME" and self.peek(index + 2).word == "from":
            token.type = QUANTIFIERS[word]
        elif word == "let" and after.type == "NAME" and self.peek(index + 2).value == "=":
            token.type = "LET"
        elif word in ("this", "last", "next") and after.word in UNIT_NAMES:
            token.type, token.value = "PERIOD", word
            after.type, after.value = "UNIT", UNIT_NAMES[after.word]
        elif word in AGGREGATES and self.is_prefix_aggregate(index):
            token.type, token.value = "AGG", AGGREGATES[word]
        elif after.type == "ARROW":
            token.type = "LAMBDA_NAME"

    def begins_when(self, before: str) -> bool:
        return before == "OCCURS" or (before == "LPAR" and self.frame() == "when")

    def begins_value(self, index: int) -> bool:
        """Whether a value (not an operator) can begin with this token."""
        token = self.peek(index)
        if token.type == "NAME":
            return token.word not in INFIX or token.word == "not"
        return token.type in (
            "TEXT",
            "INT",
            "DEC",
            "QNAME",
            "LPAR",
            "LSQB",
            "REF",
            "PROP",
            "CARET",
            "DOLLAR",
            "MINUS",
        )

    def is_prefix_aggregate(self, index: int) -> bool:
        """`sum E.p over ...`: a value and a later `over` follow, with no comparison between."""
        index += 1
        if self.peek(index).word == "over" or not self.begins_value(index):
            return False
        while index < len(self.tokens):
            token = self.tokens[index]
            after_dot = self.tokens[index - 1].type == "DOT"
            if token.type in ("LPAR", "LSQB", "LBRACE", "REF", "PROP"):
                index = self.closes[index]
            elif token.word == "over" and not after_dot:
                return self.tokens[index - 1].type in ENDS_VALUE
            elif (
                token.type in ("RPAR", "RSQB", "RBRACE", "COMMA", "EQ", "CMP", "COLON", "ARROW")
                or not after_dot
                and (token.word in INFIX or token.word in AGGREGATES)
            ):
                return False
            index += 1
        return False

    def opens_lambda(self, index: int) -> bool:
        close = self.closes[index]
        if self.peek(close + 1).type != "ARROW":
            return False
        inside = self.tokens[index + 1 : close]
        return bool(inside) and all(
            token.type == ("COMMA" if number % 2 else "NAME") for number, token in enumerate(inside)
        )

    def classify_comma(self, index: int, token: Tok) -> None:
        if self.peek(index + 1).type == "NAME" and self.peek(index + 2).word == "from":
            token.type = "BINDCOMMA"
