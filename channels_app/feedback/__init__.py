"""Feedback: what comes back of a message: opens, clicks, unsubscribes."""
