"""The tables a client statement lists: one query a part, for all accounts of a batch.

Each joins `asked` (account_key, first, last), which the caller lays; rows come by account.
"""

from __future__ import annotations

DEALS = """
    SELECT
        deals.account_key, deals.executed_at_server, deals.deal_id, deals.position_id,
        deals.is_trade, deals.symbol, deals.action, deals.entry, deals.component,
        coalesce(deals.volume_lots, 0), coalesce(deals.price, 0), instruments.digits,
        coalesce(deals.closed_pnl_amount, 0), coalesce(deals.swap_amount, 0),
        coalesce(deals.commission_amount, 0), coalesce(deals.fee_amount, 0),
        coalesce(deals.balance_effect_amount, 0), coalesce(deals.credit_effect_amount, 0),
        deals.comment
    FROM lake.canonical.can_deals AS deals
    JOIN asked ON asked.account_key = deals.account_key
    LEFT JOIN lake.canonical.can_instruments AS instruments
        ON instruments.tenant_id = deals.tenant_id
        AND instruments.server_id = deals.server_id
        AND instruments.symbol = deals.symbol
    WHERE deals.business_date BETWEEN asked.first AND asked.last
    ORDER BY deals.account_key, deals.executed_at_server, deals.deal_id
"""

# A position is closed when what was bought and sold of it is equal; its first deal tells the
# side, and the prices are the averages by volume of the deals that opened and closed it.
CLOSED_POSITIONS = """
    WITH trades AS (
        SELECT
            deals.*,
            first_value(deals.side) OVER (
                PARTITION BY deals.account_key, deals.position_id
                ORDER BY deals.executed_at_server, deals.deal_id
            ) AS first_side
        FROM lake.canonical.can_deals AS deals
        JOIN asked ON asked.account_key = deals.account_key
        WHERE deals.business_date <= asked.last AND deals.is_trade AND deals.side IS NOT NULL
            AND deals.position_id <> 0
    ),
    positions AS (
        SELECT
            tenant_id, server_id, account_key, position_id, min(symbol) AS symbol,
            min(first_side) AS side,
            sum(volume_lots) FILTER (WHERE side = first_side) AS lots,
            min(executed_at_server) AS opened_at,
            sum(price * volume_lots) FILTER (WHERE side = first_side) AS open_value,
            max(executed_at_server) AS closed_at,
            sum(price * volume_lots) FILTER (WHERE side <> first_side) AS close_value,
            sum(commission_amount + fee_amount) AS commission,
            sum(swap_amount) AS swap,
            sum(closed_pnl_amount) AS closed_pnl,
            max(business_date) AS closed_on
        FROM trades
        GROUP BY tenant_id, server_id, account_key, position_id
        HAVING sum(CASE WHEN side = first_side THEN volume_lots ELSE -volume_lots END) = 0
    )
    SELECT
        positions.account_key, positions.position_id, positions.symbol, positions.side,
        positions.lots, positions.opened_at, positions.open_value, positions.closed_at,
        positions.close_value, instruments.digits, positions.commission, positions.swap,
        positions.closed_pnl
    FROM positions
    JOIN asked ON asked.account_key = positions.account_key
    LEFT JOIN lake.canonical.can_instruments AS instruments
        ON instruments.tenant_id = positions.tenant_id
        AND instruments.server_id = positions.server_id
        AND instruments.symbol = positions.symbol
    WHERE positions.closed_on >= asked.first
    ORDER BY positions.account_key, positions.closed_at, positions.position_id
"""

# The last close is the last day the platform reported on the account or listed a position of it:
# a day with a mere balance operation, such as a weekend transfer, carries the floating result on.
OPEN_POSITIONS = """
    WITH closes AS (
        SELECT account_days.account_key, account_days.business_date
        FROM lake.finance.fct_account_days AS account_days
        JOIN asked ON asked.account_key = account_days.account_key
        WHERE account_days.business_date <= asked.last
            AND account_days.platform_balance_amount IS NOT NULL
        UNION ALL
        SELECT held.account_key, held.business_date
        FROM lake.finance.fct_open_positions AS held
        JOIN asked ON asked.account_key = held.account_key
        WHERE held.business_date <= asked.last
    ),
    last_days AS (
        SELECT account_key, max(business_date) AS business_date FROM closes GROUP BY account_key
    )
    SELECT
        positions.account_key, positions.position_id, positions.symbol, positions.side,
        positions.volume_lots, positions.opened_at_server, positions.open_price,
        positions.close_price, instruments.digits, positions.floating_pnl_amount,
        coalesce(positions.floating_swap_amount, 0)
    FROM lake.finance.fct_open_positions AS positions
    JOIN last_days
        ON last_days.account_key = positions.account_key
        AND last_days.business_date = positions.business_date
    LEFT JOIN lake.canonical.can_instruments AS instruments
        ON instruments.tenant_id = positions.tenant_id
        AND instruments.server_id = positions.server_id
        AND instruments.symbol = positions.symbol
    -- What nothing prices is no part of the equity either.
    WHERE positions.floating_pnl_amount IS NOT NULL
    ORDER BY positions.account_key, positions.opened_at_server, positions.position_id
"""

# An order waits at a close when it was placed by then and not yet done.
WORKING_ORDERS = """
    SELECT
        orders.account_key, orders.order_id, orders.placed_at_server, orders.symbol,
        orders.order_type, orders.volume_lots, orders.order_price, orders.stop_loss_price,
        orders.take_profit_price, instruments.digits
    FROM lake.statements.fct_working_orders AS orders
    JOIN asked ON asked.account_key = orders.account_key
    LEFT JOIN lake.canonical.can_instruments AS instruments
        ON instruments.tenant_id = orders.tenant_id
        AND instruments.server_id = orders.server_id
        AND instruments.symbol = orders.symbol
    WHERE orders.placed_date <= asked.last
        AND (orders.done_date IS NULL OR orders.done_date > asked.last)
    ORDER BY orders.account_key, orders.placed_at_server, orders.order_id
"""

MARGINS = """
    SELECT
        margins.account_key, max(margins.business_date),
        arg_max(margins.margin_amount, margins.business_date),
        arg_max(margins.free_margin_amount, margins.business_date),
        last(margins.margin_level_pct ORDER BY margins.business_date)
    FROM lake.statements.fct_account_margins AS margins
    JOIN asked ON asked.account_key = margins.account_key
    WHERE margins.business_date <= asked.last
    GROUP BY margins.account_key
    ORDER BY margins.account_key
"""
