-- This script, too, runs with a superuser's rights in a schema that may be another's, who has had time to plant there
-- what he likes: so nothing is looked up there, as at installation.
SET LOCAL search_path = pg_catalog, pg_temp;

-- Nor is another schema of that name taken for it, now or before the end: its row is held.
DO $guard$
BEGIN
    PERFORM FROM pg_namespace
    WHERE nspname = 'csmetrics' AND oid = (SELECT extnamespace FROM pg_extension WHERE extname = 'csmetrics')
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'schema "csmetrics" is not that of the extension'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'The schema that the extension was made in has another name now: give it back its own.';
    END IF;
END
$guard$;
