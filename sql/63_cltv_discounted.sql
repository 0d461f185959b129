-- Lifetime value over a horizon, from the retention that was seen.
CREATE FUNCTION csmetrics.expected_payments(tenure csmetrics.durations, months integer DEFAULT 60,
    annual_discount double precision DEFAULT 0.1, monthly_expansion double precision DEFAULT 0,
    in_advance boolean DEFAULT true, confidence double precision DEFAULT 0.95,
    OUT payments double precision, OUT lower double precision, OUT upper double precision, OUT known_months integer)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'expected_payments_sql';
COMMENT ON FUNCTION csmetrics.expected_payments(
    csmetrics.durations, integer, double precision, double precision, boolean, double precision) IS
'Expected monthly payments of a customer over months, in units of the first, discounted to its first day, by the '
'survival curve of tenure, with their interval; known_months: those of which the curve tells. NULLs without subjects. '
'months outside 1 to 1200 or a rate out of range: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.cltv_discounted(tenure csmetrics.durations, arpa numeric, gross_margin double precision,
    months integer DEFAULT 60, annual_discount double precision DEFAULT 0.1,
    monthly_expansion double precision DEFAULT 0, in_advance boolean DEFAULT true,
    confidence double precision DEFAULT 0.95,
    OUT value numeric, OUT lower numeric, OUT upper numeric, OUT known_months integer, OUT reason text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expected record;
    money numeric;
BEGIN
    -- NaN is above all numbers
    IF NOT (gross_margin > '-infinity' AND gross_margin <= 1) THEN
        RAISE EXCEPTION 'gross_margin % is not a share of at most 1', gross_margin
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write 0.8 for 80 %; a loss may be below 0.';
    END IF;
    expected := csmetrics.expected_payments(tenure, months, annual_discount, monthly_expansion, in_advance, confidence);
    money := arpa * gross_margin::numeric;
    value := trim_scale(round(money * expected.payments::numeric, 6));
    lower := trim_scale(round(least(money * expected.lower::numeric, money * expected.upper::numeric), 6));
    upper := trim_scale(round(greatest(money * expected.lower::numeric, money * expected.upper::numeric), 6));
    known_months := expected.known_months;
    reason := CASE WHEN expected.payments IS NULL THEN 'no tenures: no retention curve'
                   WHEN known_months < months
                   THEN format('retention is known for %s of %s months: payments after that are left out',
                               known_months, months) END;
END
$$;
COMMENT ON FUNCTION csmetrics.cltv_discounted(
    csmetrics.durations, numeric, double precision, integer, double precision, double precision, boolean,
    double precision) IS
'Lifetime value over a horizon, in money: arpa (a month) * gross_margin * expected_payments, with its interval. reason '
'says where tenures are too short to tell of all months, whose value is left out, or none are known. NULLs if an '
'argument is NULL. gross_margin above 1 or not finite: SQLSTATE 22023.';
