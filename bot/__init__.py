"""Spillover: watches news about AI compute, chips and cloud spending, and tells those who follow it."""

import os

__version__ = "0.1.0"

# onnxruntime's wheels report their use to their maker unless this stands in the environment before they are loaded.
# Sources: github.com/microsoft/onnxruntime/pull/27379 and /29843 (two names in use).
os.environ["ORT_DISABLE_TELEMETRY"] = os.environ["ORT_TELEMETRY_DISABLED"] = "1"
