"""PayPal: activity and statement downloads as CSV, in the account's language."""
