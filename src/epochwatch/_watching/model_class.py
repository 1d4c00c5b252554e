"""The class of a model that carries something of ours: made anew, before the user's own."""

# Where a model's own `__dict__` has what it carries: the first stands outermost.
CARRIED = ("epochresume", "epochwatch")


class Extended:
    """The part of such a class that hides the rest of it.

    To whoever asks for its `__class__` the model is of the user's own: so it is saved, cloned
    and pickled as what it was.
    """

    __class__ = property(lambda self: own_class(self))

    def __reduce__(self):
        # Keras pickles by a method of the class; the class made here exists in this process only.
        unpickle, *rest = super().__reduce__()
        return (getattr(own_class(self), unpickle.__name__, unpickle), *rest)


def carry(model, name: str, carried) -> None:
    """Have a model carry something, of `CARRIED`; None takes it away.

    What is carried has `parts`: classes, each an `Extended` or its helper, in their order.
    """
    # Past Keras' `__setattr__`, which would track and save it with the model.
    if carried is None:
        del model.__dict__[name]
    else:
        model.__dict__[name] = carried
    forget_traces(model)
    own = own_class(model)
    there = [model.__dict__[each] for each in CARRIED if each in model.__dict__]
    parts = [part for each in there for part in each.parts]
    made = type(own.__name__, (*parts, own), {"__module__": own.__module__}) if parts else own
    # The model says that it is of the user's class: `model.__class__ = …` would ask it.
    object.__dict__["__class__"].__set__(model, made)


def own_class(model) -> type:
    """Return the class that the user gave a model."""
    return type(model).__bases__[-1] if isinstance(model, Extended) else type(model)


def forget_traces(model) -> None:
    """Have Keras make the training and test steps anew, with the methods of now."""
    model.train_function = model.test_function = None
