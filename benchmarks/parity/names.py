"""What PyTorch calls the arguments of its functions."""

import inspect
import re


def _split(text):
    """At commas outside brackets."""
    parts, depth, part = [], 0, ""
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [part.strip() for part in [*parts, part] if part.strip()]


def argument_names(function):
    """Those that may be given by place, in order; none where PyTorch doesn't say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        head = re.search(r"\w+\((.*)\) ->", (function.__doc__ or "").partition("\n\n")[0])
        names = []
        for part in _split(head.group(1)) if head else []:
            if part.startswith(("*", "/")):
                break
            names.append(re.split(r"[=:]", part)[0].strip())
        return names
    if any(parameter.kind == parameter.VAR_POSITIONAL for parameter in parameters):
        return []
    return [
        parameter.name
        for parameter in parameters
        if parameter.kind == parameter.POSITIONAL_OR_KEYWORD
    ]


def by_name(function, arguments, keywords):
    """The arguments of a call by PyTorch's names of them, or None where they aren't known."""
    names = argument_names(function)
    if len(names) < len(arguments) or not arguments:
        return None
    named = dict(zip(names, arguments))
    return None if set(named) & set(keywords) else {**named, **keywords}
