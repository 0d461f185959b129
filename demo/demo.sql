\echo The demonstration is not written yet.
