"""The expression language: one language for every rule, wait, parameter and formula of the product.

Text becomes a tree (`parse`), is checked for its place of use (`check`), and runs over snapshots in Python
(`compile_text`) or over sets of profiles in SQL (`sql`). Nothing here knows Django.
"""

from profiles.expressions.analysis import Analysis, analyse, fields_used
from profiles.expressions.check import Checked, check
from profiles.expressions.compiled import CompiledExpression, compile_expression, compile_text, evaluate
from profiles.expressions.describe import describe
from profiles.expressions.errors import ExprError
from profiles.expressions.functions import catalogue
from profiles.expressions.parsing import parse
from profiles.expressions.pql_json import from_pql_json
from profiles.expressions.printer import print_text
from profiles.expressions.recheck import next_change
from profiles.expressions.sql import SqlRule, select_profile_ids, sql
from profiles.expressions.static_types import Schema
from profiles.expressions.template_functions import template_filters
from profiles.expressions.tree_json import from_json, to_json
from profiles.expressions.values import to_json_value

__all__ = [
    "Analysis",
    "Checked",
    "CompiledExpression",
    "ExprError",
    "Schema",
    "SqlRule",
    "analyse",
    "catalogue",
    "check",
    "compile_expression",
    "compile_text",
    "describe",
    "evaluate",
    "fields_used",
    "from_json",
    "from_pql_json",
    "next_change",
    "parse",
    "print_text",
    "select_profile_ids",
    "sql",
    "template_filters",
    "to_json",
    "to_json_value",
]
