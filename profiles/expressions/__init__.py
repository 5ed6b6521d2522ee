"""The expression language: one language for every rule, wait, parameter and formula of the product.

Text is parsed to a tree (`parse`), checked for its place of use (`check`), and run over snapshots in Python
(`compile_text`) or over sets of profiles in SQL (`sql`). Nothing here knows Django.
"""

from profiles.expressions.analysis import fields_used
from profiles.expressions.check import Checked, check
from profiles.expressions.compiled import CompiledExpression, compile_expression, compile_text
from profiles.expressions.errors import ExprError
from profiles.expressions.parsing import parse
from profiles.expressions.printer import print_text
from profiles.expressions.sql import SqlRule, select_profile_ids, sql
from profiles.expressions.tree_json import from_json, to_json
from profiles.expressions.values import to_json_value

__all__ = [
    "Checked", "CompiledExpression", "ExprError", "SqlRule", "check", "compile_expression", "compile_text", "fields_used",
    "from_json", "parse", "print_text", "select_profile_ids", "sql", "to_json", "to_json_value",
]  # fmt: skip


def template_filters() -> dict:
    return {}
