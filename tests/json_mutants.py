"""JSON as strangers and failing disks leave it, for property tests."""

import copy
import json

from hypothesis import strategies

_TEXT = strategies.text(strategies.characters(codec=None), max_size=8)  # lone surrogates as well
_ODD = strategies.sampled_from(
    [None, True, 0, -1, 10**400, 0.5, float("nan"), "", "../../x", "\ud800", "3", [], {}, [[[]]]]
)
_NESTED = strategies.recursive(
    strategies.one_of(_ODD, strategies.integers(), strategies.floats(), _TEXT),
    lambda inner: strategies.one_of(
        strategies.lists(inner, max_size=3), strategies.dictionaries(_TEXT, inner, max_size=3)
    ),
    max_leaves=5,
)
_CONTENTS = strategies.one_of(
    strategies.binary(max_size=50),
    strategies.sampled_from([b"\0", b"[", b'{"a":', b"9", b"{} ", b'"x']).map(lambda x: x * 10**5),
)


@strategies.composite
def mutants(draw, document):
    """The bytes of a file that should hold `document`, with a harm done to it."""
    whole = json.dumps(document).encode()
    kind = draw(strategies.sampled_from(["odd", "odd", "nested", "missing", "cut", "other"]))
    if kind == "cut":
        return whole[: draw(strategies.integers(0, len(whole) - 1))]
    if kind == "other":
        return draw(_CONTENTS)
    *way, last = draw(strategies.sampled_from(list(_list_places([document]))))
    parent = root = [copy.deepcopy(document)]
    for key in way:
        parent = parent[key]
    if kind == "missing" and way:
        del parent[last]
    else:
        parent[last] = draw(_ODD if kind == "odd" else _NESTED)
    return json.dumps(root[0]).encode()


def _list_places(value, *way):
    """Yield the keys that lead to each part of a document."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*way, key)
            yield from _list_places(value[key], *way, key)
