-- To whom rights on the model were given, so that an update gives them on what is new, too.

CREATE TABLE granted_role (
    role_name name,
    may_write boolean NOT NULL,
    PRIMARY KEY (role_name));
COMMENT ON TABLE granted_role IS
'The roles that have rights on this model. Written by CALL csmetrics.grant_read, grant_write and revoke_rights alone.';
COMMENT ON COLUMN granted_role.role_name IS 'The role';
COMMENT ON COLUMN granted_role.may_write IS 'May it change rules, targets and the policy, or read alone?';
