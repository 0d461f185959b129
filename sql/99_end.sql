DROP PROCEDURE define_state;
