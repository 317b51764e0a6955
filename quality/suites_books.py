"""The gates of the books: deals, account days, open positions and the broker's daily P&L."""

from __future__ import annotations

from quality.suites import (
    CURRENCY,
    IS_FUTURE,
    Suite,
    amounts,
    between,
    columns,
    filled,
    like,
    never,
    not_future,
    one_of,
    unique,
    zero,
)

BOOKS = ("A", "B", "unmapped")

COMPONENTS = (
    "deposits_amount",
    "withdrawals_amount",
    "internal_transfers_amount",
    "closed_pnl_amount",
    "swap_amount",
    "commission_amount",
    "commission_round_amount",
    "fees_amount",
    "agent_commission_amount",
    "interest_amount",
    "dividends_amount",
    "taxes_amount",
    "charges_amount",
    "corrections_amount",
    "bonus_amount",
    "stop_out_compensation_amount",
)

BY_SERVER_DAY = """
    INNER JOIN gate_days AS d
        ON d.tenant_id = f.tenant_id
        AND d.server_id = f.server_id
        AND d.business_date = f.business_date
"""

ACCOUNT_DAYS = Suite(
    table="finance.fct_account_days",
    key=("server_id", "login", "business_date"),
    date="business_date",
    rows=f"""
        SELECT
            f.*,
            f.opening_balance_amount + {" + ".join(f"f.{name}" for name in COMPONENTS)}
                - f.closing_balance_amount AS roll_forward_difference,
            f.opening_credit_amount + f.credit_change_amount
                - f.closing_credit_amount AS credit_difference,
            f.closing_balance_amount + f.closing_credit_amount + f.floating_pnl_amount
                + f.floating_swap_amount - f.equity_amount AS equity_difference,
            f.closing_balance_amount - f.platform_balance_amount
                - f.balance_break_amount AS break_difference,
            coalesce(m.balance_effect_amount, 0) + f.opening_balance_amount
                - f.closing_balance_amount AS deals_difference,
            a.account_key IS NULL AS is_orphan,
            {IS_FUTURE.format(column="business_date")}
        FROM lake.finance.fct_account_days AS f
        {BY_SERVER_DAY}
        LEFT JOIN lake.canonical.can_accounts AS a ON a.account_key = f.account_key
        LEFT JOIN (
            SELECT
                f.tenant_id, f.server_id, f.login, f.business_date,
                sum(f.balance_effect_amount) AS balance_effect_amount
            FROM lake.canonical.can_deals AS f
            {BY_SERVER_DAY}
            GROUP BY f.tenant_id, f.server_id, f.login, f.business_date
        ) AS m
            ON m.tenant_id = f.tenant_id
            AND m.server_id = f.server_id
            AND m.login = f.login
            AND m.business_date = f.business_date
    """,
    expected=(
        columns(
            "tenant_id",
            "server_id",
            "login",
            "business_date",
            "opening_balance_amount",
            *COMPONENTS,
            "closing_balance_amount",
            "closing_credit_amount",
            "floating_pnl_amount",
            "floating_swap_amount",
            "equity_amount",
            "platform_balance_amount",
            "balance_break_amount",
        ),
        *filled(
            "tenant_id",
            "server_id",
            "login",
            "account_key",
            "business_date",
            "account_currency",
            "opening_balance_amount",
            "closing_balance_amount",
            "equity_amount",
        ),
        unique("tenant_id", "server_id", "login", "business_date"),
        one_of("book", *BOOKS),
        like("account_currency", CURRENCY, "account_currency is a currency code"),
        *amounts("closing_balance_amount", "closing_credit_amount", "equity_amount"),
        between("deposits_amount", 0, None, "Deposits add to the balance"),
        between("withdrawals_amount", None, 0, "Withdrawals take from the balance"),
        zero(
            "roll_forward_difference", "Opening balance and components come to the closing balance"
        ),
        zero("credit_difference", "Opening credit and its change come to the closing credit"),
        zero("equity_difference", "Equity is balance, credit and floating result"),
        zero("break_difference", "The balance break is the books less the platform"),
        zero("deals_difference", "The day's deals move the opening balance to the closing one"),
        never("is_orphan", "Every account is known to the books"),
        not_future("business_date"),
    ),
)

DEALS = Suite(
    table="canonical.can_deals",
    key=("deal_key", "business_date"),
    date="business_date",
    rows=f"""
        SELECT
            f.*,
            count(*) OVER (PARTITION BY f.deal_key) AS times_held,
            abs(date_diff('day', f.executed_at_server::DATE, f.business_date)) AS days_apart,
            f.is_trade AND coalesce(f.symbol, '') = '' AS is_trade_without_symbol,
            f.is_trade AND f.balance_effect_amount <> f.closed_pnl_amount + f.swap_amount
                + f.commission_amount + f.fee_amount AS is_effect_wrong,
            a.account_key IS NULL AS is_orphan,
            CASE WHEN f.platform = 'mt5' THEN f.action END AS mt5_action,
            f.action = 'unknown' OR f.component = 'unknown' AS is_unknown,
            {IS_FUTURE.format(column="business_date")}
        FROM lake.canonical.can_deals AS f
        {BY_SERVER_DAY}
        LEFT JOIN lake.canonical.can_accounts AS a ON a.account_key = f.account_key
    """,
    expected=(
        columns(
            "deal_key",
            "account_key",
            "business_date",
            "executed_at_utc",
            "action",
            "entry",
            "symbol",
            "volume_lots",
            "closed_pnl_amount",
            "swap_amount",
            "commission_amount",
            "component",
            "balance_effect_amount",
            "credit_effect_amount",
        ),
        *filled(
            "tenant_id",
            "server_id",
            "deal_id",
            "deal_key",
            "login",
            "account_key",
            "business_date",
            "executed_at_server",
            "executed_at_utc",
            "balance_effect_amount",
            "credit_effect_amount",
        ),
        between("times_held", 1, 1, "A deal is held once"),
        never("is_unknown", "Every deal is of a kind that the books know"),
        one_of(
            "mt5_action",
            "buy",
            "sell",
            "balance",
            "credit",
            "charge",
            "correction",
            "bonus",
            "commission",
            "commission_daily",
            "commission_monthly",
            "agent",
            "agent_daily",
            "agent_monthly",
            "interest",
            "buy_cancelled",
            "sell_cancelled",
            "dividend",
            "dividend_franked",
            "tax",
            "so_compensation",
            "so_compensation_credit",
        ),
        one_of("entry", "in", "out", "in_out", "out_by"),
        one_of("side", "buy", "sell"),
        like("account_currency", CURRENCY, "account_currency is a currency code"),
        *amounts("closed_pnl_amount", "balance_effect_amount", "credit_effect_amount"),
        between("volume_lots", 0, None, "Volume has no sign"),
        between("days_apart", 0, 1, "A deal belongs to its server day or the one after"),
        never("is_trade_without_symbol", "A trade names its symbol"),
        never("is_effect_wrong", "A trade moves the balance by its P&L, swap, commission and fee"),
        never("is_orphan", "Every account is known to the books"),
        not_future("business_date"),
    ),
)

OPEN_POSITIONS = Suite(
    table="finance.fct_open_positions",
    key=("server_id", "position_id", "business_date"),
    date="business_date",
    rows=f"""
        SELECT
            f.*,
            f.opened_at_server::DATE > f.business_date + 1 AS is_opened_later,
            a.account_key IS NULL AS is_orphan,
            {IS_FUTURE.format(column="business_date")}
        FROM lake.finance.fct_open_positions AS f
        {BY_SERVER_DAY}
        LEFT JOIN lake.canonical.can_accounts AS a ON a.account_key = f.account_key
        -- The rest of a MetaTrader 4 report is no position; identities count what has no price.
        WHERE f.position_id > 0 AND f.floating_pnl_amount IS NOT NULL
    """,
    expected=(
        columns(
            "position_key",
            "account_key",
            "business_date",
            "symbol",
            "side",
            "volume_lots",
            "close_price",
            "floating_pnl_amount",
            "floating_swap_amount",
            "floating_pnl_reporting",
        ),
        *filled(
            "tenant_id",
            "server_id",
            "business_date",
            "position_id",
            "login",
            "symbol",
            "side",
            "close_price",
            "floating_pnl_amount",
        ),
        unique("tenant_id", "server_id", "business_date", "position_id"),
        one_of("side", "buy", "sell"),
        one_of("book", *BOOKS),
        *amounts("floating_pnl_amount", "floating_swap_amount"),
        between("volume_lots", 0, None, "Volume has no sign"),
        never("is_opened_later", "A position is open at a close only after it was opened"),
        never("is_orphan", "Every account is known to the books"),
        not_future("business_date"),
    ),
)

DAILY_PNL = Suite(
    table="finance.fct_daily_pnl",
    key=("account_key", "symbol", "business_date"),
    date="business_date",
    rows=f"""
        SELECT
            f.*,
            f.dealing_pnl_reporting + f.commission_income_reporting + f.swap_income_reporting
                + f.fee_income_reporting - f.total_reporting AS total_difference,
            f.book = 'A' AND f.dealing_pnl_reporting <> 0 AS is_hedged_with_result,
            coalesce(a.is_excluded, FALSE) AS is_excluded,
            a.account_key IS NULL AS is_orphan,
            {IS_FUTURE.format(column="business_date")}
        FROM lake.finance.fct_daily_pnl AS f
        {BY_SERVER_DAY}
        LEFT JOIN lake.canonical.can_accounts AS a ON a.account_key = f.account_key
    """,
    expected=(
        columns(
            "account_key",
            "symbol",
            "business_date",
            "book",
            "client_closed_pnl_amount",
            "client_floating_change_amount",
            "client_swap_amount",
            "client_commission_amount",
            "client_fee_amount",
            "dealing_pnl_reporting",
            "commission_income_reporting",
            "swap_income_reporting",
            "fee_income_reporting",
            "total_reporting",
        ),
        *filled(
            "tenant_id",
            "server_id",
            "business_date",
            "account_key",
            "symbol",
            "book",
            "reporting_currency",
            "dealing_pnl_reporting",
            "commission_income_reporting",
            "swap_income_reporting",
            "fee_income_reporting",
            "total_reporting",
        ),
        unique("tenant_id", "server_id", "business_date", "account_key", "symbol"),
        one_of("book", *BOOKS),
        like("reporting_currency", CURRENCY, "reporting_currency is a currency code"),
        *amounts("total_reporting", "client_closed_pnl_amount"),
        between("deal_count", 0, None, "A count has no sign"),
        between("volume_lots", 0, None, "Volume has no sign"),
        zero("total_difference", "Dealing, commission, swap and fees come to the total"),
        never("is_hedged_with_result", "A hedged account gives no dealing result"),
        never("is_excluded", "Excluded accounts stay out of the P&L"),
        never("is_orphan", "Every account is known to the books"),
        not_future("business_date"),
    ),
)

BOOK_SUITES = (DEALS, ACCOUNT_DAYS, OPEN_POSITIONS, DAILY_PNL)
