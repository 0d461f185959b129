DROP PROCEDURE define_state, define_value;
