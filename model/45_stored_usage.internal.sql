-- Usage: the active days of groups of accounts, and what is stored of them.

CREATE TABLE stored_active (
    dimension text, value text, row_count bigint NOT NULL, state active_series, PRIMARY KEY (dimension, value));
COMMENT ON TABLE stored_active IS 'Internal: how many accounts of a group were active on each day';
CREATE UNLOGGED TABLE before_active AS SELECT * FROM stored_active WITH NO DATA;
COMMENT ON TABLE before_active IS 'Internal: what accounts that a refresh writes have in stored_active';

CREATE OR REPLACE FUNCTION read_stored_active(of_changed boolean) RETURNS SETOF stored_active
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.dimension, d.value, count(*),
           active_series_agg(a.usage, least(coalesce(p.report_from, first.day), r.as_of_on), r.as_of_on + 1)
    FROM reporting_range r, policy p, (SELECT f.first_active_on AS day FROM first_fact() f) first,
         history_of($1) a JOIN dimension_of($1) d USING (account_id)
    WHERE first.day <= r.as_of_on
    GROUP BY d.dimension, d.value;
END;
COMMENT ON FUNCTION read_stored_active(boolean) IS
'Internal: the active days of all accounts, or of those in changed_key';

CREATE OR REPLACE FUNCTION live_stored_active() RETURNS SETOF stored_active
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_active(false) r;
END;
COMMENT ON FUNCTION live_stored_active() IS
'Internal: what read_stored_active gives of all accounts, for views where it is not stored';

CREATE TABLE stored_retention (
    dimension text, value text, row_count bigint NOT NULL, state csmetrics.usage_retention,
    PRIMARY KEY (dimension, value)); -- the view of that name is another type
COMMENT ON TABLE stored_retention IS 'Internal: how groups of accounts came back to use the product';
CREATE UNLOGGED TABLE before_retention AS SELECT * FROM stored_retention WITH NO DATA;
COMMENT ON TABLE before_retention IS 'Internal: what accounts that a refresh writes have in stored_retention';

CREATE OR REPLACE FUNCTION read_stored_retention(of_changed boolean) RETURNS SETOF stored_retention
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.dimension, d.value, count(*),
           -- months of the last ten years at most
           retention_agg(a.usage, greatest(date_trunc('month', least(coalesce(p.report_from, first.day), r.as_of_on)),
                                           date_trunc('month', r.as_of_on) - interval '119 months')::date,
                         r.as_of_on + 1, 'month', p.retention_days)
    FROM reporting_range r, policy p, (SELECT f.first_active_on AS day FROM first_fact() f) first,
         history_of($1) a JOIN dimension_of($1) d USING (account_id)
    WHERE first.day <= r.as_of_on
    GROUP BY d.dimension, d.value;
END;
COMMENT ON FUNCTION read_stored_retention(boolean) IS
'Internal: how all accounts, or those in changed_key, came back to use the product';

CREATE OR REPLACE FUNCTION live_stored_retention() RETURNS SETOF stored_retention
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_retention(false) r;
END;
COMMENT ON FUNCTION live_stored_retention() IS
'Internal: what read_stored_retention gives of all accounts, for views where it is not stored';
