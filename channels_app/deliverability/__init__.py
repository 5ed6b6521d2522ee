"""Deliverability: suppression and what bounces teach."""
