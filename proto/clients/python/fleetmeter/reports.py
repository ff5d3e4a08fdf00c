"""The common kinds of usage report. Others are built from fleetmeter.v1.usage_pb2."""
from .v1 import usage_pb2


def usage_report(source, start_unix_nanos, length_nanos, groups, duration_nanos=None):
    """What `source` had in the window [start, start + length), in nanoseconds.

    A report speaks for all chips of its source: list those that are free or unhealthy as well.
    `duration_nanos`: the length by a clock that is never set (time.monotonic_ns), if it was taken.
    """
    return usage_pb2.UsageReport(
        source=source, window_start_unix_nanos=start_unix_nanos, window_length_nanos=length_nanos,
        duration_nanos=duration_nanos, groups=groups)


def assigned(chip, pool, team, signal, activities, first_device=0, **labels):
    """Whole chips of one kind that a team holds, with the activity (0 to 1) of each.

    `signal` says what measured it, such as "gr_engine_active". A chip without a reading belongs in
    a group of its own with the signal "allocated_only", whose `activities` is the number of chips.
    `labels`: workload, workload_type, model, run.
    """
    if signal == "allocated_only":
        count, values = activities, []
    else:
        count, values = len(activities), activities
    return usage_pb2.UsageGroup(
        chip=chip, state=usage_pb2.CHIP_STATE_ASSIGNED, pool=pool, team=team, signal=signal,
        per_chip=usage_pb2.PerChip(
            device=range(first_device, first_device + count), activity=values),
        **labels)


def free(chip, count, first_device=0):
    """Whole chips of one kind that are healthy and that nobody holds."""
    return usage_pb2.UsageGroup(
        chip=chip, state=usage_pb2.CHIP_STATE_UNASSIGNED,
        per_chip=usage_pb2.PerChip(device=range(first_device, first_device + count)))
