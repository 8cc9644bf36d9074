"""Memory regression testing for Python: measure every test, fail those that break a limit, name the culprit."""
