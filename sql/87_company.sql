-- What the company's totals are to who sees some accounts. They are stored by refresh, of all accounts, behind a policy
-- of row-level security, which PostgreSQL works out with the rights of whoever reads: no function of the owner's has to
-- be told who that is, and so none can be told wrong.
INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, defines)
VALUES
(210, 'restricted_totals', 'text', $$'own'$$, $$restricted_totals IN ('own', 'company')$$, 'at once',
 'Who sees some accounts sees totals of these: own, or from the next refresh on also company_monthly: company. '
 'The owner alone changes it',
 false),
(211, 'hidden_least_count', 'bigint', '10', 'hidden_least_count >= 2', 'at once',
 'Months in which the company has fewer customers that the reader does not see are left out of company_monthly. '
 'The owner alone changes it',
 false);

CREATE OR REPLACE FUNCTION csmetrics.customers_seen(company_total regclass) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    model text := (SELECT left(n.nspname, -length(csmetrics.internal_schema('')))
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = company_total);
    seen jsonb;
BEGIN
    -- what the policy does not report now is not known to be none
    EXECUTE format(
        'SELECT jsonb_build_object(''policy_hash'', r.policy_hash, ''until'', r.over_until_on,
                                   ''from'', coalesce(date_trunc(''month'', p.report_from)::date, ''-infinity''))
                || (SELECT coalesce(jsonb_object_agg(m.period_start_on,
                                                     jsonb_build_array(m.opening_count, m.closing_count)), ''{}'')
                    FROM %1$I.revenue_monthly m)
         FROM %1$I.reporting_range r, %1$I.policy p', model) INTO seen;
    RETURN seen;
END
$$;
COMMENT ON FUNCTION csmetrics.customers_seen(regclass) IS
'Internal: the customers that the caller sees at either end of each month; from, until: the days that the policy '
'reports, and its hash';

CREATE OR REPLACE FUNCTION csmetrics.hides_enough(
    seen jsonb, policy_hash text, period_start_on date, opening_count bigint, closing_count bigint, least_count bigint)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN seen ->> 'policy_hash' = policy_hash
    AND period_start_on >= (seen ->> 'from')::date AND period_start_on < (seen ->> 'until')::date
    AND (opening_count = 0
         OR opening_count - coalesce((seen -> period_start_on::text ->> 0)::bigint, 0) >= least_count)
    AND (closing_count = 0
         OR closing_count - coalesce((seen -> period_start_on::text ->> 1)::bigint, 0) >= least_count);
COMMENT ON FUNCTION csmetrics.hides_enough(jsonb, text, date, bigint, bigint, bigint) IS
'Internal: has the month so many customers at either end that who sees those, as customers_seen tells, does not see? '
'NULL: not known.';

CREATE OR REPLACE FUNCTION csmetrics.condition_on_totals(model text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('(SELECT p.restricted_totals FROM %1$I.policy p) = ''company'' '
              'AND csmetrics.hides_enough((SELECT csmetrics.customers_seen(%2$L::regclass)), policy_hash, '
              'period_start_on, opening_count, closing_count, (SELECT p.hidden_least_count FROM %1$I.policy p))',
              model, csmetrics.relation(model, 'company_total'));
COMMENT ON FUNCTION csmetrics.condition_on_totals(text) IS
'Internal: the condition under which who sees some accounts sees a month of company_total';
