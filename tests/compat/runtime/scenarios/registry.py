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


def both_ways(tf, function, *args):
    """The results eagerly and as a `tf.function`."""
    tensors = [tf.constant(a) for a in args]
    return [function(*tensors), tf.function(function)(*tensors)]
