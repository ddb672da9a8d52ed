"""Spillover: watches news about AI compute, chips and cloud spending, and tells those who follow it."""

__version__ = "0.1.0"
