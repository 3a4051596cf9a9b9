"""What a key expects, in words, read off the JSON schema of the models."""

from typing import Any

Schema = dict[str, Any]
Path = tuple[str | int, ...]


def resolve(schema: Schema, root: Schema) -> Schema:
    """Follow a reference into the definitions of the root."""
    return root["$defs"][schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema


def schema_at(path: Path, root: Schema) -> Schema:
    """The schema of a key, {} where the models know none."""
    schema = root
    for part in path:
        inner = "items" if isinstance(part, int) else "properties"
        within = schema.get(inner, {})
        schema = resolve(within if isinstance(part, int) else within.get(part, {}), root)
    return schema


def expectation(schema: Schema, root: Schema) -> str:
    """Say what a value must be.

    >>> expectation({"type": "integer", "exclusiveMinimum": 0}, {})
    'an integer > 0'
    >>> expectation({"type": "array", "minItems": 1, "items": {"type": "number", "maximum": 1}}, {})
    'a list with at least one entry, each a number <= 1'
    """
    schema = resolve(schema, root)
    if "anyOf" in schema:
        return " or ".join(expectation(option, root) for option in schema["anyOf"])
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "const" in schema:
        return str(schema["const"])
    match schema.get("type"):
        case "integer" | "number" as kind:
            return f"{'an' if kind == 'integer' else 'a'} {kind}{_bounds(schema)}"
        case "array":
            filled = " with at least one entry" if schema.get("minItems") else ""
            if "prefixItems" in schema:  # a tuple
                return f"a list of {len(schema['prefixItems'])}, each {expectation(schema['prefixItems'][0], root)}"
            return f"a list{filled}, each {expectation(schema['items'], root)}"
        case "object":
            return "a mapping of keys"
        case "null":
            return "null"
        case "boolean":
            return "true or false"
        case _:
            return "a text"


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    signs = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}
    bounds = [f"{sign} {schema[name]}" for name, sign in signs.items() if name in schema]
    return f" {' and '.join(bounds)}" if bounds else ""
