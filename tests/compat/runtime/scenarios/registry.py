"""Where scenarios are filed, and what several use."""

SCENARIOS = []


def scenario(function):
    SCENARIOS.append(function)
    return function


def raised(function, *errors):
    """The name of the first of the classes that the function's error is one of."""
    try:
        function()
    except errors as error:
        return next(e.__name__ for e in errors if isinstance(error, e))
    return "nothing raised"
