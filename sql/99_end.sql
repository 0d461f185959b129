DROP PROCEDURE csmetrics.define_agg(text, text, text, integer, text, text, text, boolean),
    csmetrics.define_state(text, boolean), csmetrics.define_value(text);
