"""A call that is about to be made, whose arguments can still be looked at and replaced."""

import inspect
from typing import Any


class PendingCall:
    """A call of a function with any signature, such as the `fit` of a user's own class.

    Args:
        function: what is to be called.
        args: positional arguments.
        kwargs: keyword arguments.
        like: a function whose signature it has, if its own names no arguments.

    Example:
        >>> def fit(x, epochs=1, **more): return x, epochs, more
        >>> call = PendingCall(fit, ("data",), {"callbacks": "mine"})
        >>> call.replace("callbacks", [call.get("callbacks"), "ours"])
        >>> call.make()
        ('data', 1, {'callbacks': ['mine', 'ours']})
    """

    def __init__(self, function, args: tuple, kwargs: dict, like=None):
        self.function = function
        self.bound = inspect.signature(like or function).bind(*args, **kwargs)
        parameters = self.bound.signature.parameters.values()
        self.named = {p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
        # A `fit` of the user's own may hand everything on by **kwargs: what it does not name is
        # looked for there.
        self.rest = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)

    def _holder(self, name: str) -> dict:
        """Return the dictionary that an argument stands in."""
        if name in self.named or self.rest is None:
            return self.bound.arguments
        return self.bound.arguments.setdefault(self.rest, {})

    def get(self, name: str) -> Any:
        """Return an argument; None where it is not given."""
        return self._holder(name).get(name)

    def effective(self, name: str) -> Any:
        """Return an argument; where it is not given, its default, None if it has none."""
        parameter = self.bound.signature.parameters.get(name)
        has_default = parameter is not None and parameter.default is not parameter.empty
        return self._holder(name).get(name, parameter.default if has_default else None)

    def remove(self, name: str) -> Any:
        """Return an argument and leave it out of the call; None where it is not given."""
        return self._holder(name).pop(name, None)

    def replace(self, name: str, value) -> None:
        self._holder(name)[name] = value

    def make(self) -> Any:
        return self.function(*self.bound.args, **self.bound.kwargs)
