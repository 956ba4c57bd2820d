"""Modbus as values in, values out: no sockets, no clock, either end of the wire.

Written after the MODBUS Application Protocol Specification V1.1b3 ("the application
protocol") and MODBUS over Serial Line V1.02 ("the serial line specification").
"""
