"""Instruments: what can be read of a process, each behind the `Meter` protocol, and the window that reads them."""
