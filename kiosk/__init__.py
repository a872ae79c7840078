"""The patient's screen: `flow.py` decides, `view.py` words it, `screens/` draw it, `app.build` joins them."""
