"""Tables, queries, the journal and the one writer."""
