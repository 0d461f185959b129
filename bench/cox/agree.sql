-- Are the figures that were timed, in the tables ours and rival, those of R? Its steps end at eight digits or so.
select format('%s: %s terms, furthest from R: coefficient %s, standard error %s, likelihood %s (relative), concordance %s', :'duration', count(*),
              max(abs(o.coefficient - r.coefficient)), max(abs(o.standard_error - r.standard_error)), max(abs(o.log_likelihood / r.log_likelihood - 1)), max(abs(o.concordance - r.concordance)))
from ours o join rival r using (term);
select count(o.term) = 10 and count(r.term) = 10
       and max(abs(o.coefficient - r.coefficient)) < 1e-6 and max(abs(o.standard_error - r.standard_error)) < 1e-6
       and max(abs(o.log_likelihood / r.log_likelihood - 1)) < 1e-9 and max(abs(o.concordance - r.concordance)) < 1e-4 as agree
from ours o full join rival r using (term) \gset
\if :agree \else
\warn 'The fits DISAGREE'
select 1 / 0;
\endif
