select count(to_jsonb(t)) from leaver t;
