"""The addresses that devices and staff pages call."""
