"""Lists and maps: choosing, sorting, grouping. Bodies over items arrive as Python callables."""

from collections.abc import Callable, Mapping
from datetime import date

from profiles.expressions import values
from profiles.expressions.functions.aggregates import keyed
from profiles.expressions.functions.operators import entries, is_in
from profiles.expressions.functions.rows import row
from profiles.expressions.limits import RESULT_CHARACTERS


@row(
    "distinct",
    "list, str?",
    "arg0",
    help="Each value once, without nulls; objects by a key if one is given.",
    example="distinct([7, 4, 7])",
)
def distinct(items: list, name: str | None = None) -> list:
    return once([item for item in items if item is not None], name)


@row(
    "distinctWithNull",
    "list",
    "arg0",
    help="Each value once; one null is kept.",
    example="distinctWithNull([7, null, null])",
)
def distinct_with_null(items: list) -> list:
    return once(items)


def once(items: list, name: str | None = None) -> list:
    found: dict = {}
    for item, by in zip(items, keyed(items, name), strict=True):
        found.setdefault(values.key(by), item)
    return list(found.values())


@row(
    "filter all",
    "list, *cond | list, str, list",
    "arg0",
    help="The items that meet the condition, or whose key is one of the values.",
    example="profile.orders.filter(price > 10)",
)
def choose(items: list, test: Callable | str, wanted: list | None = None) -> list:
    if wanted is None:
        return [item for item in items if test(item)]
    return [
        item
        for item, by in zip(items, keyed(items, test), strict=True)
        if by is not None and is_in(by, wanted)
    ]


@row(
    "exists some",
    "list, *cond?",
    "bool",
    nulls="aggregate",
    help="At least one item meets the condition.",
    example="profile.orders.exists(price > 10)",
)
def exists(items: list, test: Callable | None = None) -> bool:
    return any(test(item) for item in items) if test else bool(items)


@row(
    "forall",
    "list, *cond?",
    "bool",
    nulls="aggregate",
    help="Every item meets the condition; true for no items.",
    example="profile.orders.forall(price > 10)",
)
def forall(items: list, test: Callable | None = None) -> bool:
    return all(test(item) for item in items) if test else True


@row(
    "first head",
    "list, *cond?",
    "item0",
    help="The first item, or the first that meets the condition.",
    example="first(profile.orders)",
)
def first(items: list, test: Callable | None = None) -> object:
    return next((item for item in items if test is None or test(item)), None)


@row(
    "last",
    "list, *cond?",
    "item0",
    help="The last item, or the last that meets the condition.",
    example="last(profile.orders)",
)
def last(items: list, test: Callable | None = None) -> object:
    return first(items[::-1], test)


@row(
    "getListItem at",
    "list, int",
    "item0",
    sql="item",
    help="The item at a place, counted from 0.",
    example="getListItem([5, 6], 0)",
)
def get_list_item(items: list, index: int) -> object:
    return items[index] if 0 <= index < len(items) else None


@row(
    "intersect intersection",
    "list, list",
    "arg0",
    nulls="aggregate",
    help="Values both lists have, each once, in the order of the first.",
    example='intersect(["a", "b"], ["b"])',
)
def intersect(items: list, others: list) -> list:
    return list(filter(among(others), distinct(items)))


@row(
    "intersects",
    "list, list",
    "bool",
    nulls="predicate",
    sql="intersects",
    help="Both lists have a value in common.",
    example='profile.colors.intersects(["red"])',
)
def intersects(items: list, others: list) -> bool:
    return any(map(among(others), items))


@row(
    "subsetOf",
    "list, list",
    "bool",
    nulls="predicate",
    sql="subsetOf",
    help="Every value of the first list is in the second.",
    example='profile.cities.subsetOf(["Oslo"])',
)
def subset_of(items: list, others: list) -> bool:
    return all(map(among(others), items))


@row(
    "supersetOf",
    "list, list",
    "bool",
    nulls="predicate",
    sql="supersetOf",
    help="Every value of the second list is in the first.",
    example='profile.cities.supersetOf(["Oslo"])',
)
def superset_of(items: list, others: list) -> bool:
    return subset_of(others, items)


def among(items: list) -> Callable[[object], bool]:
    """A test whether a value equals one of the items, by hash unless dates have to be compared with texts."""
    keys = {values.key(item) for item in items if item is not None}
    dated = any(isinstance(item, date) for item in items)

    def test(value: object) -> bool:
        if value is None:
            return False
        return values.key(value) in keys or ((dated or isinstance(value, date)) and is_in(value, items))

    return test


@row(
    "limit",
    "list, int, bool?",
    "arg0",
    help="The first so many items, or with false the last.",
    example="limit([1, 2, 3], 2)",
)
def limit(items: list, count: int, from_start: bool = True) -> list:
    count = max(count, 0)
    return items[:count] if from_start else items[max(len(items) - count, 0) :]


@row(
    "serializeList",
    "list, str, bool",
    "str",
    help="The values as one text with a separator, in quotes if asked.",
    example='serializeList(["a", "b"], ";", true)',
)
def serialize_list(items: list, separator: str, quotes: bool) -> str | None:
    texts = [text for text in map(values.to_text, items) if text is not None]
    if sum(map(len, texts)) + len(texts) * (len(separator) + 2) > RESULT_CHARACTERS:
        return None
    return separator.join(f'"{text}"' if quotes else text for text in texts)


@row(
    "sort",
    "list, bool? | list, str, bool?",
    "arg0",
    env=True,
    help="The values in order, nulls last; objects by a key.",
    example="sort([1, 3, 2], false)",
)
def sort(env, items: list, *how: object) -> list:
    name = how[0] if how and isinstance(how[0], str) else None
    ascending = how[-1] if how and isinstance(how[-1], bool) else True
    return [items[index] for index in ordered(env, keyed(items, name), ascending, nulls_last=True)]


def ordered(env, keys: list, ascending: bool, *, nulls_last: bool) -> list[int]:
    """The places of the keys in order: numbers, dates, durations, texts, truths; equal ones keep their
    order.
    """
    ranked = [(rank(env, key), index) for index, key in enumerate(keys)]
    usable = [(by, index) for by, index in ranked if by is not None]
    usable.sort(key=lambda pair: pair[0], reverse=not ascending)
    return [index for _, index in usable] + (
        [index for by, index in ranked if by is None] if nulls_last else []
    )


def rank(env, value: object) -> tuple | None:
    """A sort key in which values of one kind stay together; None for null and what has no order."""
    number = values.as_number(value)
    if number is not None:
        return (0, number)
    if isinstance(value, str):
        return (3, value)
    if isinstance(value, bool):
        return (4, value)
    duration = values.as_duration(value)
    if duration is not None:
        return (2, duration)
    moment = values.as_moment(value, env.zone)
    return None if moment is None else (1, moment)


@row(
    "map",
    "list, *expr | map, *expr",
    "body1",
    nulls="strict",
    help="What the expression gives for every item; over a map with key and value.",
    example="profile.numbers.map((n) => n * n)",
)
def map_items(items: list | Mapping, each: Callable) -> list | dict:
    if isinstance(items, list):
        return [each(item) for item in items]
    results = [each(*entry) for entry in entries(items)]
    if results and all(isinstance(result, Entry) for result in results):
        return dict(results)
    return results


class Entry(tuple):
    """A key with its value, made by mapEntry for a map over a map."""


@row(
    "mapEntry",
    "any, any",
    "entry",
    nulls="own",
    help="A key with its value, for map over a map.",
    example="profile.orders.groupBy(storeId).map((K, G) => mapEntry(K, G.count()))",
)
def map_entry(name: object, value: object) -> Entry | None:
    name = values.to_text(name)
    return None if name is None else Entry((name, value))


@row(
    "groupBy",
    "list, *expr",
    "map",
    help="The items in groups, as a map from the text of the key.",
    example="profile.orders.groupBy(storeId)",
)
def group_by(items: list, each: Callable) -> dict:
    groups: dict = {}
    for item in items:
        name = values.to_text(each(item))
        if name is not None:
            groups.setdefault(name, []).append(item)
    return dict(entries(groups))


@row(
    "topN",
    "list, *expr, int",
    "arg0",
    env=True,
    help="The items with the highest keys, highest first.",
    example="profile.orders.topN(price, 2)",
)
def top(env, items: list, each: Callable, count: int) -> list:
    return [
        items[index]
        for index in ordered(env, [each(item) for item in items], False, nulls_last=False)[: max(count, 0)]
    ]


@row(
    "bottomN",
    "list, *expr, int",
    "arg0",
    env=True,
    help="The items with the lowest keys, lowest first.",
    example="profile.orders.bottomN(price, 2)",
)
def bottom(env, items: list, each: Callable, count: int) -> list:
    return [
        items[index]
        for index in ordered(env, [each(item) for item in items], True, nulls_last=False)[: max(count, 0)]
    ]


@row(
    "get entry",
    "map, str",
    "any",
    sql="get",
    help="The value of a key.",
    example='profile.identityMap.get("Email")',
)
def get(value: Mapping, name: str) -> object:
    return value.get(name)


@row(
    "keys",
    "map",
    "list:str",
    help="The keys of a map, in alphabetical order.",
    example="profile.identityMap.keys()",
)
def keys(value: Mapping) -> list:
    return [name for name, _ in entries(value)]


@row(
    "values",
    "map",
    "list:any",
    help="The values of a map, in the order of their keys.",
    example="profile.identityMap.values()",
)
def values_of(value: Mapping) -> list:
    return [part for _, part in entries(value)]


@row(
    "firstEntryKey",
    "map",
    "str",
    help="The first key of a map in alphabetical order.",
    example="profile.identityMap.firstEntryKey()",
)
def first_entry_key(value: Mapping) -> str | None:
    return min(value, default=None)
