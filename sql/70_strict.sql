-- Values in texts: each is read in its one plain form, whatever DateStyle, TimeZone and the like of the session say.
-- Blanks around it are not part of it; an exponent, a comma, infinity and NaN are in none. strict_* raise an error
-- where it is no value, readable_* are NULL there, and misread says what is wrong.
CREATE OR REPLACE FUNCTION csmetrics.strict_date(written text, time_zone text DEFAULT 'UTC') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.strict_date(text, text) IS
'The day that a text in ISO form names: 2026-03-04, of the years 1 to 9999. That of a time is its own; with an offset '
'from UTC, that of the instant in time_zone. NULL for NULL; any other text: SQLSTATE 22007.';
CREATE OR REPLACE FUNCTION csmetrics.strict_instant(written text, time_zone text DEFAULT 'UTC') RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.strict_instant(text, text) IS
'The instant that a text in ISO form names: 2026-03-04T10:00:00.5+01:00, T or a blank, seconds and fraction optional; '
'without Z, UTC, GMT or an offset that time, or the beginning of that day, in time_zone. NULL for NULL; any other '
'text: SQLSTATE 22007.';
CREATE OR REPLACE FUNCTION csmetrics.strict_numeric(written text) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.strict_numeric(text) IS
'The number that a plain decimal is: a sign, digits, and digits after a point, up to 1,000 characters. NULL for NULL; '
'separators of thousands, commas, exponents, NaN, infinity and any other text: SQLSTATE 22P02.';
CREATE OR REPLACE FUNCTION csmetrics.strict_double(written text) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.strict_double(text) IS
'The nearest number to a plain decimal, as strict_numeric reads it. NULL for NULL; any other text: SQLSTATE 22P02.';
CREATE OR REPLACE FUNCTION csmetrics.strict_integer(written text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.strict_integer(text) IS
'The whole number that a sign and digits are, in 32 bits. NULL for NULL; any other text: SQLSTATE 22P02.';
CREATE OR REPLACE FUNCTION csmetrics.strict_bigint(written text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.strict_bigint(text) IS
'The whole number that a sign and digits are, in 64 bits. NULL for NULL; any other text: SQLSTATE 22P02.';
CREATE OR REPLACE FUNCTION csmetrics.strict_boolean(written text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.strict_boolean(text) IS
'True for true, t, yes, y, on and 1, false for false, f, no, n, off and 0, in any case. NULL for NULL; any other text: '
'SQLSTATE 22P02.';

CREATE OR REPLACE FUNCTION csmetrics.readable_date(written text, time_zone text DEFAULT 'UTC') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION csmetrics.readable_instant(written text, time_zone text DEFAULT 'UTC') RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION csmetrics.readable_numeric(written text) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION csmetrics.readable_double(written text) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION csmetrics.readable_integer(written text) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION csmetrics.readable_bigint(written text) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE OR REPLACE FUNCTION csmetrics.readable_boolean(written text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.readable_date(text, text) IS 'What strict_date reads; NULL where it is none.';
COMMENT ON FUNCTION csmetrics.readable_instant(text, text) IS 'What strict_instant reads; NULL where it is none.';
COMMENT ON FUNCTION csmetrics.readable_numeric(text) IS 'What strict_numeric reads; NULL where it is none.';
COMMENT ON FUNCTION csmetrics.readable_double(text) IS 'What strict_double reads; NULL where it is none.';
COMMENT ON FUNCTION csmetrics.readable_integer(text) IS 'What strict_integer reads; NULL where it is none.';
COMMENT ON FUNCTION csmetrics.readable_bigint(text) IS 'What strict_bigint reads; NULL where it is none.';
COMMENT ON FUNCTION csmetrics.readable_boolean(text) IS 'What strict_boolean reads; NULL where it is none.';

CREATE OR REPLACE FUNCTION csmetrics.misread(name text, written text, type regtype) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.misread(text, text, regtype) IS
'Why the text in the column of that name is not read as that type (date, timestamptz, numeric, double precision, '
'integer, bigint or boolean), with what would be right. NULL: it is, or an argument is NULL. Another type: SQLSTATE '
'22023.';

CREATE OR REPLACE FUNCTION csmetrics.require_settled_casts(view regclass) RETURNS void
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.require_settled_casts(regclass) IS
'Internal: SQLSTATE 22023 if the query of a view casts what settings of the session have a say in, such as text to '
'date or timestamptz to date, with what would be right; casts in views and functions that it reads are not looked at';
