-- Included by the tests of the demo company, after \set company NAME: makes the one of test/company/NAME.sql. Under script/test it is
-- there already: the database of such a test is a copy of one in which it was made once (test/psql).
SELECT to_regnamespace('company_made') IS NULL AS missing \gset
\o /dev/null
\if :missing
    \i test/company/:company.sql
\endif
\o
