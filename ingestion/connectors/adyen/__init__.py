"""Adyen: settlement detail reports and webhooks, as files."""
