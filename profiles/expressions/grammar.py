"""The parser: text to a raw tree as written. `names` then finds out what each name means."""

from collections.abc import Iterator
from pathlib import Path as FilePath

from lark import Lark, Transformer, v_args
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from profiles.expressions import limits
from profiles.expressions.errors import ExprError
from profiles.expressions.lexer import ENDS_VALUE, tokens_of
from profiles.expressions.scanner import Tok


class Raw:
    """A piece of the text: its kind, its parts as written, where it stands and how deep it is."""

    __slots__ = ("kind", "parts", "start", "end", "at", "depth", "paren")

    def __init__(self, kind: str, parts: list, start: int, end: int, at: Tok | None = None):
        self.kind = kind
        self.parts = parts
        self.start = start
        self.end = end
        self.at = (at.start, at.end) if at is not None else (start, end)
        self.depth = 1 + max((part.depth for part in parts if isinstance(part, Raw)), default=0)
        self.paren = False

    @property
    def pos(self) -> tuple[int, int]:
        return self.start, self.end


def parse_raw(text: str) -> Raw:
    """The raw tree of a text; ExprError of kind `syntax` or `limit` otherwise."""
    if len(text) > limits.TEXT_BYTES or len(text.encode("utf-8", "surrogatepass")) > limits.TEXT_BYTES:
        raise ExprError("limit", f"An expression may have {limits.TEXT_BYTES // 1024} KB of text.")
    tokens = tokens_of(text)
    if not tokens:
        raise ExprError("syntax", "The expression is empty.", 0, 0, text=text)
    try:
        raw = PARSER.parse(tokens)
    except UnexpectedToken as found:
        raise explain(found, tokens, text) from None
    if raw.depth > limits.AST_DEPTH:
        message = f"The expression is nested deeper than {limits.AST_DEPTH} levels."
        raise ExprError("limit", message, raw.start, raw.end, text=text)
    return raw


class Handover(Lexer):
    """Hands the tokens made by `lexer` to the parser."""

    def __init__(self, conf: object):
        pass

    def lex(self, tokens: list[Tok]) -> Iterator[Tok]:
        return iter(tokens)


@v_args(inline=True)
class Builder(Transformer):
    """Makes raw pieces while the parser reduces, so nothing ever recurses over the text."""

    def nary(self, left: Raw, word: Tok, right: Raw) -> Raw:
        op = word.type.lower()
        if left.kind == op and not left.paren:
            left.parts.append(right)
            left.end = right.end
            left.depth = max(left.depth, right.depth + 1)
            return left
        return Raw(op, [left, right], left.start, right.end, word)

    def negation(self, word: Tok, value: Raw) -> Raw:
        return Raw("not", [value], word.start, value.end, word)

    def bind(self, name: Tok, _from: Tok, source: Raw, _where: Tok | None, where: Raw | None) -> Raw:
        return Raw("bind", [name, source, where], name.start, (where or source).end)

    def quantifier(self, word: Tok, *binds: Raw | Tok) -> Raw:
        parts = [part for part in binds if isinstance(part, Raw)]
        return Raw(word.type.lower(), parts, word.start, parts[-1].end, word)

    select = quantifier

    def aggregate(self, word: Tok, value: Raw, _over: Tok, bind: Raw) -> Raw:
        return Raw("aggregate", [word.value, value, bind], word.start, bind.end, word)

    def let(self, word: Tok, name: Tok, _eq: Tok, value: Raw, _in: Tok, body: Raw) -> Raw:
        return Raw("let", [name, value, body], word.start, body.end)

    def lambda_many(self, opening: Tok, *parts: Raw | Tok) -> Raw:
        names = [part for part in parts if isinstance(part, Tok) and part.type == "NAME"]
        return Raw("lambda", [names, parts[-1]], opening.start, parts[-1].end)

    def lambda_one(self, name: Tok, _arrow: Tok, body: Raw) -> Raw:
        return Raw("lambda", [[name], body], name.start, body.end)

    def comparison(self, left: Raw, op: Tok, right: Raw) -> Raw:
        return Raw("comparison", [op.value, left, right], left.start, right.end, op)

    def arithmetic(self, left: Raw, op: Tok, right: Raw) -> Raw:
        return Raw("arithmetic", [op.value, left, right], left.start, right.end, op)

    def membership(self, left: Raw, *rest: Raw | Tok) -> Raw:
        fn = "in" if rest[0].type == "IN" else "notIn"
        return Raw("operator", [fn, left, rest[-1]], left.start, rest[-1].end, rest[0])

    def likeness(self, left: Raw, *rest: Raw | Tok) -> Raw:
        fn = "like" if rest[0].type == "LIKE" else "notLike"
        return Raw("operator", [fn, left, rest[-1]], left.start, rest[-1].end, rest[0])

    def null_test(self, left: Raw, *words: Tok) -> Raw:
        fn = "isNull" if len(words) == 2 else "isNotNull"
        return Raw("operator", [fn, left], left.start, words[-1].end, words[0])

    def type_test(self, left: Raw, word: Tok, test: Tok) -> Raw:
        return Raw("operator", ["is" + test.value.capitalize(), left], left.start, test.end, word)

    def has_null(self, left: Raw, word: Tok, null: Tok) -> Raw:
        return Raw("operator", ["hasNull", left], left.start, null.end, word)

    def occurs(self, left: Raw, *rest: Raw | Tok) -> Raw:
        prefix = "not " if rest[0].type == "NOT" else ""
        return Raw("occurs", [left, prefix, rest[-1]], left.start, rest[-1].end, rest[0])

    def when_offset(self, op: Tok, n: Tok, unit: Tok, side: Tok, anchor: Raw) -> Raw:
        return Raw("offset", [op.value, n.value, unit.value, side.value, anchor], op.start, anchor.end)

    def when_side(self, side: Tok, anchor: Raw) -> Raw:
        return Raw("before" if side.value == "before" else "after", [anchor], side.start, anchor.end)

    def when_on(self, _on: Tok | None, anchor: Raw) -> Raw:
        return Raw("on", [anchor], anchor.start, anchor.end)

    def when_between(self, word: Tok, first: Raw, _and: Tok, second: Raw) -> Raw:
        return Raw("between", [first, second], word.start, second.end)

    def period(self, word: Tok, unit: Tok) -> Raw:
        return Raw("period", [word.value, unit.value], word.start, unit.end)

    def negative(self, sign: Tok, value: Raw) -> Raw:
        return Raw("negative", [value], sign.start, value.end, sign)

    def positive(self, sign: Tok, value: Raw) -> Raw:
        return value

    def access(self, of: Raw, _dot: Tok, name: Tok) -> Raw:
        if of.kind == "access" and not of.paren:
            of.parts[1].append(name.value)
            of.end = name.end
            return of
        return Raw("access", [of, [name.value]], of.start, name.end)

    def method(self, of: Raw, _dot: Tok, name: Tok, _open: Tok, args: list | None, close: Tok) -> Raw:
        return Raw("method", [name.value, of, *(args or [])], of.start, close.end, name)

    def condition(self, of: Raw, opening: Tok, test: Raw, close: Tok) -> Raw:
        return Raw("condition", [of, test], of.start, close.end, opening)

    def args(self, *parts: Raw | Tok) -> list[Raw]:
        return [part for part in parts if isinstance(part, Raw)]

    def literal(self, token: Tok) -> Raw:
        kind = {"TEXT": "str", "INT": "int", "DEC": "dec", "NULL": "null"}.get(token.type, "bool")
        value = {"NULL": None, "TRUE": True, "FALSE": False}.get(token.type, token.value)
        return Raw("literal", [value, kind], token.start, token.end)

    def list_of(self, opening: Tok, items: list | None, close: Tok) -> Raw:
        return Raw("list", items or [], opening.start, close.end)

    def parenthesised(self, opening: Tok, value: Raw, close: Tok) -> Raw:
        value.paren = True
        return value

    def name(self, token: Tok) -> Raw:
        return Raw("name", [token.value, token.quoted], token.start, token.end)

    def outer(self, *parts: Tok | None) -> Raw:
        tokens = [part for part in parts if part is not None]
        carets = sum(1 for token in tokens if token.type == "CARET")
        name = tokens[-1]
        return Raw("outer", [carets, name.value, name.quoted], tokens[0].start, name.end)

    def positional(self, dollar: Tok, number: Tok) -> Raw:
        return Raw("positional", [number.value], dollar.start, number.end)

    def function(self, name: Tok, _open: Tok, args: list | None, close: Tok) -> Raw:
        return Raw("function", [name.value, *(args or [])], name.start, close.end, name)

    def if_then(self, word: Tok, *parts: Raw | Tok) -> Raw:
        return Raw("if", self._raws(parts), word.start, parts[-1].end, word)

    def chain(self, word: Tok, _open: Tok, events: Raw, *rest: Raw | Tok) -> Raw:
        raws = self._raws(rest)
        return Raw("chain", [events, raws[0], *raws[1:]], word.start, rest[-1].end)

    def path(self, *parts: Tok) -> Raw:
        names = [part.value for part in parts if part.type == "NAME"]
        return Raw("path", names, parts[0].start, parts[-1].end)

    def step(self, name: Tok, _colon: Tok, *clauses: Raw) -> Raw:
        return Raw("step", [name, *clauses], name.start, clauses[-1].end if clauses else name.end)

    def clause_what(self, word: Tok, _open: Tok, test: Raw, close: Tok) -> Raw:
        return Raw("what", [test], word.start, close.end)

    def clause_when(self, word: Tok, _open: Tok, when: Raw, close: Tok) -> Raw:
        return Raw("when", [when], word.start, close.end)

    def clause_count(self, word: Tok, _open: Tok, op: Tok | None, n: Tok, close: Tok) -> Raw:
        return Raw("count", [op.value if op else ">=", n.value], word.start, close.end)

    def clause_gap(self, word: Tok, _open: Tok, op: Tok, n: Tok, unit: Tok, close: Tok) -> Raw:
        return Raw("gap", [op.value, n.value, unit.value], word.start, close.end)

    def ref_start(self, name: Tok) -> Raw:
        return Raw("ref_start", [name.value], name.start, name.end)

    def param(self, name: Tok, _colon: Tok, value: Raw) -> Raw:
        return Raw("param", [name.value, value], name.start, value.end)

    def reference(self, opening: Tok, path: Raw, *rest: Raw | Tok | None) -> Raw:
        raws = self._raws(rest)
        params = [raw for raw in raws if raw.kind == "param"]
        default = next((raw for raw in raws if raw.kind != "param"), None)
        return Raw("reference", [opening.value, path, default, *params], opening.start, rest[-1].end)

    def property_of(self, opening: Tok, name: Tok, close: Tok) -> Raw:
        return Raw("property", [name.value], opening.start, close.end)

    def _raws(self, parts: tuple) -> list[Raw]:
        return [part for part in parts if isinstance(part, Raw)]


def explain(found: UnexpectedToken, tokens: list[Tok], text: str) -> ExprError:
    """What is wrong at the token the parser stopped at, in plain words."""
    ended = found.token.type == "$END"
    index = len(tokens) if ended else next(i for i, token in enumerate(tokens) if token is found.token)
    before = tokens[index - 1] if index else None
    start, end = (len(text.rstrip()), len(text)) if ended else (found.token.start, found.token.end)
    written = text[start:end]
    message, hint = _words(found.token, before, written, ended, text)
    return ExprError("syntax", message, start, end, hint, text)


def _words(token: Tok, before: Tok | None, written: str, ended: bool, text: str) -> tuple[str, str]:
    last = text[before.start : before.end] if before else ""
    if before and before.type in ("THEN", "ELSE"):
        return f'"{last}" needs parentheses around its value: if (...) then (...) else (...)', ""
    if before and before.type == "CMP" and token.type in ("EQ", "CMP"):
        return f'"{last}{written}" is no comparison.', 'Use "!=" for "is not equal".'
    if before and before.type == "OCCURS":
        return '"occurs" needs a time.', "For example: timestamp occurs <= 3 days before now"
    if before is None or before.type not in ENDS_VALUE:
        place = f' after "{last}"' if before else ""
        if ended:
            return f"The expression ends too early: a value is missing{place}.", ""
        return f'A value is missing{place}, found "{written}".', ""
    if ended:
        return f'The expression ends too early after "{last}".', "Something is missing here."
    if token.type in ("EQ", "CMP"):
        return f'A second comparison cannot follow here: "{written}".', "Join two comparisons with and."
    if token.type in ("THEN", "ELSE"):
        return f'"{written}" belongs to a choice: if (...) then (...) else (...)', ""
    if token.type in (
        "NAME",
        "QNAME",
        "TEXT",
        "INT",
        "DEC",
        "REF",
        "PROP",
        "LPAR",
        "TRUE",
        "FALSE",
        "NULL",
        "IF",
    ):
        return f'Between "{last}" and "{written}" an operator is missing.', "For example: and, or, =, +"
    return f'"{written}" cannot stand after "{last}".', ""


PARSER = Lark(
    (FilePath(__file__).parent / "grammar.lark").read_text("utf-8"),
    parser="lalr",
    lexer=Handover,
    transformer=Builder(),
    maybe_placeholders=True,
    strict=False,
)
