-- A broker a person can check with a pencil: client C1 (accounts 1 and 2, the second in cents) was
-- referred by P3, whose parent is P1; client C2 (account 3) by nobody.
CREATE SCHEMA IF NOT EXISTS lake.canonical;
CREATE SCHEMA IF NOT EXISTS lake.staging;

CREATE TABLE lake.canonical.can_accounts AS
SELECT
    'demo' AS tenant_id, 'live' AS server_id, 'demo/live/' || login AS account_key,
    'demo/' || client_id AS client_key, group_name, 'USD' AS main_currency, money_divisor,
    false AS is_excluded
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
    commission::DECIMAL(24, 8) AS commission_amount
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
    'demo/live/' || deal_id AS deal_key, 'demo/live/' || login AS account_key,
    'demo/C1' AS client_key, executed_at_utc::TIMESTAMP AS executed_at_utc, 'deposit' AS kind,
    amount::DECIMAL(24, 8) AS amount, currency AS account_currency,
    reporting::DECIMAL(24, 8) AS amount_reporting, 'R' || deal_id AS request_id, 'card' AS method
FROM (VALUES
    (201, 1, '2026-08-03 10:00:00', 9500, 'USD', 9500),
    (202, 2, '2026-08-03 18:00:00', 960000, 'USC', 9600),
    (203, 1, '2026-08-04 10:00:00', 9550, 'USD', 9550)
) AS movements(deal_id, login, executed_at_utc, amount, currency, reporting);

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

CREATE VIEW lake.staging.stg_crm__partner_agreements AS
SELECT
    _tenant_id AS tenant_id, agreement_id, partner_id, level, model, rate, currency,
    symbol_pattern, account_group_pattern, valid_from, valid_to
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
