"""Who is asking: device keys, pairing, passwords and sessions."""
