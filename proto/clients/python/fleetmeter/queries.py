"""Questions to a daemon's listen.query."""
import math
import random
import time

import grpc

from .connection import open_channel
from .errors import Unanswered
from .v1 import plan_pb2, plan_pb2_grpc, query_pb2, query_pb2_grpc

# With less of a pool heard than this, its headroom does not say that something fits. It is the
# daemon's default of live.coverage_threshold.
_GOOD_COVERAGE = 0.9


class Queries:
    """Asks about pools, headroom, supply and the plan. The answers are messages of the protos.

    A question is asked again while the daemon cannot be reached, until `timeout` seconds have
    passed. Raises Unanswered. May be used from several threads.
    """

    def __init__(self, address, *, tls=None, timeout=10.0):
        self._address = address
        self._timeout = timeout
        self._channel = open_channel(address, tls)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()

    def pools(self):
        """ListPoolsResponse: all pools of the plan in force."""
        return self._ask(query_pb2_grpc.QueryStub(self._channel).ListPools,
                         query_pb2.ListPoolsRequest())

    def headroom(self, pool):
        """HeadroomResponse of one pool."""
        return self._ask(query_pb2_grpc.QueryStub(self._channel).GetHeadroom,
                         query_pb2.HeadroomRequest(pool=pool))

    def supply(self):
        """GetSupplyResponse: what there is, by provider and chip kind."""
        return self._ask(query_pb2_grpc.QueryStub(self._channel).GetSupply,
                         query_pb2.GetSupplyRequest())

    def plan(self):
        """GetPlanResponse: the plan in force."""
        return self._ask(query_pb2_grpc.QueryStub(self._channel).GetPlan,
                         query_pb2.GetPlanRequest())

    def plan_against_actual(self):
        """CompareResponse: the plan beside what is measured."""
        return self._ask(plan_pb2_grpc.PlanStub(self._channel).Compare,
                         plan_pb2.CompareRequest())

    def can_admit(self, pool, h100e):
        """Whether `h100e` H100-equivalents fit into the pool's own headroom now.

        True, False, or None: too little is known to say so. As `fleetmeterctl headroom --ask`.
        """
        if not (math.isfinite(h100e) and h100e > 0):
            raise ValueError(f"expected an amount of H100e above 0, not {h100e}")
        return fits(self.headroom(pool).pool, h100e)

    def _ask(self, method, request):
        deadline = time.monotonic() + self._timeout
        wait = 0.05
        while True:
            left = deadline - time.monotonic()
            try:
                return method(request, timeout=max(left, 0.001))
            except grpc.RpcError as error:
                if (error.code() is not grpc.StatusCode.UNAVAILABLE
                        or time.monotonic() + wait >= deadline):
                    raise Unanswered(error.code().name,
                                     f"{self._address}: {error.details()}") from error
            time.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(2 * wait, 1.0)


def fits(pool, h100e):
    """The same of a Pool that was asked for before."""
    if h100e > pool.allocated_h100e - pool.assigned_h100e - pool.unhealthy_h100e:
        return False  # whatever is not heard
    if not pool.HasField("headroom_h100e") or not pool.coverage_ratio >= _GOOD_COVERAGE:
        return None
    headroom = pool.headroom_h100e
    if headroom < h100e <= headroom + pool.headroom_uncertain_h100e:
        return None
    return h100e <= headroom
