INSERT INTO model_history (position, name, type, source, expression, condition, description) VALUES
(58, 'renewals', 'date[]', 'subscription', 'array_agg(DISTINCT renews_on)', 'renews_on IS NOT NULL', 'The days on which its subscriptions renew, as the source says now; NULL without any');
INSERT INTO model_column SELECT name, description FROM model_signal;
