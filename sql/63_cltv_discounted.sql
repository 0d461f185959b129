-- Lifetime value over a horizon, from the retention that was seen.
CREATE FUNCTION csmetrics.expected_payments(tenure csmetrics.durations, months integer DEFAULT 60, annual_discount double precision DEFAULT 0.1,
    monthly_expansion double precision DEFAULT 0, in_advance boolean DEFAULT true, confidence double precision DEFAULT 0.95,
    OUT payments double precision, OUT lower double precision, OUT upper double precision, OUT known_months integer)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'expected_payments_sql';
COMMENT ON FUNCTION csmetrics.expected_payments(csmetrics.durations, integer, double precision, double precision, boolean, double precision) IS
'Expected monthly payments of a customer over a horizon, in units of the first one, discounted to its first day: the sum over k of (1 + monthly_expansion)^k S(t) / (1 + annual_discount)^(t / 12), where S is the survival curve of tenure (weighted by MRR if its durations are) and payment k of months is due at t = k months of 365.25 / 12 days, or, not in_advance, at the end of that month. The interval is normal, with the variance of the sum over the curve. known_months: payments of which the curve tells; those past its end are left out, unless it ended at zero. NULLs without subjects. months outside 1 to 1200, a discount below 0, an expansion below -1, a confidence outside 0 to 1: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.cltv_discounted(tenure csmetrics.durations, arpa numeric, gross_margin double precision, months integer DEFAULT 60,
    annual_discount double precision DEFAULT 0.1, monthly_expansion double precision DEFAULT 0, in_advance boolean DEFAULT true,
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
                   WHEN known_months < months THEN format('retention is known for %s of %s months: payments after that are left out', known_months, months) END;
END
$$;
COMMENT ON FUNCTION csmetrics.cltv_discounted(csmetrics.durations, numeric, double precision, integer, double precision, double precision, boolean, double precision) IS
'Discounted lifetime value of a customer over a horizon, in money: arpa (MRR a customer, in money a month) x gross_margin x expected_payments, whose arguments the others are; with the interval that the retention curve has. Finite whatever the expansion, as there is a horizon. Where tenures are too short to tell of all months, value counts those that are known, which is less than the whole, and reason says so. NULL with a reason without tenures; NULLs if an argument is NULL. gross_margin above 1 or not finite: SQLSTATE 22023; the others as in expected_payments.';
