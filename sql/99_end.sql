DROP PROCEDURE csmetrics.define_state(text, text), csmetrics.define_value(text);
