-- Expressions that users write into settings: rules of alerts, triggers of playbooks.
CREATE FUNCTION csmetrics.checked_expression(expression text, relation regclass, type regtype) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.checked_expression(text, regclass, regtype) IS
'The SQL expression over the relation''s columns, names resolved, cast to type; never run. NULL for NULL. '
'Refused: no single expression (SQLSTATE 42601), unknown names (42703, 42883), another type (42804), volatile (22023), '
'what no list allows (42501), aggregates (42803), sets and whole rows (0A000).';
