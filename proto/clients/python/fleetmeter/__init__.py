"""A client of Fleetmeter: reports usage and outcomes, and asks about pools, headroom and the plan.

    import fleetmeter

    with fleetmeter.Reporter("127.0.0.1:7443") as reporter:
        decision = reporter.send(fleetmeter.usage_report(
            "host-17", start_unix_nanos, length_nanos,
            [fleetmeter.assigned("b200", "research-scaling", "laws", "gr_engine_active",
                                 [0.9] * 8)]))

    with fleetmeter.Queries("127.0.0.1:7444") as queries:
        print(queries.can_admit("research-scaling", 32))

The messages are those of the protos, in fleetmeter.v1; their comments are the specification.
"""
from .connection import Tls
from .decisions import Decision, Standing
from .errors import BooksWentBack, Error, Full, NotAuthenticated, NotSettled, Unanswered
from .queries import Queries
from .reporter import Receipt, Reporter
from .reports import assigned, free, usage_report

__all__ = [
    "BooksWentBack", "Decision", "Error", "Full", "NotAuthenticated", "NotSettled", "Queries",
    "Receipt", "Reporter", "Standing", "Tls", "Unanswered", "assigned", "free", "usage_report",
]
