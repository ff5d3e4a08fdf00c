#!/usr/bin/python3
"""Files of usage as tools export them, and as they go wrong: other units, line ends, encodings and
zones, steps beside jobs, the same file twice, and more windows than an import holds in memory. Each
has its right value beside it.

Exit code 0: all is well; 1: something is not.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE.parent / "client"))
from clients import SteadyDaemon
from programs import FLEETMETERCTL, SOURCE, Daemon

PLACE = "b200,research-scaling,laws"
OK, FAILED, WRONG_COMMAND, NOT_ALL = 0, 1, 2, 4
HEADER = "start,end,chip,pool,team,"
BERLIN = ["--time-zone", "Europe/Berlin"]


class Importer:
    """Runs `fleetmeterctl import usage` on texts."""

    def __init__(self, folder, daemon):
        self.folder, self.address = folder, daemon.addresses["ingest"]
        self.query = daemon.addresses["query"]

    def run(self, text, *more, code=OK, name="usage.csv", source="history"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = subprocess.run(
            [FLEETMETERCTL, "import", "usage", path, "--quiet", "--ingest-address", self.address,
             "--source", source, *more], capture_output=True, text=True, timeout=300)
        assert done.returncode == code, f"{text[:300]} {more}: {done}"
        return done

    def dry(self, text, *more, code=OK):
        """What would be sent, as an object."""
        done = self.run(text, "--dry-run", "--output", "json", *more, code=code)
        told = json.loads(done.stdout)
        told["errors"] = done.stderr
        return told

    def hours(self, text, *more, code=OK):
        """Of a dry run: chip-hours and the rows that are refused."""
        told = self.dry(text, *more, code=code)
        return told["totals"]["chip_hours"], told["refused_rows"]

    def refusal(self, text, *more):
        """Why a file is refused whole."""
        done = self.run(text, "--dry-run", *more, code=FAILED)
        return done.stderr


def row(start, end, *amounts):
    return f"{start},{end},{PLACE},{','.join(str(amount) for amount in amounts)}\n"


DAY = ("2025-02-06", "2025-02-07")


def exports_of_clouds(files):
    """AWS's CUR 2.0, a table of BigQuery, and Azure's costs with a last line that has no end."""
    cur = ("line_item_usage_start_date,line_item_usage_end_date,chip,pool,team,"
           "line_item_usage_amount,bill_payer_account_id\n"
           f"2025-01-01T00:00:00.000Z,2025-01-01T01:00:00.000Z,{PLACE},8.0000000000,1\n")
    columns = [f"--column={name}={column}" for name, column in (
        ("start", "line_item_usage_start_date"), ("end", "line_item_usage_end_date"),
        ("chip_hours", "line_item_usage_amount"))]
    assert files.hours(cur, *columns, "--ignore-unknown-columns") == ("8", 0)
    gcp = ("usage_start_time,usage_end_time,chip,pool,team,usage.amount,usage.unit\n"
           f"2025-01-01 00:00:00 UTC,2025-01-01 01:00:00 UTC,{PLACE},28800.0,seconds\n"
           f"2025-01-01 01:00:00 UTC,2025-01-01 02:00:00 UTC,{PLACE},2.88E4,seconds\n")
    columns = [f"--column={name}={column}" for name, column in (
        ("start", "usage_start_time"), ("end", "usage_end_time"), ("chip_seconds", "usage.amount"))]
    assert files.hours(gcp, *columns, "--ignore-unknown-columns") == ("16", 0)
    azure = ('\ufeff"Date","length","Quantity","chip","pool","team"\r\n'
             '"01/15/2025","1d","24","b200","research-scaling","laws"\r\n'
             '"2025-01-16","1d","24","b200","research-scaling","laws"')
    columns = ["--column=start=Date", "--column=chip_hours=Quantity"]
    assert files.hours(azure, *columns, code=NOT_ALL) == ("24", 1)
    opencost = "Name,GPUHours,Start,End\nserving/api,8,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z\n"
    assert 'column chip is missing' in files.refusal(opencost)


def line_ends_and_encodings(files):
    text = HEADER + "chip_hours\n" + row(*DAY, 24) + row("2025-02-07", "2025-02-08", 48)
    for end in ("\n", "\r\n", "\r"):
        assert files.hours(text.replace("\n", end)) == ("72", 0), repr(end)
        assert files.hours(text.replace("\n", end).rstrip("\r\n")) == ("72", 0), repr(end)
        assert files.hours(text.replace("\n", end).encode("utf-16")) == ("72", 0), repr(end)
    semicolons = text.replace(",", ";").replace(";24", ";24,5").replace("\n", "\r\n")
    assert files.hours(semicolons.encode("utf-16"), "--decimal-comma") == ("72.5", 0)
    # One header more, where files were put together.
    assert files.hours(text + "\ufeff" + HEADER + "chip_hours\n" + row("2025-02-08", "2025-02-09", 1),
                       code=NOT_ALL) == ("73", 1)
    assert files.hours(HEADER + "chip_hours\n") == ("0", 0), "an export of an empty day is one"
    for odd in ("1'234", "24 h", "nan", "inf", "0x10", "1_000"):
        assert files.hours(HEADER + "chip_hours\n" + row(*DAY, odd), code=NOT_ALL) == ("0", 1), odd
    for other, what in ((b"PK\x03\x04rest", "a ZIP archive"), (b'[{"start": 1}]', "JSON"),
                        (b"<html>Sign in</html>", "XML or HTML")):
        assert f"is {what}" in files.refusal(other), what


def days_when_clocks_change(files):
    """A day of 23 hours and one of 25; an hour that clocks show twice, and one that there is not."""
    days = (row("2025-03-30", "2025-03-31", 184) + row("2025-10-26", "2025-10-27", 200))
    assert files.hours(HEADER + "chip_hours\n" + days, *BERLIN) == ("384", 0)
    hours = "start,length,chip,pool,team,chip_hours\n" + "".join(
        f"2025-10-26 0{hour}:00,1h,{PLACE},8\n" for hour in (1, 2, 2, 3))
    told = files.dry(hours, *BERLIN, code=NOT_ALL)
    assert told["refused_rows"] == 2 and "show this time twice" in told["errors"], told
    hours = "start,length,chip,pool,team,chip_hours\n" + "".join(
        f"2025-03-30 0{hour}:00,1h,{PLACE},8\n" for hour in (1, 2, 3))
    told = files.dry(hours, *BERLIN, code=NOT_ALL)
    assert told["refused_rows"] == 1 and "set forward" in told["errors"], told


def doubtful(files, text, name, *more):
    """A dry run names the doubt; an import sends nothing; --accept takes the file."""
    told = files.dry(text, *more, code=NOT_ALL)
    assert [doubt["name"] for doubt in told["doubts"]] == [name], told
    refused = files.run(text, *more, code=FAILED)
    assert "nothing was sent" in refused.stderr and f"--accept {name}" in refused.stderr, refused
    assert files.dry(text, *more, "--accept", name)["doubts"] == []
    return told["doubts"][0]["text"]


def units_that_are_off(files):
    """Eight chips for a day are 691,200 chip-seconds."""
    seconds = HEADER + "chip_seconds\n"
    assert files.hours(seconds + row(*DAY, 691_200)) == ("192", 0)
    # The demo's plan declares 128 chips.
    said = doubtful(files, seconds + row(*DAY, 691_200_000), "too_much_chip_time")
    assert "hold 8000 chips of b200" in said and "in milliseconds 8 chips" in said, said
    said = doubtful(files, seconds + row(*DAY, 691.2), "too_little_chip_time")
    assert "in kiloseconds 8 chips" in said, said
    assert files.hours(seconds + row(*DAY, 691_200_000), "--unit", "milliseconds") == ("192", 0)
    assert files.hours(seconds + row(*DAY, 691.2), "--unit", "kiloseconds") == ("192", 0)
    hours = HEADER + "chip_hours\n"
    said = doubtful(files, hours + row(*DAY, 691_200), "too_much_chip_time")
    assert "in seconds 8 chips" in said, said
    # One row of another unit than the others.
    doubtful(files, seconds + row(*DAY, 691_200) + row("2025-02-07", "2025-02-08", 691_200_000),
             "too_much_chip_time")
    assert files.hours(hours + row(*DAY, 1e9), code=NOT_ALL) == ("0", 1), "that cannot be"
    measured = HEADER + "signal,chip_hours,busy_chip_hours\n"
    said = doubtful(files, measured + row(*DAY, "s", 192, 0.91), "too_little_busy_time")
    assert "as shares are" in said, said
    assert files.dry(measured + row(*DAY, "s", 192, 0))["doubts"] == [], "idle is idle"
    files.run(hours, "--accept", "everything", code=WRONG_COMMAND)
    files.run(hours, "--unit", "fortnights", code=WRONG_COMMAND)


def rows_that_count_twice(files):
    hours = HEADER + "chip_hours\n"
    rows = "".join(row(f"2025-02-{day:02}", f"2025-02-{day + 1:02}", 24 * day)
                   for day in range(1, 6))
    said = doubtful(files, hours + rows + rows, "rows_twice")
    assert "5 of its 10 rows" in said, said
    jobs = HEADER + "workload,chip_hours\n" + "".join(
        row("2025-02-05 10:00", "2025-02-05 12:00", workload, 16)
        for workload in ("123_4", "123_4.batch", "123_4.extern"))
    doubtful(files, jobs, "job_steps")
    array = HEADER + "workload,chip_hours\n" + "".join(
        row("2025-02-05 10:00", "2025-02-05 12:00", workload, 16)
        for workload in ("123_4", "123_5", "124"))
    assert files.hours(array) == ("48", 0)


def rows_in_another_order_are_the_same(files):
    hours = HEADER + "signal,chip_hours,busy_chip_hours\n"
    rows = [row(*DAY, "s", 24, 4), row(*DAY, "t", 48, 5)]
    assert "counted now: 2 rows" in files.run(hours + "".join(rows), source="order").stdout
    again = files.run(hours + "".join(reversed(rows)), source="order").stdout
    assert "unchanged: the books say the same already: 2 rows" in again, again


def more_windows_than_are_held_in_memory(files):
    """A year of hours: it grows, it is restated, and the books say what the last file says."""
    header = HEADER + "signal,chip_hours,busy_chip_hours\n"
    first = 1_704_067_200

    def hours(count, busy=4):
        return header + "".join(
            row(first + 3_600 * i, first + 3_600 * (i + 1), "s", 8, busy if i < 3 else 4)
            for i in range(count))
    assert "counted now: 9,000 rows" in files.run(hours(9_000), source="year").stdout
    grown = files.run(hours(9_010), source="year").stdout
    assert "counted now: 10 rows" in grown and "same already: 9,000 rows" in grown, grown
    restated = files.run(hours(9_010, busy=6), "--refused", files.folder / "refused.csv",
                         source="year", code=NOT_ALL).stdout
    assert "books have this time already: 3 rows" in restated, restated
    refused = (files.folder / "refused.csv").read_text().splitlines()
    assert len(refused) == 4 and ",2," in refused[1], refused
    correct = ["--correct", "--yes", "--reason", "a restatement"]
    corrected = files.run(hours(9_010, busy=6), *correct, source="year").stdout
    assert "changed: the books say something else: 3 rows" in corrected, corrected
    assert "+6" in corrected, corrected
    again = files.run(hours(9_010, busy=6), *correct, source="year").stdout
    assert "changed: the books say something else: 0 rows" in again, again


def an_import_waits_for_a_daemon_that_is_late(folder):
    """And judges the file by what that daemon's plan declares."""
    late = folder / "late"
    late.mkdir()
    daemon = SteadyDaemon(late)
    path = late / "usage.csv"
    path.write_text(HEADER + "chip_seconds\n" + row(*DAY, 691_200_000))
    with subprocess.Popen(
            [FLEETMETERCTL, "import", "usage", path, "--quiet", "--ingest-address",
             daemon.ingest_address], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True) as importer:
        with daemon:
            out, errors = importer.communicate(timeout=120)
    assert importer.returncode == FAILED and "--accept too_much_chip_time" in errors, (out, errors)
    print("an import waits for a daemon that is late")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                    f"ledger: {{path: {folder / 'ledger.db'}}}\nlog: {{level: warn}}\n") as daemon:
            files = Importer(folder, daemon)
            for case in (exports_of_clouds, line_ends_and_encodings, days_when_clocks_change,
                         units_that_are_off, rows_that_count_twice,
                         rows_in_another_order_are_the_same, more_windows_than_are_held_in_memory):
                case(files)
                print(case.__name__.replace("_", " "))
        an_import_waits_for_a_daemon_that_is_late(folder)


if __name__ == "__main__":
    main()
