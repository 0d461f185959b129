select count(csmetrics.predict((select fit from learnt where name = :'fit'), to_jsonb(t))) from leaver t;
