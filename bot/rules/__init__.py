"""The rule language: its models, the loader, the conditions, the engine, and the tests that each rule brings."""
