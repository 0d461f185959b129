-- Terms of 3,000 accounts, drawn by hash from their keys: the same on every server.
SET client_min_messages = warning;
CREATE FUNCTION throw(account bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT hashint8extended(account, n) & 1048575 $$;
CREATE TABLE subscription AS
SELECT a AS account_id, (ARRAY['SMB', 'Mid-market', 'Enterprise'])[1 + a % 3] AS segment, s.starts_on, s.ends_on,
       (1000 + throw(a, 20 + k) % 90000) / 100.0 AS mrr
FROM generate_series(1::bigint, 3000) a, generate_series(1, 4) k,
     LATERAL (SELECT date '2023-01-01' + (throw(a, k) % 900)::int AS starts_on) b,
     LATERAL (SELECT b.starts_on, CASE WHEN throw(a, 10 + k) % 4 > 0 THEN b.starts_on + (30 + throw(a, 15 + k) % 400)::int END AS ends_on) s;
