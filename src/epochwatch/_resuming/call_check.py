"""Whether a call of `fit` is the one that a checkpoint is of."""

from epochwatch._keras import load_keras
from epochwatch._watching.pending_call import PendingCall
from epochwatch._watching.watched import kind_or_type, steps_per_execution_of
from epochwatch.errors import BadInput

keras = load_keras()

# Of `fit`: those that must stay what they were.
SAME = (
    "batch_size",
    "steps_per_epoch",
    "initial_epoch",
    "shuffle",
    "validation_split",
    "validation_steps",
    "validation_batch_size",
    "validation_freq",
)


def call_of(session) -> dict:
    """Describe a call, for its checkpoints."""
    given = {name: session.call.get(name) for name in SAME}
    validation = session.call.get("validation_data")
    return given | {
        "epochs": session.epochs,
        "steps_per_execution": steps_per_execution_of(session.model),
        "feed": kind_or_type(session.call.get("x")),
        "validation_data": None if validation is None else kind_or_type(validation),
        "callbacks": session.states.names,
        "backend": session.resume.backend,
        "keras": keras.__version__,
        "watched": session.resume.recorder is not None,
    }


def check_call(session) -> None:
    """Refuse a call that is not the one of the checkpoint, with both values."""
    if session.start is None:
        return
    kept, got = session.start["call"], call_of(session)
    if got["keras"] != kept["keras"] and not session.resume.untried:
        raise BadInput(
            f"keras: got {got['keras']}, but the checkpoint is of {kept['keras']}; install that, "
            "or make the model resumable with untried=True"
        )
    check_same({name: got[name] for name in got if name not in ("epochs", "keras")}, kept)
    epochs = session.start["epoch"] + (session.start["step"] > 0)
    if session.epochs < epochs:
        raise BadInput(
            f"epochs: got {session.epochs}, but the checkpoint is of epoch {epochs}; ask for as "
            "many or more, or choose another folder"
        )


def check_same(got: dict, kept: dict) -> None:
    """Refuse the first of some values that is not as in the checkpoint."""
    for name in got:
        if got[name] != kept[name]:
            raise BadInput(
                f"{name}: got {got[name]!r}, but the checkpoint is of {kept[name]!r}; train as "
                "before, or choose another folder"
            )


def is_longer(call: PendingCall, finished: dict, start: dict | None) -> bool:
    """Whether a call asks for more epochs than the finished one of its number had trained."""
    asked, had = call.effective("epochs") or 1, finished["call"]["epochs"]
    if asked <= had or finished["stopped"]:
        return False
    if start is None:
        raise BadInput(
            f"epochs: got {asked}, but fit {finished['fit']} of this script had finished with "
            f"{had} and a later one has begun; ask for as many, or choose another folder"
        )
    return True
