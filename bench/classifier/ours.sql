-- The whole call: rows read, put in order, learnt, errors.
select term, coefficient, standard_error
from (select csmetrics.fit_classifier('table leaver', 'y', ridge => 0, splines => false, interactions => false, folds => 0) as fit offset 0) f, csmetrics.coefficients(fit);
