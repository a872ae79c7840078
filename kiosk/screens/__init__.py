"""One pair `name.py` + `name.kv` for each screen: draws a view, reports intents, holds no state."""
