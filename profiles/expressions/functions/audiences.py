"""Membership of audiences."""

from profiles.expressions.functions.rows import row

MEMBER = ("realized", "existing")


@row(
    "inAudience inSegment", "str!", "bool", env=True, nulls="predicate",
    help="The profile is in the audience with this name or id.", example='inAudience("vip")',
)  # fmt: skip
def in_audience(env, name: str) -> bool:
    return env.audiences().get(name) in MEMBER


@row(
    "modelInstances", "str!", "list:obj", nulls="own",
    help="The experience events, by the long name of their class.",
    example='modelInstances("https://ns.adobe.com/xdm/context/experienceevent").count()',
)  # fmt: skip
def model_instances(uri: str) -> None:
    return None
