-- The attributes that views group by.

CREATE OR REPLACE VIEW account_dimension WITH (security_invoker) AS
SELECT a.account_id, d.dimension, coalesce(d.value, '(none)') AS value
FROM (SELECT count(segment) AS segment, count(plan) AS plan, count(lifecycle_stage) AS lifecycle_stage,
             count(onboarding_path) AS onboarding_path, count(region) AS region, count(owner) AS owner
      FROM account) known,
     account_state a LEFT JOIN account n USING (account_id),
     LATERAL (VALUES ('all', 'all', 1), ('segment', n.segment, known.segment), ('plan', n.plan, known.plan),
                     ('lifecycle_stage', n.lifecycle_stage, known.lifecycle_stage),
                     ('onboarding_path', n.onboarding_path, known.onboarding_path),
                     ('region', n.region, known.region), ('owner', n.owner, known.owner)) d(dimension, value, known)
WHERE d.known > 0;
COMMENT ON VIEW account_dimension IS
'Each account under each of its attributes that is in use, as the account source says now, and under all: what the '
'views by segment group by.';

CREATE OR REPLACE VIEW dimension_in_use WITH (security_invoker) AS
SELECT k.dimension FROM known_dimension k WHERE k.account_count > 0
UNION ALL
-- what is stored is of all accounts, and hidden from who sees some
SELECT d.dimension
FROM (SELECT count(segment) AS segment, count(plan) AS plan, count(lifecycle_stage) AS lifecycle_stage,
             count(onboarding_path) AS onboarding_path, count(region) AS region, count(owner) AS owner
      FROM account WHERE NOT EXISTS (SELECT 1 FROM known_dimension k)) known,
     LATERAL (VALUES ('all', 1), ('segment', known.segment), ('plan', known.plan),
                     ('lifecycle_stage', known.lifecycle_stage), ('onboarding_path', known.onboarding_path),
                     ('region', known.region), ('owner', known.owner)) d(dimension, known)
WHERE d.known > 0 AND NOT EXISTS (SELECT 1 FROM known_dimension k);
COMMENT ON VIEW dimension_in_use IS 'The attributes of which any account has a value, and all.';
