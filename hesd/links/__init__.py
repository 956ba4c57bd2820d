"""Connections to lines of meters: serial ports, Modbus TCP, and what keeps them up."""
