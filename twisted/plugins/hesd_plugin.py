"""What hesd adds to Twisted: the command `twistd hesd` and the endpoint `serial:`."""

from twisted.application.service import ServiceMaker

from hesd.links.serial_endpoint import SerialEndpointParser

hesd = ServiceMaker("hesd", "hesd.tap", "Head-end system for electricity meters", "hesd")
serial = SerialEndpointParser()
