#!/usr/bin/python3
"""The Python package, built as a wheel and installed from it, against real daemons: reports while
the daemon is killed, a busy daemon, books that begin anew or go back, TLS and its refusals."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from clients import (HERE, SECOND, SOURCE, SteadyDaemon, build_wheel, check_books,
                     report_under_kills)

SITE = None
BASE = (time.time_ns() // SECOND - 3_600) * SECOND


def report(number, pool="research-scaling", source="host-a"):
    """The second of that number, of a host with eight busy B200."""
    return fleetmeter.usage_report(
        source, BASE + number * SECOND, SECOND,
        [fleetmeter.assigned("b200", pool, "laws", "gr_engine_active", [0.5] * 8)])


class WithDaemon(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fleetmeter-client-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def daemon(self, **options):
        daemon = SteadyDaemon(self.folder, **options).start()
        self.addCleanup(daemon.__exit__)
        return daemon


class Counting(WithDaemon):
    def test_counts_each_report_once_while_the_daemon_is_killed(self):
        daemon = self.daemon()
        journal = report_under_kills(
            daemon, [HERE / "report_many.py", "--ingest", daemon.ingest_address, "--reports",
                     "3000", "--seed", "7", "--name", "host-a"],
            kills=25, seed=7, environment=dict(os.environ, PYTHONPATH=str(SITE)))
        daemon.stop()
        self.assertEqual(len(journal), 3000)
        for number, entry in enumerate(journal):
            wanted = ("rejected", "unknown_pool") if number % 17 == 16 else ("counted", "")
            self.assertEqual((entry["standing"], entry["reason"]), wanted)
        print("books equal: %d counted, %d rejected" % check_books(daemon.ledger, journal))

    def test_counts_usage_and_outcomes_in_one_stream(self):
        daemon = self.daemon()
        outcome = outcome_report_pb2.OutcomeReport(
            source="billing", window_start_unix_nanos=BASE, window_length_nanos=SECOND,
            inference=outcome_report_pb2.InferenceReport(rows=[outcome_report_pb2.InferenceRow(
                model="nova", customer_tier="all", requests=5, revenue_micro_usd=7)]))
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            receipts = [reporter.submit(each) for each in
                        (report(1), outcome, report(2), outcome)]
            reporter.flush(30)
        told = [receipt.decision for receipt in receipts]
        self.assertEqual([each.counted for each in told], [True, True, True, False])
        self.assertEqual(told[3].reason, "window_overlap")

    def test_says_what_was_wrong_and_goes_on(self):
        daemon = self.daemon()
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            wrong = reporter.send(report(1, pool="no-such-pool"), timeout=30)
            self.assertEqual(wrong.standing, fleetmeter.Standing.REJECTED)
            self.assertEqual((wrong.reason, wrong.field), ("unknown_pool", "groups[0].pool"))
            self.assertTrue(reporter.send(report(1), timeout=30).counted)

    def test_waits_as_long_as_a_busy_daemon_asks(self):
        daemon = self.daemon(extra="ingest: {max_reports_per_batch: 20, "
                             "rate: {reports_per_second: 20, burst_reports: 20}}\n")
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            receipts = []
            for number in range(50):
                receipts.append(reporter.submit(report(number)))
                reporter.flush(60)
        self.assertTrue(all(receipt.decision.counted for receipt in receipts))

    def test_finds_the_report_that_a_call_is_too_large_for(self):
        daemon = self.daemon(extra="ingest: {max_message: 64KiB}\n")
        large = report(2)
        for _ in range(1_000):
            large.groups.add().CopyFrom(large.groups[0])
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            receipts = [reporter.submit(each) for each in (report(1), large, report(3))]
            reporter.flush(60)
        told = [receipt.decision.standing.value for receipt in receipts]
        self.assertEqual(told, ["counted", "refused", "counted"])

    def test_a_fork_has_a_stream_of_its_own(self):
        daemon = self.daemon()
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            reporter.submit(report(1))
            before = reporter._stream.id
            reporter._pid += 1  # as in the child
            self.assertTrue(reporter.send(report(2), timeout=30).counted)
            self.assertNotEqual(reporter._stream.id, before)
            self.assertEqual(reporter.waiting, 0)


class Waiting(WithDaemon):
    def test_keeps_what_waits_while_there_is_no_daemon(self):
        daemon = SteadyDaemon(self.folder)
        with fleetmeter.Reporter(daemon.ingest_address, most_waiting=2) as reporter:
            with self.assertRaises(fleetmeter.NotSettled):
                reporter.send(report(1), timeout=0.3)
            second = reporter.submit(report(2))
            with self.assertRaises(fleetmeter.Full):
                reporter.submit(report(3))
            with daemon:
                reporter.flush(60)
                self.assertTrue(second.decision.counted)
                self.assertEqual(reporter.waiting, 0)

    def test_books_in_memory_begin_anew_with_the_daemon(self):
        daemon = self.daemon(ledger=False)
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            self.assertTrue(reporter.send(report(1), timeout=30).counted)
            daemon.kill()
            daemon.start()
            self.assertTrue(reporter.send(report(2), timeout=60).counted)

    def test_stops_when_an_older_backup_was_restored(self):
        daemon = self.daemon()
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            self.assertTrue(reporter.send(report(1), timeout=30).counted)
            daemon.stop()
            shutil.copy(daemon.ledger, self.folder / "backup")
            daemon.start()
            self.assertTrue(reporter.send(report(2), timeout=60).counted)
            daemon.stop()
            for file in self.folder.glob("ledger.db*"):
                file.unlink()
            shutil.copy(self.folder / "backup", daemon.ledger)
            daemon.start()
            third = reporter.submit(report(3))
            with self.assertRaises(fleetmeter.BooksWentBack) as back:
                reporter.flush(60)
            self.assertEqual((back.exception.acknowledged, back.exception.known), (2, 1))
            self.assertIsNone(third.decision)
            reporter.accept_loss()
            reporter.flush(60)
            self.assertTrue(third.decision.counted)


class Security(WithDaemon):
    def setUp(self):
        super().setUp()
        self.pki = self.folder / "pki"
        subprocess.run(["bash", SOURCE / "deploy/make-dev-certs.sh", self.pki, "host/a", "ops/me"],
                       check=True, capture_output=True)
        self.secured = self.daemon(extra=(
            f"tls: {{certificate: {self.pki}/fleetmeterd.pem, key: {self.pki}/fleetmeterd-key.pem, "
            f"client_ca: {self.pki}/ca.pem, trust_domain: example.org}}\n"
            "authorization:\n"
            "  - {identity: spiffe://example.org/host/a, roles: [ingest], "
            "pools: [research-scaling]}\n"
            "  - {identity: spiffe://example.org/ops/me, roles: [query]}\n"))

    def tls(self, name):
        return fleetmeter.Tls(authorities=self.pki / "ca.pem",
                              certificate=self.pki / f"{name}.pem" if name else None,
                              key=self.pki / f"{name}-key.pem" if name else None)

    def test_reports_for_its_own_pool_and_is_refused_another(self):
        with fleetmeter.Reporter(self.secured.ingest_address, tls=self.tls("host-a")) as reporter:
            receipts = [reporter.submit(each) for each in
                        (report(1), report(2, pool="safety-evals"), report(3))]
            reporter.flush(60)
        told = [receipt.decision for receipt in receipts]
        self.assertEqual([each.standing.value for each in told],
                         ["counted", "refused", "counted"])
        self.assertEqual(told[1].reason, "PERMISSION_DENIED")
        self.assertIn("safety-evals", told[1].detail)

    def test_a_role_is_needed_to_ask(self):
        with fleetmeter.Queries(self.secured.query_address, tls=self.tls("host-a")) as queries:
            with self.assertRaises(fleetmeter.Unanswered) as denied:
                queries.pools()
            self.assertEqual(denied.exception.code, "PERMISSION_DENIED")
        with fleetmeter.Queries(self.secured.query_address, tls=self.tls("ops-me")) as queries:
            self.assertEqual(len(queries.pools().pools), 8)

    def test_counts_nothing_without_a_certificate(self):
        with fleetmeter.Reporter(self.secured.ingest_address, tls=self.tls(None)) as reporter:
            with self.assertRaises((fleetmeter.NotSettled, fleetmeter.NotAuthenticated)):
                reporter.send(report(1), timeout=2)
            self.assertEqual(reporter.waiting, 1)


class Asking(WithDaemon):
    def test_asks_about_pools_headroom_supply_and_plan(self):
        daemon = self.daemon()
        now = time.time_ns() - 2 * SECOND
        live = fleetmeter.usage_report(
            "host-a", now, SECOND,
            [fleetmeter.assigned("b200", "research-scaling", "laws", "gr_engine_active",
                                 [0.5] * 6), fleetmeter.free("b200", 2, first_device=6)])
        with fleetmeter.Reporter(daemon.ingest_address) as reporter:
            self.assertTrue(reporter.send(live, timeout=30).counted)
        with fleetmeter.Queries(daemon.query_address) as queries:
            pool = queries.headroom("research-scaling").pool
            # Six B200 are 18 H100e of the 120 that the plan grants.
            self.assertEqual((pool.assigned_h100e, pool.headroom_h100e), (18, 102))
            self.assertIs(queries.can_admit("research-scaling", 102), True)
            self.assertIs(queries.can_admit("research-scaling", 102.5), False)
            # Nothing is heard of the other pools' chips.
            self.assertIsNone(queries.can_admit("safety-evals", 1))
            self.assertIs(queries.can_admit("safety-evals", 1_000), False)
            self.assertEqual(queries.supply().live_sources, 1)
            self.assertEqual(queries.plan().basis.plan, "demo")
            self.assertGreater(len(queries.plan_against_actual().categories), 0)
            with self.assertRaises(fleetmeter.Unanswered) as unknown:
                queries.headroom("research-scalin")
            self.assertEqual(unknown.exception.code, "NOT_FOUND")
            self.assertIn("research-scaling", str(unknown.exception))

    def test_the_wrong_listener_is_named(self):
        daemon = self.daemon()
        with fleetmeter.Reporter(daemon.query_address) as reporter:
            with self.assertRaisesRegex(fleetmeter.Unanswered, "listen.ingest"):
                reporter.send(report(1), timeout=10)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="fleetmeter-wheel-") as built:
        SITE = build_wheel(pathlib.Path(built))
        sys.path.insert(0, str(SITE))
        import fleetmeter
        from fleetmeter.v1 import outcome_report_pb2
        unittest.main()
