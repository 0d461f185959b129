-- Included by each test right after \unset ECHO: nothing but TAP lines is printed, and the same
-- ones under pg_regress (which sets a time zone and date style of its own) and under pg_prove.
\set QUIET 1
\set ON_ERROR_ROLLBACK 1
\set ON_ERROR_STOP true
\pset format unaligned
\pset tuples_only true
\pset pager off
\pset null ''
-- Where optional data sets are; unset if there are none.
\getenv data CSMETRICS_DATA
SET client_min_messages = warning;
SET search_path = csmetrics, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
SET bytea_output = 'hex';
-- compiling the long queries of the views takes longer than running them
SET jit = off;
-- What SQLSTATE and message a statement fails with, on one line.
CREATE FUNCTION pg_temp.failure(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
-- What SQLSTATE it fails with, and of which constraint.
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    RETURN concat_ws(' ', SQLSTATE, nullif(broken, ''));
END
$$;
