"""The books of the MetaTrader 4 and the cTrader server against the simulator's truth."""

from __future__ import annotations

from quality.truth_queries import UNROUNDED, Comparison

_FILE = "platform_books.parquet"
_DAY = ("tenant_id", "server_id", "login", "business_date")
# cTrader reports no days: its weekends are closes only where a balance changed.
_IS_CLOSE = "(server_id <> 'ctrader_live' OR isodow(business_date) < 6)"
_OF_THE_SERVERS = "(tenant_id, server_id) IN (SELECT (tenant_id, server_id) FROM {file})"


def _moved(rows: str) -> str:
    """The account days among them on which money of the account moved.

    A day on which a trade was opened and nothing moved has a row in the books only; one on which
    nothing but a rate moved has a row in the truth for its P&L.
    """
    return f"""
        SELECT * FROM (
            SELECT
                *,
                lag(closing_credit, 1, 0) OVER account AS credit_before,
                lag(floating, 1, 0) OVER account AS floating_before,
                lag(floating_swap, 1, 0) OVER account AS floating_swap_before
            FROM ({rows})
            WINDOW account AS (PARTITION BY tenant_id, server_id, login ORDER BY business_date)
        )
        WHERE opening_balance <> closing_balance OR closing_credit <> credit_before
            OR closed_pnl <> 0 OR swap <> 0 OR commission <> 0 OR fee <> 0
            OR floating <> floating_before OR floating_swap <> floating_swap_before
    """


PLATFORM_ACCOUNT_DAYS = Comparison(
    id="truth_platform_account_days",
    what="Balances and results of every MT4 and cTrader account and day equal the truth",
    file=_FILE,
    needs=("finance.fct_account_days",),
    key=_DAY,
    amounts=(
        "opening_balance",
        "closing_balance",
        "closing_credit",
        "closed_pnl",
        "swap",
        "commission",
        "fee",
        "floating",
        "floating_swap",
    ),
    truth=_moved("SELECT * FROM {file}"),
    books=_moved(
        f"""
        SELECT
            tenant_id,
            server_id,
            login,
            business_date,
            opening_balance_amount AS opening_balance,
            closing_balance_amount AS closing_balance,
            closing_credit_amount AS closing_credit,
            closed_pnl_amount AS closed_pnl,
            swap_amount AS swap,
            commission_amount + commission_round_amount AS commission,
            fees_amount + charges_amount AS fee,
            floating_pnl_amount + floating_swap_amount AS floating,
            floating_swap_amount AS floating_swap
        FROM lake.finance.fct_account_days
        WHERE {_OF_THE_SERVERS}
        """
    ),
)

PLATFORM_PNL = Comparison(
    id="truth_platform_pnl",
    what="Each line of the broker's P&L on MT4 and cTrader accounts equals the truth",
    file=_FILE,
    needs=("finance.fct_daily_pnl",),
    key=_DAY,
    amounts=("dealing_pnl", "commission_income", "swap_income", "fee_income"),
    truth="""
        SELECT * FROM {file}
        WHERE dealing_pnl <> 0 OR commission_income <> 0 OR swap_income <> 0 OR fee_income <> 0
    """,
    books=f"""
        SELECT
            tenant_id,
            server_id,
            login,
            business_date,
            sum(dealing_pnl_reporting) AS dealing_pnl,
            sum(commission_income_reporting) AS commission_income,
            sum(swap_income_reporting) AS swap_income,
            sum(fee_income_reporting) AS fee_income
        FROM lake.finance.fct_daily_pnl
        WHERE {_OF_THE_SERVERS}
        GROUP BY ALL
        HAVING dealing_pnl <> 0 OR commission_income <> 0 OR swap_income <> 0 OR fee_income <> 0
    """,
    precision=UNROUNDED,
)

PLATFORM_POSITIONS = Comparison(
    id="truth_platform_positions",
    what="Every MT4 and cTrader position at every close is worth what the simulator's truth says",
    file="platform_positions.parquet",
    needs=("finance.fct_open_positions",),
    key=("tenant_id", "server_id", "login", "business_date", "position_id"),
    amounts=("lots", "open_price", "close_price", "floating_pnl", "floating_swap"),
    truth=f"SELECT * FROM {{file}} WHERE {_IS_CLOSE}",
    books=f"""
        SELECT
            tenant_id,
            server_id,
            login,
            business_date,
            position_id,
            volume_lots AS lots,
            open_price,
            close_price,
            floating_pnl_amount AS floating_pnl,
            floating_swap_amount AS floating_swap
        FROM lake.finance.fct_open_positions
        WHERE {_OF_THE_SERVERS} AND {_IS_CLOSE}
    """,
)

PENDING_ORDERS = Comparison(
    id="truth_pending_orders",
    what="Every pending order of MetaTrader 5 waited as long, and for as much, as the truth says",
    file="pending_orders.parquet",
    needs=("statements.fct_working_orders",),
    key=("server_id", "login", "order_id", "placed_at_server", "done_at_server"),
    amounts=("volume_lots",),
    truth="SELECT * FROM {file}",
    books="""
        SELECT server_id, login, order_id, placed_at_server, done_at_server, volume_lots
        FROM lake.statements.fct_working_orders
        WHERE server_id IN (SELECT server_id FROM {file})
    """,
)
