"""Pages for people with a browser: the staff console, the ticket page, the sandbox's charts. Vendored files only."""
