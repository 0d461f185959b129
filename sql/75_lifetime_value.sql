-- Lifetime value in the model: how long accounts stay, and what they bring meanwhile.
INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(50, 'gross_margin', 'double precision', '1', $$gross_margin > '-infinity' AND gross_margin <= 1$$, 'at once',
 'Gross margin as a share; at 1 lifetime values are revenue, not profit'),
(51, 'annual_discount', 'double precision', '0.1', 'annual_discount >= 0 AND annual_discount <= 10', 'at once',
 'Discount of future payments a year, as a share'),
(52, 'monthly_expansion', 'double precision', '0', 'monthly_expansion > -1 AND monthly_expansion <= 10', 'at once',
 'Growth of MRR a month that discounted lifetime values assume, as a share'),
(53, 'value_months', 'integer', '60', 'value_months BETWEEN 1 AND 1200', 'at once',
 'Horizon of discounted lifetime values, in months');
