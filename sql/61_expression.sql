-- Expressions that users write into settings: rules of alerts, triggers of playbooks. With what the owner of a model
-- allows: part 81.
CREATE FUNCTION csmetrics.checked_expression(expression text, relation regclass, type regtype) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.checked_expression(text, regclass, regtype) IS
'The SQL expression over the relation''s columns, names resolved, cast to type; never run. NULL of NULL. Refused: not '
'one expression (SQLSTATE 42601), unknown names (42703, 42883), wrong type (42804), volatile (22023), off the '
'list (42501), aggregates (42803), sets and rows (0A000), too large (54000).';
