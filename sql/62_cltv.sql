-- Customer lifetime value from three averages.
CREATE FUNCTION csmetrics.cltv(arpa numeric, gross_margin double precision, churn double precision,
    OUT value numeric, OUT reason text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- NaN is above all numbers
    IF NOT (gross_margin > '-infinity' AND gross_margin <= 1) THEN
        RAISE EXCEPTION 'gross_margin % is not a share of at most 1', gross_margin
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write 0.8 for 80 %; a loss may be below 0.';
    ELSIF NOT (churn > '-infinity' AND churn <= 1) THEN
        RAISE EXCEPTION 'churn % is not a share of at most 1', churn
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write 0.05 for 5 %; net churn may be below 0.';
    ELSIF NOT (arpa > '-infinity' AND arpa < 'infinity') THEN
        RAISE EXCEPTION 'arpa % is not an amount', arpa USING ERRCODE = 'invalid_parameter_value';
    END IF;

    CASE sign(churn)
        WHEN 0 THEN reason := 'no churn: the formula has no bound';
        WHEN -1 THEN reason := 'churn below 0, customers grow faster than they leave: the formula does not apply';
        -- twenty-four decimals more than there are: as churn has fifteen digits, no quotient but a half of the
        -- sixth decimal rounds to one
        ELSE value := trim_scale(round(arpa * gross_margin::numeric * 1.000000000000000000000000 / churn::numeric, 6));
    END CASE;
END
$$;
COMMENT ON FUNCTION csmetrics.cltv(numeric, double precision, double precision) IS
'Customer lifetime value, in money: arpa * gross_margin / churn, ratios for the same period; rounded once to six '
'decimals. At churn 0 and below, value is NULL and reason says why; else reason is NULL. NULLs if any argument is '
'NULL. A ratio above 1, any argument NaN or infinite: SQLSTATE 22023.';
