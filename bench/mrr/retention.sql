-- Readings of one summary over one row an account; :readings is their list over "state", as in nrr(state).
\if :{?readings} \else \set readings 'csmetrics.nrr(state)' \endif
select :readings
from (select csmetrics.nrr_agg(opening, closing) as state from account_year) summary;
