"""Text to tokens: what a word is depends on what may stand here, value or operator, and on what follows."""

from functools import cached_property

from profiles.expressions.ast import PLURALS, UNITS
from profiles.expressions.scanner import Scanner, Tok

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


def tokens_of(text: str) -> list[Tok]:
    """The tokens of a text, ready for the parser."""
    return Classifier(text, Scanner(text).scan()).run()


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
