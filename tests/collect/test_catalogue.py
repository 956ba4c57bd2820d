"""What gurux-dlms calls objects, and what becomes of codes that it does not know."""

from __future__ import annotations

import contextlib
import io
import sys
from unittest import mock

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect import catalogue
from hesd.collect.catalogue import Catalogue, catalogue_name
from hesd.model.obis import OBIS


class CatalogueTests(SynchronousTestCase):
    def test_names(self) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self.assertEqual(catalogue_name(70, OBIS("0.0.96.3.10.255")), "Disconnect control")
            self.assertEqual(catalogue_name(40, OBIS("0.1.25.9.0.255")), "Ch. 1 Push setup")
            self.assertEqual(catalogue_name(9999, OBIS("0.0.128.2.1.255")), "Manufacturer specific")
        self.assertEqual(printed.getvalue(), "")

    def test_all_of_them_in_a_thread(self) -> None:
        names = Catalogue(lambda work: succeed(work())).names
        wanted = [(7, OBIS("1.0.99.1.0.255")), (1, OBIS("0.0.96.7.21.255"))]
        found = self.successResultOf(catalogue.Deferred.fromCoroutine(names(wanted)))
        self.assertEqual(
            found,
            ["Load profile with recording period 1 #1", "No. of power failures in any phase"],
        )

    def test_without_gurux(self) -> None:
        catalogue._converter.cache_clear()
        self.addCleanup(catalogue._converter.cache_clear)
        with mock.patch.dict(sys.modules, {"gurux_dlms.GXDLMSConverter": None}):
            self.assertEqual(catalogue_name(70, OBIS("0.0.96.3.10.255")), "")
