-- What the simulator would say of the broker of tiny_books.sql, written down by hand.
CREATE TEMP TABLE account_days AS
SELECT
    'mt5_live' AS server_id, login::BIGINT AS login, business_date::DATE AS business_date,
    opening::DECIMAL(24, 8) AS opening_balance, closing::DECIMAL(24, 8) AS closing_balance,
    credit::DECIMAL(24, 8) AS closing_credit, floating::DECIMAL(24, 8) AS floating_pnl,
    floating_swap::DECIMAL(24, 8) AS floating_swap, equity::DECIMAL(24, 8) AS equity,
    deposits::DECIMAL(24, 8) AS deposits, withdrawals::DECIMAL(24, 8) AS withdrawals,
    0::DECIMAL(24, 8) AS internal_transfers, closed::DECIMAL(24, 8) AS closed_pnl,
    swap::DECIMAL(24, 8) AS swap, commission::DECIMAL(24, 8) AS commission,
    0::DECIMAL(24, 8) AS fees, 0::DECIMAL(24, 8) AS agent_commission,
    0::DECIMAL(24, 8) AS interest, 0::DECIMAL(24, 8) AS dividends, 0::DECIMAL(24, 8) AS taxes,
    0::DECIMAL(24, 8) AS charges, 0::DECIMAL(24, 8) AS corrections, 0::DECIMAL(24, 8) AS bonus,
    0::DECIMAL(24, 8) AS stop_out_compensation
FROM (VALUES
    (1001, '2026-10-28', 0, 993, 0, 50, -2, 1041, 1000, 0, 0, 0, -7),
    (1001, '2026-10-29', 993, 1064, 0, 0, 0, 1064, 0, 0, 80, -2, -7),
    (1001, '2026-10-30', 1064, 564, 0, 0, 0, 564, 0, -500, 0, 0, 0),
    (1002, '2026-10-28', 0, 500, 100, 0, 0, 600, 500, 0, 0, 0, 0)
) AS v (
    login, business_date, opening, closing, credit, floating, floating_swap, equity, deposits,
    withdrawals, closed, swap, commission
);

CREATE TEMP TABLE daily_pnl AS
SELECT
    'mt5_live' AS server_id, 1001::BIGINT AS login, 'EURUSD' AS symbol,
    business_date::DATE AS business_date, 'B' AS book, closed::DECIMAL(24, 8) AS closed_pnl,
    change::DECIMAL(24, 8) AS floating_change, swap::DECIMAL(24, 8) AS swap_accrual,
    -7::DECIMAL(24, 8) AS commission, 0::DECIMAL(24, 8) AS fee,
    dealing::DECIMAL(38, 8) AS dealing_pnl, 0::DECIMAL(38, 8) AS fee_income,
    7::DECIMAL(38, 8) AS commission_income, income::DECIMAL(38, 8) AS swap_income,
    total::DECIMAL(38, 8) AS total
FROM (VALUES
    ('2026-10-28', 0, 50, -2, -50, 2, -41),
    ('2026-10-29', 80, -50, 0, -30, 0, -23)
) AS v (business_date, closed, change, swap, dealing, income, total);

CREATE TEMP TABLE commission_ledger AS
SELECT
    'mt5_live' AS server_id, 3::BIGINT AS deal, 'P1' AS partner_id, 0 AS level,
    'per_lot' AS model, 5::DECIMAL(24, 8) AS amount, 'USD' AS currency;

CREATE TEMP TABLE alerts AS
SELECT
    'demo' AS tenant_id, 'A3' AS scenario, 'C1' AS client_id, 'mt5_live' AS server_id, 1001::BIGINT AS login,
    DATE '2026-10-28' AS first_date, DATE '2026-10-30' AS last_date;

CREATE TEMP TABLE breaks (
    server_id VARCHAR, login BIGINT, business_date DATE, kind VARCHAR, break_type VARCHAR,
    amount DECIMAL(24, 8)
);

CREATE TEMP TABLE statements AS
SELECT
    'mt5_live' AS server_id, login::BIGINT AS login, '2026-10' AS period,
    0::DECIMAL(24, 8) AS opening_balance, closing::DECIMAL(24, 8) AS closing_balance,
    closed::DECIMAL(24, 8) AS closed_pnl, swap::DECIMAL(24, 8) AS swap,
    commission::DECIMAL(24, 8) AS commission, deposits::DECIMAL(24, 8) AS deposits,
    withdrawals::DECIMAL(24, 8) AS withdrawals, equity::DECIMAL(24, 8) AS closing_equity
FROM (VALUES
    (1001, 564, 80, -2, -14, 1000, -500, 564),
    (1002, 500, 0, 0, 0, 500, 0, 600)
) AS v (login, closing, closed, swap, commission, deposits, withdrawals, equity);

-- 1001 makes 80 - 2 - 14 = 64 in all; in the window of the 28th alone 48 floating less 7. From
-- the 29th on it gives up those 48, makes 80 - 2 - 7, and so stays ahead by 23.
CREATE TEMP TABLE losing_accounts AS
SELECT
    'demo' AS tenant_id, window_from::DATE AS window_from, window_to::DATE AS window_to, 1::BIGINT AS retail_accounts,
    0::BIGINT AS losing_accounts
FROM (VALUES
    ('2025-11-01', '2026-10-31'), ('2026-10-28', '2026-10-28'), ('2026-10-29', '2026-10-31')
) AS v (window_from, window_to);
