-- A broker a person can check with a pencil: client C1 (accounts 1 and 2, the second in cents) was
-- referred by P3, whose parent is P1; client C2 (account 3) by nobody.
CREATE SCHEMA IF NOT EXISTS lake.canonical;
CREATE SCHEMA IF NOT EXISTS lake.staging;
CREATE SCHEMA IF NOT EXISTS lake.intermediate;
CREATE SCHEMA IF NOT EXISTS lake.finance;
CREATE SCHEMA IF NOT EXISTS lake.reference;

CREATE TABLE lake.canonical.can_accounts AS
SELECT
    'demo' AS tenant_id, 'live' AS server_id, login::BIGINT AS login,
    'demo/live/' || login AS account_key, 'demo/' || client_id AS client_key, group_name, 'USD' AS main_currency, money_divisor,
    false AS is_excluded, 'mt5' AS platform, 'USD' AS account_currency,
    2 AS currency_digits
FROM (VALUES
    (1, 'C1', 'real\B', 1),
    (2, 'C1', 'real\cent', 100),
    (3, 'C2', 'real\B', 1)
) AS accounts(login, client_id, group_name, money_divisor);

CREATE TABLE lake.canonical.can_clients AS
SELECT 'demo/C1' AS client_key, 'low' AS risk_class
UNION ALL SELECT 'demo/C2', 'low';

CREATE TABLE lake.canonical.can_deals AS
SELECT
    'demo' AS tenant_id, 'live' AS server_id, day AS business_date,
    'demo/live/' || deal_id AS deal_key, deal_id::BIGINT AS deal_id,
    'demo/live/' || login AS account_key, 'EURUSD' AS symbol,
    day::TIMESTAMP + INTERVAL 12 HOUR AS executed_at_utc, true AS is_trade, true AS is_turnover,
    lots::DECIMAL(24, 8) AS volume_lots, closed::DECIMAL(24, 8) AS volume_closed_lots,
    commission::DECIMAL(24, 8) AS commission_amount, deal_id::BIGINT AS position_id,
    CASE closed WHEN 0 THEN 'in' ELSE 'out' END AS entry, 'buy' AS side,
    1.1::DECIMAL(24, 8) AS price, NULL::DECIMAL(24, 8) AS market_spread_price,
    (lots * 100000)::DECIMAL(38, 8) AS volume_units, 0::DECIMAL(24, 8) AS closed_pnl_amount,
    0::DECIMAL(24, 8) AS swap_amount, 0::DECIMAL(24, 8) AS fee_amount, 'mt5' AS platform,
    0::BIGINT AS action_code, 'trade' AS component, '' AS comment,
    0::DECIMAL(24, 8) AS balance_effect_amount, NULL::TIMESTAMP AS changed_at_utc
FROM (VALUES
    (101, 1, DATE '2026-08-03', 1, 0, -5),
    (102, 1, DATE '2026-08-04', 1, 1, 0),
    (103, 2, DATE '2026-08-04', 50, 50, 0),
    (104, 3, DATE '2026-08-04', 1, 1, -5)
) AS deals(deal_id, login, day, lots, closed, commission);

CREATE TABLE lake.canonical.can_fx_to_reporting AS
SELECT
    day AS business_date, currency, 'USD' AS reporting_currency, rate::DECIMAL(24, 12) AS rate
FROM (VALUES (DATE '2026-08-03'), (DATE '2026-08-04')) AS days(day),
    (VALUES ('USD', 1), ('EUR', 1.1)) AS rates(currency, rate);

CREATE TABLE lake.canonical.can_cash_movements AS
SELECT
    'demo' AS tenant_id, 'live' AS server_id, executed_at_utc::DATE AS business_date,
    'demo/live/' || deal_id AS deal_key, 'demo/live/' || login AS account_key,
    'demo/C1' AS client_key, executed_at_utc::TIMESTAMP AS executed_at_utc, 'deposit' AS kind,
    amount::DECIMAL(24, 8) AS amount, currency AS account_currency,
    reporting::DECIMAL(24, 8) AS amount_reporting, 'R' || deal_id AS request_id, 'card' AS method,
    'ch_' || deal_id AS psp_reference
FROM (VALUES
    (201, 1, '2026-08-03 10:00:00', 9500, 'USD', 9500),
    (202, 2, '2026-08-03 18:00:00', 960000, 'USC', 9600),
    (203, 1, '2026-08-04 10:00:00', 9550, 'USD', 9550)
) AS movements(deal_id, login, executed_at_utc, amount, currency, reporting);

CREATE TABLE lake.intermediate.int_payments__costs_stated (
    tenant_id VARCHAR, psp_account_id VARCHAR, line VARCHAR, business_date DATE,
    amount DECIMAL(24, 8), happened_at_utc TIMESTAMP, case_id VARCHAR, request_id VARCHAR,
    payment_id VARCHAR, payment_intent_id VARCHAR);

CREATE TABLE lake.canonical.can_account_books AS
SELECT account_key, 'B' AS book, DATE '1900-01-01' AS valid_from, NULL::DATE AS valid_to
FROM lake.canonical.can_accounts;

CREATE TABLE lake.canonical.can_instruments AS
SELECT
    'demo' AS tenant_id, 'live' AS server_id, 'EURUSD' AS symbol, 'USD' AS profit_currency,
    5 AS digits;

CREATE TABLE lake.finance.fct_account_days (
    tenant_id VARCHAR, server_id VARCHAR, account_key VARCHAR, business_date DATE,
    opening_balance_amount DECIMAL(24, 8), opening_credit_amount DECIMAL(24, 8),
    equity_amount DECIMAL(38, 8), deposits_amount DECIMAL(38, 8), withdrawals_amount DECIMAL(38,
    8), internal_transfers_amount DECIMAL(38, 8), closed_pnl_amount DECIMAL(38, 8), swap_amount
    DECIMAL(38, 8), commission_amount DECIMAL(38, 8), commission_round_amount DECIMAL(38, 8),
    fees_amount DECIMAL(38, 8), interest_amount DECIMAL(38, 8), dividends_amount DECIMAL(38, 8),
    taxes_amount DECIMAL(38, 8), floating_pnl_amount DECIMAL(38, 8), floating_swap_amount
    DECIMAL(38, 8));

CREATE TABLE lake.intermediate.int_server_closes AS
SELECT 'demo' AS tenant_id, 'live' AS server_id, DATE '2026-08-04' AS business_date;

CREATE TABLE lake.reference.ref_currencies AS
SELECT * FROM (VALUES ('USD', 2), ('EUR', 2)) AS currencies(currency, minor_units);

CREATE TABLE lake.raw.crm_partner_agreements AS
SELECT
    'demo' AS _tenant_id, row_id::BIGINT AS _row_id, load_id::BIGINT AS _load_id, agreement_id,
    partner_id, level, model, rate::DECIMAL(24, 12) AS rate, currency, '%' AS symbol_pattern,
    '%' AS account_group_pattern, DATE '2026-07-01' AS valid_from, NULL::DATE AS valid_to
FROM (VALUES
    (1, 1, 'A1', 'P3', 0, 'per_lot', 7, 'USD'),
    (2, 1, 'A2', 'P3', 0, 'commission_share', 0.2, NULL),
    (3, 1, 'A3', 'P1', 1, 'per_lot', 1, 'EUR')
) AS agreements(row_id, load_id, agreement_id, partner_id, level, model, rate, currency);

CREATE TABLE lake.raw.crm_partner_tree AS
SELECT
    'demo' AS _tenant_id, row_id::BIGINT AS _row_id, 1::BIGINT AS _load_id, child_kind, child_id,
    parent_partner_id, DATE '2026-07-01' AS valid_from, NULL::DATE AS valid_to
FROM (VALUES (11, 'client', 'C1', 'P3'), (12, 'partner', 'P3', 'P1'))
    AS links(row_id, child_kind, child_id, parent_partner_id);

CREATE TABLE lake.raw.crm_client_accounts AS
SELECT
    'demo' AS _tenant_id, login::BIGINT AS _row_id, 1::BIGINT AS _load_id, client_id,
    'live' AS server_id, login::BIGINT AS login
FROM (VALUES (1, 'C1'), (2, 'C1'), (3, 'C2')) AS links(login, client_id);

CREATE TABLE lake.raw.crm_partners (
    _tenant_id VARCHAR, _row_id BIGINT, _load_id BIGINT, partner_id VARCHAR, client_id VARCHAR);

CREATE TABLE lake.raw.crm_partner_tiers (
    _tenant_id VARCHAR, _row_id BIGINT, _load_id BIGINT, agreement_id VARCHAR,
    lower_bound DECIMAL(24, 8), upper_bound DECIMAL(24, 8), rate DECIMAL(24, 12));

CREATE TABLE lake.raw.crm_partner_clawbacks (
    _tenant_id VARCHAR, _row_id BIGINT, _load_id BIGINT, clawback_id VARCHAR, client_id VARCHAR,
    cause VARCHAR, valid_from DATE, valid_to DATE);

CREATE TABLE lake.raw.crm_copy_strategies (
    _tenant_id VARCHAR, _row_id BIGINT, _load_id BIGINT, strategy_id VARCHAR, valid_from DATE);

CREATE TABLE lake.raw.crm_copy_investments (
    _tenant_id VARCHAR, _row_id BIGINT, _load_id BIGINT, strategy_id VARCHAR, server_id VARCHAR,
    login BIGINT, valid_from DATE);

CREATE VIEW lake.staging.stg_crm__copy_strategies AS
SELECT
    _tenant_id AS tenant_id, strategy_id, 'copy' AS kind, valid_from, NULL::DATE AS valid_to,
    NULL::DECIMAL(10, 8) AS management_rate, 0.2::DECIMAL(10, 8) AS performance_rate,
    NULL::DECIMAL(24, 8) AS subscription_amount, NULL::VARCHAR AS subscription_currency,
    'next_month' AS fees_posted, NULL::VARCHAR AS management_pattern,
    'Performance fee%' AS performance_pattern, NULL::VARCHAR AS subscription_pattern
FROM lake.raw.crm_copy_strategies;

CREATE VIEW lake.staging.stg_crm__copy_investments AS
SELECT
    _tenant_id AS tenant_id, strategy_id, server_id, login,
    _tenant_id || '/' || server_id || '/' || login AS account_key, valid_from,
    NULL::DATE AS valid_to
FROM lake.raw.crm_copy_investments;

CREATE TABLE lake.reference.ref_ctrader_balance_operations (
    operation_code INTEGER, copy_fee_kind VARCHAR);

CREATE VIEW lake.staging.stg_crm__partner_tiers AS
SELECT
    _tenant_id AS tenant_id, agreement_id,
    row_number() OVER (PARTITION BY agreement_id ORDER BY lower_bound)::INTEGER AS tier,
    lower_bound, upper_bound, rate
FROM lake.raw.crm_partner_tiers;

CREATE VIEW lake.staging.stg_crm__partner_clawbacks AS
SELECT
    _tenant_id AS tenant_id, clawback_id, _tenant_id || '/' || client_id AS client_key, cause,
    valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to
FROM lake.raw.crm_partner_clawbacks;

CREATE VIEW lake.staging.stg_crm__partner_agreements AS
SELECT
    _tenant_id AS tenant_id, agreement_id, partner_id, level, model, rate, currency,
    symbol_pattern, account_group_pattern, valid_from, valid_to,
    'additive' AS override_convention, NULL::VARCHAR AS tier_basis, NULL::VARCHAR AS tier_mode,
    1::DECIMAL(24, 12) AS lot_ratio, 1::DECIMAL(24, 12) AS hybrid_ratio,
    NULL::DECIMAL(24, 8) AS markup_points, NULL::DECIMAL(24, 8) AS spread_cap_points,
    NULL::DECIMAL(24, 8) AS trade_cap_amount, NULL::DECIMAL(24, 8) AS period_cap_amount,
    0 AS minimum_seconds, 0::DECIMAL(24, 8) AS activity_minimum_lots, false AS nets_hedges,
    false AS excludes_bonus, 'period' AS rounding,
    agreement_id = 'A1' AS clawback_on_chargeback, NULL::INTEGER AS clawback_days
FROM lake.raw.crm_partner_agreements
WHERE _row_id NOT IN (SELECT superseded_row_id FROM lake.raw.superseded);

CREATE VIEW lake.staging.stg_crm__partner_tree AS
SELECT _tenant_id AS tenant_id, child_kind, child_id, parent_partner_id, valid_from, valid_to
FROM lake.raw.crm_partner_tree;

CREATE TABLE lake.staging.stg_crm__partners AS
SELECT 'demo' AS tenant_id, partner_id, NULL::VARCHAR AS client_id, 'active' AS status
FROM (VALUES ('P1'), ('P3')) AS partners(partner_id);

INSERT INTO lake.meta.touched_days
VALUES (1, 'demo', 'live', DATE '2026-08-03'), (1, 'demo', 'live', DATE '2026-08-04');
