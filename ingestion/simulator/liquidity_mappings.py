"""How Daybook is told to read the files of the two simulated providers."""

from __future__ import annotations

ALPHA_MAPPING = """\
# How Daybook reads the files of lp_alpha.
[[files]]
names = "fills_*.csv"
holds = "fills"
delimiter = ";"
decimal_mark = ","
skip_lines = 1
time_format = "%d.%m.%Y %H:%M:%S%.3f"
time_zone = "Europe/London"
volume_unit = "lots"
units_per_lot = { default = 100000, XAUUSD = 100, US500 = 10 }
negated = ["commission"]
[files.columns]
fill_id = "Exec ID"
ref_fill_id = "Ref ID"
kind = "State"
executed_at = ["Date", "Time"]
order_id = "Order"
client_order_id = "Client order"
symbol = "Instrument"
side = "B/S"
quantity = "Lots"
price = "Rate"
commission = "Commission"
currency = "Ccy"
account = "Account"
[files.words.kind]
Done = "trade"
Busted = "cancel"
Corrected = "correct"

[[files]]
names = "statement_*.csv"
holds = "statement"
delimiter = ";"
decimal_mark = ","
date_format = "%d.%m.%Y"
lines_are_complete = true
[files.columns]
line_id = ["Date", "Ccy", "Type", "Instrument"]
booked_on = "Date"
line_type = "Type"
symbol = "Instrument"
amount = "Amount"
currency = "Ccy"
account = "Account"
[files.words.line_type]
"Balance brought forward" = "opening_balance"
"Balance carried forward" = "closing_balance"
Settlement = "trade_pnl"
Commission = "commission"
Financing = "swap"
Funding = "deposit"
"""

BETA_MAPPING = """\
# How Daybook reads the statement of lp_beta; its fills come as a FIX drop copy.
[[files]]
names = "eod_*.csv"
holds = "statement"
lines_are_complete = true
ignored = ["Desk"]
[files.columns]
line_id = "Reference"
booked_on = "Value date"
line_type = "Kind"
symbol = "Product"
amount = "Amount"
currency = "Currency"
account = "Account"
[files.words.line_type]
OPEN = "opening_balance"
CLOSE = "closing_balance"
Settlement = "trade_pnl"
Commission = "commission"
Financing = "swap"
Funding = "deposit"

[fix]
volume_unit = "units"
units_per_lot = { default = 100000, "XAU/USD" = 100, SPX500 = 10 }
"""

CONFIGURATION = """\
[[sources]]
name = "lp_alpha"
kind = "lp"
path = "lp/lp_alpha"

[sources.options]
mapping = "lp/lp_alpha.toml"

[[sources]]
name = "lp_beta"
kind = "lp"
path = "lp/lp_beta"

[sources.options]
mapping = "lp/lp_beta.toml"
"""
