"""What can go wrong, beside a report that the daemon does not count."""


class Error(Exception):
    """Of this package."""


class Full(Error):
    """As many reports wait as may. Nothing of the new one was kept."""


class NotSettled(Error):
    """The time was up before the daemon had decided. What waits is kept, and is sent again."""


class NotAuthenticated(Error):
    """The daemon does not accept our certificate. What waits is kept."""


class Unanswered(Error):
    """A question that the daemon did not answer. `code` is gRPC's, such as "UNAVAILABLE"."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class BooksWentBack(Error):
    """The daemon has forgotten reports that it had acknowledged, as after an older backup was
    restored. This client keeps no spool, so it cannot send them again.

    `acknowledged` reports had been acknowledged, and the daemon knows `known` of them. What waits
    is kept until Reporter.accept_loss() is called, or newer books are restored.
    """

    def __init__(self, acknowledged, known):
        super().__init__(
            f"the daemon's books went back: it knows {known} reports of a stream of which "
            f"{acknowledged} were acknowledged; restore newer books, or accept the loss")
        self.acknowledged = acknowledged
        self.known = known
