"""What is done about an alert: ONE FILE = ONE ACTION, and the folder is the registry.

An action module has:

    NAME: str                    as in `[[watch.action]] kind = ...`; equals the module's name
    TITLE: str                   one line for a person
    SETTINGS: dict[str, type]    what `[[watch.action]]` may set for it, with the type of each
    QUEUED: bool                 True: in a thread of its own with a bounded queue. False: at once, in the watch itself
    RETRIED: bool                whether a failed delivery is tried again, with growing pauses
    def make(settings: dict, output: TextIO) -> Action
        checks the settings (ConfigError) and gives the action. `output` is where results are printed.

An `Action` has `deliver(alert)`, where `alert` is the document `auditrail.alert/1` with `redelivered`; it raises
`delivery.DeliveryError` if it could not. It is called from one thread at a time. Every alert was written to the
journal before; what an action is handed may come twice after a crash, with `redelivered: true`, and the same id.

No action changes anything that is watched. What a command of the user's own does is theirs to answer for.
"""
