-- Three days of two accounts, small enough to check with a pencil. 1001 (USD, B book) deposits
-- 1,000, buys a lot of EURUSD, closes it with 80 the next day and takes 500 out on the third.
-- 1002 (EUR, A book) deposits 500 and gets a credit of 100.
CREATE SCHEMA IF NOT EXISTS lake.canonical;
CREATE SCHEMA IF NOT EXISTS lake.finance;
CREATE SCHEMA IF NOT EXISTS lake.partners;
CREATE SCHEMA IF NOT EXISTS lake.compliance;

CREATE TABLE lake.canonical.can_accounts AS
SELECT
    'demo' AS tenant_id, 'mt5_live' AS server_id, 'mt5' AS platform, login::BIGINT AS login,
    'demo/mt5_live/' || login AS account_key, client_key, 'real\usd' AS group_name,
    account_currency, 2 AS currency_digits, 1 AS money_divisor, book,
    'Daybook Markets Ltd' AS legal_entity, 'retail' AS desk, FALSE AS is_excluded,
    NULL::VARCHAR AS exclusion_reason, 'hedging' AS margin_mode, 100 AS leverage,
    'DE' AS country, TRUE AS is_known, DATE '2026-10-01' AS registered_date
FROM (VALUES
    (1001, 'demo/C1', 'USD', 'B'),
    (1002, 'demo/C2', 'EUR', 'A')
) AS v (login, client_key, account_currency, book);

CREATE TABLE lake.canonical.can_clients AS
SELECT
    'demo' AS tenant_id, 'demo/' || client_id AS client_key, client_id, 'DE' AS country,
    DATE '2026-10-01' AS registered_date, 'active' AS status, 'approved' AS kyc_status,
    'low' AS risk_class, 'demo/P1' AS partner_key
FROM (VALUES ('C1'), ('C2')) AS v (client_id);

CREATE TABLE lake.canonical.can_deals AS
SELECT
    'demo' AS tenant_id, 'mt5_live' AS server_id, 'mt5' AS platform, deal_id::BIGINT AS deal_id,
    'demo/mt5_live/' || deal_id AS deal_key, login::BIGINT AS login,
    'demo/mt5_live/' || login AS account_key, executed::DATE AS business_date,
    executed::TIMESTAMP AS executed_at_server, executed::TIMESTAMP - INTERVAL 2 HOUR AS executed_at_utc,
    120 AS utc_offset_minutes, executed::TIMESTAMP - INTERVAL 2 HOUR AS changed_at_utc,
    deal_id::BIGINT AS order_id, position_id::BIGINT AS position_id, action_code, action,
    entry_code, entry, 0 AS reason_code, symbol, side, is_trade, is_trade AS is_turnover,
    price::DECIMAL(24, 8) AS price, lots::DECIMAL(24, 8) AS volume_lots,
    CASE WHEN entry = 'out' THEN lots ELSE 0 END::DECIMAL(24, 8) AS volume_closed_lots,
    (lots * 100000)::DECIMAL(24, 8) AS volume_units, closed::DECIMAL(24, 8) AS closed_pnl_amount,
    swap::DECIMAL(24, 8) AS swap_amount, commission::DECIMAL(24, 8) AS commission_amount,
    0::DECIMAL(24, 8) AS fee_amount, component,
    (moved + closed + swap + commission)::DECIMAL(24, 8) AS balance_effect_amount,
    credit::DECIMAL(24, 8) AS credit_effect_amount, currency AS account_currency,
    '' AS comment, FALSE AS is_modified, 4294967296 + deal_id AS source_row_id,
    1::BIGINT AS load_id
FROM (VALUES
    (1, 1001, '2026-10-28 09:00:00', NULL, 2, 'balance', NULL, NULL, NULL, NULL, FALSE, NULL, 0, 1000, 0, 0, 0, 0, 'deposit', 'USD'),
    (2, 1001, '2026-10-28 10:00:00', 2, 0, 'buy', 0, 'in', 'EURUSD', 'buy', TRUE, 1.16, 1, 0, 0, 0, -7, 0, 'trade', 'USD'),
    (3, 1001, '2026-10-29 10:00:00', 2, 1, 'sell', 1, 'out', 'EURUSD', 'sell', TRUE, 1.1608, 1, 0, 80, -2, -7, 0, 'trade', 'USD'),
    (4, 1001, '2026-10-30 10:00:00', NULL, 2, 'balance', NULL, NULL, NULL, NULL, FALSE, NULL, 0, -500, 0, 0, 0, 0, 'withdrawal', 'USD'),
    (5, 1002, '2026-10-28 11:00:00', NULL, 2, 'balance', NULL, NULL, NULL, NULL, FALSE, NULL, 0, 500, 0, 0, 0, 0, 'deposit', 'EUR'),
    (6, 1002, '2026-10-28 12:00:00', NULL, 3, 'credit', NULL, NULL, NULL, NULL, FALSE, NULL, 0, 0, 0, 0, 0, 100, 'credit', 'EUR')
) AS v (
    deal_id, login, executed, position_id, action_code, action, entry_code, entry, symbol, side,
    is_trade, price, lots, moved, closed, swap, commission, credit, component, currency
);

CREATE TABLE lake.finance.fct_account_days AS
SELECT
    'demo' AS tenant_id, 'mt5_live' AS server_id, login::BIGINT AS login,
    'demo/mt5_live/' || login AS account_key, client_key, 'Daybook Markets Ltd' AS legal_entity,
    book, 'real\usd' AS group_name, currency AS account_currency, 2 AS currency_digits,
    FALSE AS is_excluded, business_date::DATE AS business_date,
    opening::DECIMAL(38, 8) AS opening_balance_amount, deposits::DECIMAL(38, 8) AS deposits_amount,
    withdrawals::DECIMAL(38, 8) AS withdrawals_amount,
    0::DECIMAL(38, 8) AS internal_transfers_amount, closed::DECIMAL(38, 8) AS closed_pnl_amount,
    swap::DECIMAL(38, 8) AS swap_amount, commission::DECIMAL(38, 8) AS commission_amount,
    0::DECIMAL(38, 8) AS commission_round_amount, 0::DECIMAL(38, 8) AS fees_amount,
    0::DECIMAL(38, 8) AS agent_commission_amount, 0::DECIMAL(38, 8) AS interest_amount,
    0::DECIMAL(38, 8) AS dividends_amount, 0::DECIMAL(38, 8) AS taxes_amount,
    0::DECIMAL(38, 8) AS charges_amount, 0::DECIMAL(38, 8) AS corrections_amount,
    0::DECIMAL(38, 8) AS bonus_amount, 0::DECIMAL(38, 8) AS stop_out_compensation_amount,
    closing::DECIMAL(38, 8) AS closing_balance_amount,
    (credit - credit_change)::DECIMAL(38, 8) AS opening_credit_amount,
    credit_change::DECIMAL(38, 8) AS credit_change_amount,
    credit::DECIMAL(38, 8) AS closing_credit_amount,
    floating::DECIMAL(38, 8) AS floating_pnl_amount,
    floating_swap::DECIMAL(38, 8) AS floating_swap_amount,
    (closing + credit + floating + floating_swap)::DECIMAL(38, 8) AS equity_amount,
    closing::DECIMAL(38, 8) AS platform_balance_amount,
    credit::DECIMAL(38, 8) AS platform_credit_amount,
    (floating + floating_swap)::DECIMAL(38, 8) AS platform_floating_amount,
    0::DECIMAL(38, 8) AS balance_break_amount, 0::DECIMAL(38, 8) AS credit_break_amount,
    0::DECIMAL(38, 8) AS floating_break_amount
FROM (VALUES
    (1001, 'demo/C1', 'USD', 'B', '2026-10-28', 0, 1000, 0, 0, 0, -7, 993, 0, 0, 50, -2),
    (1001, 'demo/C1', 'USD', 'B', '2026-10-29', 993, 0, 0, 80, -2, -7, 1064, 0, 0, 0, 0),
    (1001, 'demo/C1', 'USD', 'B', '2026-10-30', 1064, 0, -500, 0, 0, 0, 564, 0, 0, 0, 0),
    (1002, 'demo/C2', 'EUR', 'A', '2026-10-28', 0, 500, 0, 0, 0, 0, 500, 100, 100, 0, 0)
) AS v (
    login, client_key, currency, book, business_date, opening, deposits, withdrawals, closed,
    swap, commission, closing, credit_change, credit, floating, floating_swap
);

CREATE TABLE lake.finance.fct_open_positions AS
SELECT
    'demo' AS tenant_id, 'mt5_live' AS server_id, DATE '2026-10-28' AS business_date,
    2::BIGINT AS position_id, 'demo/mt5_live/2' AS position_key, 1001::BIGINT AS login,
    'demo/mt5_live/1001' AS account_key, 'demo/C1' AS client_key,
    'Daybook Markets Ltd' AS legal_entity, 'B' AS book, FALSE AS is_excluded, 'EURUSD' AS symbol,
    'EURUSD' AS instrument, 'buy' AS side, 1::DECIMAL(24, 8) AS volume_lots,
    100000::DECIMAL(24, 8) AS volume_units, TIMESTAMP '2026-10-28 10:00:00' AS opened_at_server,
    1.16::DECIMAL(24, 8) AS open_price, 1.1605::DECIMAL(24, 8) AS close_price,
    1::DECIMAL(24, 12) AS profit_rate, 50::DECIMAL(24, 8) AS floating_pnl_amount,
    -2::DECIMAL(24, 8) AS floating_swap_amount, 'USD' AS account_currency,
    50::DECIMAL(38, 8) AS floating_pnl_reporting, -2::DECIMAL(38, 8) AS floating_swap_reporting,
    'USD' AS reporting_currency;

CREATE TABLE lake.finance.fct_daily_pnl AS
SELECT
    'demo' AS tenant_id, 'mt5_live' AS server_id, business_date::DATE AS business_date,
    'demo/mt5_live/1001' AS account_key, 'EURUSD' AS symbol,
    'Daybook Markets Ltd' AS legal_entity, 'B' AS book, 'retail' AS desk, 'demo/C1' AS client_key,
    'DE' AS country, 1001::BIGINT AS login, 'EURUSD' AS instrument, 'USD' AS account_currency,
    'USD' AS reporting_currency, 1::BIGINT AS deal_count, 1::DECIMAL(38, 8) AS volume_lots,
    closed::DECIMAL(38, 8) AS client_closed_pnl_amount,
    floating_change::DECIMAL(38, 8) AS client_floating_change_amount,
    swap::DECIMAL(38, 8) AS client_swap_amount,
    -7::DECIMAL(38, 8) AS client_commission_amount, 0::DECIMAL(38, 8) AS client_fee_amount,
    (-(closed + floating_change))::DECIMAL(38, 8) AS dealing_pnl_reporting,
    7::DECIMAL(38, 8) AS commission_income_reporting,
    (-swap)::DECIMAL(38, 8) AS swap_income_reporting,
    0::DECIMAL(38, 8) AS fee_income_reporting,
    (7 - swap - closed - floating_change)::DECIMAL(38, 8) AS total_reporting
FROM (VALUES
    ('2026-10-28', 0, 50, -2),
    ('2026-10-29', 80, -50, 0)
) AS v (business_date, closed, floating_change, swap);

-- only what the comparison with the truth reads
CREATE TABLE lake.finance.fct_journal_postings AS
SELECT pnl.tenant_id, pnl.server_id, pnl.business_date, pnl.account_key, pnl.symbol,
    lines.ledger_account, lines.amount
FROM lake.finance.fct_daily_pnl AS pnl, LATERAL (VALUES
    ('dealing_realised', pnl.client_closed_pnl_amount),
    ('dealing_unrealised', pnl.client_floating_change_amount),
    ('commission_income', pnl.client_commission_amount),
    ('swap_income', pnl.client_swap_amount)
) AS lines (ledger_account, amount);

CREATE TABLE lake.finance.fct_breaks (
    break_key VARCHAR, tenant_id VARCHAR, server_id VARCHAR, login BIGINT, account_key VARCHAR,
    business_date DATE, last_date DATE, kind VARCHAR, break_type VARCHAR, amount DECIMAL(38, 8),
    account_currency VARCHAR, reason VARCHAR, status VARCHAR, age_days BIGINT,
    assigned_to VARCHAR, explained_by VARCHAR, explained_reason VARCHAR, resolved_by VARCHAR,
    resolved_reason VARCHAR
);

CREATE TABLE lake.partners.fct_commission_ledger AS
SELECT
    'L' || line AS ledger_line_key, 1::BIGINT AS build_id, 'demo' AS tenant_id,
    'accrual' AS entry_type, 'mt5_live' AS server_id, 'demo/mt5_live/' || deal_id AS deal_key,
    deal_id::BIGINT AS deal_id, 'demo/mt5_live/1001' AS account_key, 'demo/C1' AS client_key,
    business_date::DATE AS business_date, 'demo/P1' AS partner_key, 'P1' AS partner_id,
    0 AS level, 'P1' AS partner_path, 'AG1' AS agreement_id, 'per_lot' AS model,
    quantity::DECIMAL(24, 8) AS base_quantity, 5::DECIMAL(24, 12) AS rate,
    amount::DECIMAL(24, 8) AS amount, 'USD' AS amount_currency,
    amount::DECIMAL(38, 8) AS amount_reporting, reason,
    TIMESTAMP '2026-10-31 00:00:00' AS booked_at, NULL::INTEGER AS tier,
    0::DECIMAL(24, 8) AS carved_amount, 0::DECIMAL(24, 8) AS capped_amount,
    0::DECIMAL(24, 8) AS rounding_amount
FROM (VALUES
    (1, 2, '2026-10-28', 0, 0, 'opening deal: per-lot pays at close'),
    (2, 3, '2026-10-29', 1, 5, NULL)
) AS v (line, deal_id, business_date, quantity, amount, reason);

CREATE TABLE lake.compliance.fct_alerts AS
SELECT
    'A3/demo/C1/2026-10-30' AS alert_key, 'demo' AS tenant_id, 'A3' AS scenario_id,
    'deposit without trading' AS scenario_name, 'demo/C1' AS client_key,
    'demo/mt5_live/1001' AS account_key, TIMESTAMP '2026-10-28 07:00:00' AS first_at_utc,
    TIMESTAMP '2026-10-30 08:00:00' AS last_at_utc, DATE '2026-10-30' AS alert_date,
    500::DECIMAL(38, 8) AS amount_reporting, 'USD' AS reporting_currency, '{}' AS parameters,
    'Half of the deposit left within three days.' AS reason,
    'demo/mt5_live/1,demo/mt5_live/4' AS evidence_keys, DATE '2020-01-01' AS rule_valid_from;

CREATE SCHEMA IF NOT EXISTS lake.filings;

CREATE TABLE lake.filings.fil_losing_accounts__account_classifications AS
SELECT
    'demo' AS tenant_id, 'mt5_live' AS server_id, 'Daybook Markets Ltd' AS legal_entity,
    'demo/mt5_live/' || login AS account_key, 'demo/' || client_id AS client_key,
    'retail' AS classification, DATE '2026-10-01' AS valid_from, NULL::DATE AS valid_to,
    FALSE AS is_excluded, NULL::VARCHAR AS exclusion_reason
FROM (VALUES (1001, 'C1'), (1002, 'C2')) AS v (login, client_id);

CREATE TABLE lake.filings.fil_losing_accounts__account_days AS
SELECT
    tenant_id, server_id, legal_entity, account_key, client_key, business_date,
    'retail' AS classification, closed_pnl_amount AS result_reporting,
    swap_amount + commission_amount AS costs_reporting,
    closed_pnl_amount + swap_amount + commission_amount AS realised_reporting,
    floating_pnl_amount + floating_swap_amount AS unrealised_reporting,
    'USD' AS reporting_currency, login = 1001 AND business_date < DATE '2026-10-30' AS has_open_cfd,
    FALSE AS is_excluded, NULL::VARCHAR AS exclusion_reason
FROM lake.finance.fct_account_days;

CREATE TABLE lake.meta.identities AS
SELECT
    identity_id, what, 'demo' AS tenant_id, 'mt5_live' AS server_id,
    business_date::DATE AS business_date, population::BIGINT AS population, 0::BIGINT AS broken,
    0::DECIMAL(38, 8) AS worst, total::DECIMAL(38, 8) AS sum_left, total::DECIMAL(38, 8) AS sum_right
FROM (VALUES
    ('roll_forward', 'Opening and components make the closing balance', '2026-10-28', 2, 1493),
    ('roll_forward', 'Opening and components make the closing balance', '2026-10-29', 1, 1064),
    ('pnl_adds_up', 'The lines of the daily P&L add up to its total', NULL, 2, -66)
) AS v (identity_id, what, business_date, population, total);
