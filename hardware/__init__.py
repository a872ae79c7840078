"""The things: scanner, printer, speaker. Knows no tickets and no queue; each driver is opened by an address."""
