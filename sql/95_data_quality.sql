-- Data quality: rules about the rows of the sources, what they find, and what the headline figures would be without it.
--
-- A rule is an SQL condition that the rows found meet. The rows found are those that would be left out, so that one
-- text says what is wrong, what quarantine removes and what the figures are compared without.

-- What the histories cannot hold: refresh names the account, and rules find all of them.
INSERT INTO source_check
SELECT source, 90, string_agg(format(CASE WHEN type = 'timestamptz' THEN '(%1$I < ''0001-01-01 00:00+00'' OR %1$I >= ''10000-01-01 00:00+00'')'
                                          -- a milestone is due when its day is over
                                          WHEN name = 'due_on' THEN '%1$I NOT BETWEEN ''0001-01-01'' AND ''9999-12-30''' ELSE '%1$I NOT BETWEEN ''0001-01-01'' AND ''9999-12-31''' END, name)
                              || CASE WHEN required AND (source, name) <> ('survey', 'responded_at') THEN '' ELSE format(' AND %I <> ''infinity''', name) END, ' OR ' ORDER BY position),
       $$'a day or an instant outside the years 1 to 9999'$$
FROM source_column WHERE source <> 'account' AND name <> 'renews_on' AND type IN ('date', 'timestamptz') GROUP BY source;
INSERT INTO source_check VALUES
-- NaN is above all numbers
('subscription', 91, 'abs(mrr) > 1e18', $$format('mrr %s is no amount between -10^18 and 10^18', mrr)$$),
('subscription', 92, 'greatest(discount_mrr, limited_discount_mrr) > 1e18', $$format('the discounts %s and %s are no amounts up to 10^18', coalesce(discount_mrr::text, 'NULL'), coalesce(limited_discount_mrr::text, 'NULL'))$$),
('survey', 91, 'abs(lowest) > 1e18 OR abs(highest) > 1e18', $$format('the scale from %s to %s is out of range', lowest, highest)$$),
('usage', 91, 'events >= 281474976710656', $$format('events %s are 2^48 or more', events)$$);

CREATE TABLE iso_currency (code text PRIMARY KEY);
COMMENT ON TABLE iso_currency IS 'The currencies of ISO 4217, with those withdrawn since 2020. One row a currency.';
COMMENT ON COLUMN iso_currency.code IS 'Its alphabetic code';
INSERT INTO iso_currency SELECT unnest(string_to_array('AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG ZWL', ' '));

CREATE FUNCTION is_dst_hole(local timestamp, zone text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (local AT TIME ZONE zone) AT TIME ZONE zone <> local;
COMMENT ON FUNCTION is_dst_hole(timestamp, text) IS
'Is this a local time that the zone never had, because clocks were set forward over it? A column of the type timestamp that holds such times is of another zone than it is taken for. It cannot be seen in an instant any more: ask before the mapping, of the column of your own table. An unknown zone: SQLSTATE 22023. NULL for NULL.';

CREATE TABLE quality_check (
    position       smallint PRIMARY KEY,
    rule           text    NOT NULL,
    source         text    NOT NULL,
    severity       text    NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    kind           text    NOT NULL CHECK (kind IN ('row', 'set', 'feed')),
    condition      text    NOT NULL,
    can_quarantine boolean NOT NULL,
    stops_refresh  boolean NOT NULL,
    description    text    NOT NULL,
    UNIQUE (rule, source));
COMMENT ON TABLE quality_check IS 'The rules of data quality that every model begins with. One row a rule and source.';
COMMENT ON COLUMN quality_check.position IS 'Order';
COMMENT ON COLUMN quality_check.rule IS 'Name of the rule';
COMMENT ON COLUMN quality_check.source IS 'The source whose rows it is about';
COMMENT ON COLUMN quality_check.severity IS 'Severity at first: error, a figure is wrong or refresh stops; warning, one may be; info, good to know';
COMMENT ON COLUMN quality_check.kind IS 'row: a row is judged by itself; set: beside the others of its source; feed: the source as a whole, and the rows found are its latest';
COMMENT ON COLUMN quality_check.condition IS 'SQL condition of the rows found, over the columns of the source, known_id (its account_id, NULL unless source_account has it) and until_at (now), with window functions over the source';
COMMENT ON COLUMN quality_check.can_quarantine IS 'Can the rows found be left out? Of a set, the first row is not among them; an account is left out with all that is its own';
COMMENT ON COLUMN quality_check.stops_refresh IS 'Do they stop CALL refresh() unless they are in quarantine?';
COMMENT ON COLUMN quality_check.description IS 'What it means, and what to do';

GRANT SELECT ON iso_currency, quality_check TO PUBLIC;

-- What stops a refresh, by the names of rules; a check without a name here is called by its number.
INSERT INTO quality_check
SELECT 100 + row_number() OVER (ORDER BY c.source, c.position), coalesce(n.rule, 'refused ' || c.position), c.source, 'error', 'row', c.failing, true, true,
       coalesce(n.description, 'Refresh stops at such rows: mend them, or leave them out')
FROM source_check c LEFT JOIN (VALUES
    ('subscription', 2, 'start missing', 'Nothing says since when it is in force: give it a starts_on'),
    ('subscription', 3, 'ends before start', 'A term cannot end before it starts: the days are swapped, or one is mistyped'),
    ('subscription', 4, 'mrr missing', 'Nothing says what it is worth: give it an mrr, 0 if it is free'),
    ('subscription', 7, 'rate missing', 'Nothing says what its currency is worth in the currency of report: give source_fx_rate a rate'),
    ('fx_rate', 1, 'currency missing', 'Nothing says whose rate it is: give it a currency'),
    ('fx_rate', 2, 'day missing', 'Nothing says since when it holds: give it an on_date'),
    ('fx_rate', 3, 'rate not above 0', 'No rate of exchange: mend it'),
    ('parent', 2, 'ends before start', 'It cannot end before it starts: the days are swapped, or one is mistyped'),
    ('subscription', 5, 'discount below 0', 'A discount takes off: give it as an amount above 0'),
    ('subscription', 6, 'limited discount below 0', 'A discount takes off: give it as an amount above 0'),
    ('subscription', 91, 'amount out of range', 'No amount of money: mend it'),
    ('subscription', 92, 'discount out of range', 'No amount of money: mend it'),
    ('ticket', 2, 'opening missing', 'Nothing says when it was opened: give it an opened_at'),
    ('ticket', 3, 'reopened below 0', 'A count cannot be below 0: mend it'),
    ('ticket', 4, 'agent replies below 0', 'A count cannot be below 0: mend it'),
    ('survey', 2, 'unknown kind', 'Only nps, csat and ces are known: map it to one of them, or leave it out'),
    ('survey', 3, 'neither sent nor answered', 'Nothing says when it was: give it a sent_at or responded_at'),
    ('survey', 4, 'scale upside down', 'lowest has to be below highest; higher_is_better says which end is the good one'),
    ('survey', 5, 'direction missing', 'CES scales run both ways: say by higher_is_better which end is the good one'),
    ('survey', 91, 'scale out of range', 'No ends of a scale: mend them'),
    ('usage', 2, 'instant missing', 'Nothing says when it happened: give it an at'),
    ('usage', 3, 'events below 0', 'A count cannot be below 0: mend it'),
    ('usage', 4, 'feature name too long', 'More than 255 bytes are no name of a feature: an address or a message was mapped to it'),
    ('usage', 91, 'events out of range', 'No count of events: mend it'),
    ('milestone', 2, 'name missing', 'Nothing says what was reached: give it a milestone'),
    ('signal', 2, 'name missing', 'Nothing says which signal it is: give it a name'),
    ('signal', 3, 'instant missing', 'Nothing says when it was so: give it an at'),
    ('signal', 4, 'value missing', 'A signal without a value says nothing: leave it out'),
    ('signal', 5, 'value out of range', 'No number that counts: mend it'),
    ('entitlement', 2, 'feature missing', 'Nothing says what the account is entitled to: give it a feature'),
    ('entitlement', 3, 'ends before start', 'An entitlement cannot end before it starts: the days are swapped, or one is mistyped')
    ) n(source, position, rule, description) USING (source, position)
WHERE c.failing <> 'account_id IS NULL' AND c.position <> 90
UNION ALL
SELECT 200 + row_number() OVER (ORDER BY source, position), CASE position WHEN 90 THEN 'date out of range' ELSE 'account missing' END, source, 'error', 'row', failing, true, true,
       CASE position WHEN 90 THEN 'No day or instant of the years 1 to 9999: mistyped, or a stand-in for none: map it to NULL' ELSE 'Nothing says whose it is: give it an account_id' END
FROM source_check WHERE failing = 'account_id IS NULL' OR position = 90;

INSERT INTO quality_check
SELECT 300 + row_number() OVER (ORDER BY source), 'orphan', source, 'error', 'row', 'account_id IS NOT NULL AND known_id IS NULL', true, false,
       'Of an account that source_account does not have: it counts, but has no name, segment or owner: map the account too, or mend the key'
FROM (SELECT DISTINCT source FROM source_column WHERE name = 'account_id' AND source <> 'account') s
UNION ALL
SELECT 330 + row_number() OVER (ORDER BY source), 'future date', source, 'warning', 'row', condition, true, false,
       'It happened after now: a clock is wrong, a zone is, or the year is mistyped; it counts as not yet'
FROM (VALUES ('ticket', $$greatest(opened_at, nullif(first_reply_at, 'infinity'), nullif(solved_at, 'infinity'), nullif(escalated_at, 'infinity')) > until_at$$),
             ('survey', $$greatest(nullif(responded_at, 'infinity'), sent_at) > until_at$$), ('usage', $$at > until_at AND at < 'infinity'$$), ('signal', $$at > until_at AND at < 'infinity'$$), ('milestone', $$reached_at > until_at AND reached_at <> 'infinity'$$),
             -- on no day of the earth yet
             ('account', $$created_on > (until_at AT TIME ZONE 'Pacific/Kiritimati')::date$$)) v(source, condition)
UNION ALL
SELECT 900 + row_number() OVER (ORDER BY source), 'stale feed', source, 'warning', 'feed', format($$%1$I = (SELECT max(f.%1$I) FROM %2$I f, reporting_range r WHERE f.%1$I <= r.as_of_at)
    AND %1$I < (SELECT as_of_at FROM reporting_range) - (
        -- days without a row between days with; that one pause was longer once does not make it usual
        SELECT CASE WHEN count(gap) >= 10 THEN greatest(3, 5 * percentile_disc(0.95) WITHIN GROUP (ORDER BY gap), (array_agg(gap ORDER BY gap DESC))[2]) END
        FROM (SELECT day - lag(day) OVER (ORDER BY day) AS gap FROM (SELECT DISTINCT f.%1$I::date AS day FROM %2$I f, reporting_range r WHERE f.%1$I <= r.as_of_at AND f.%1$I > '-infinity') d) g) * interval '1 day'$$, time_column, 'source_' || source),
       false, false, 'No new row for five times its usual interval, three days and two of its pauses: see whether the feed still runs; figures of the last days are too low'
FROM (VALUES ('usage', 'at'), ('ticket', 'opened_at'), ('survey', 'responded_at'), ('signal', 'at')) v(source, time_column);

INSERT INTO quality_check VALUES
(400, 'account missing', 'account', 'error', 'row', 'account_id IS NULL', true, true, 'An account without a key: give it one'),
(401, 'account twice', 'account', 'error', 'set', 'account_id IS NOT NULL AND row_number() OVER (PARTITION BY account_id ORDER BY source_account) > 1', false, true,
 'Two accounts of one key: give one row an account in the query given to map, since every view reads it'),
(402, 'unknown time zone', 'account', 'error', 'row', 'time_zone IS NOT NULL AND lower(time_zone) NOT IN (SELECT lower(name) FROM pg_timezone_names)', true, false,
 'No time zone by IANA''s names, and where its usage is mapped refresh fails: map it to a name like Europe/Berlin, or to NULL'),
(403, 'test account', 'account', 'info', 'row', $$is_test OR name ~* '(^|[^[:alpha:]])(test|testing|demo|qa|sandbox|dummy)([^[:alpha:]]|$)'$$, true, false,
 'Marked as a test, or named like one: map is_test, and the model leaves it out'),
(404, 'more users than seats', 'account', 'info', 'row', 'account_id IN (SELECT account_id FROM usage_depth WHERE is_over_seats)', false, false,
 'More users are active than seats were bought, as of the last refresh: room to expand, users counted twice, or seats out of date'),
(410, 'negative mrr', 'subscription', 'warning', 'row', 'mrr < 0', true, false,
 'A credit or a correction among the MRR: credit_rule of the policy says whether it counts; MRR of a term is not below 0'),
(411, 'overlap', 'subscription', 'warning', 'set',
 $$subscription_id IS NOT NULL AND (mrr >= 0 OR mrr IS NULL) AND (ends_on > starts_on OR ends_on IS NULL)
   AND starts_on < max(coalesce(ends_on, 'infinity')) FILTER (WHERE (mrr >= 0 OR mrr IS NULL) AND (ends_on > starts_on OR ends_on IS NULL))
       OVER (PARTITION BY account_id, subscription_id, product ORDER BY starts_on, source_subscription ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)$$, true, false,
 'It starts while an earlier row of this subscription and product is in force, and its MRR counts twice: end the earlier row on the day on which this one starts'),
(412, 'gap', 'subscription', 'warning', 'set',
 $$subscription_id IS NOT NULL AND starts_on > max(coalesce(ends_on, 'infinity')) FILTER (WHERE ends_on >= starts_on OR ends_on IS NULL) OVER earlier
   AND starts_on - max(coalesce(ends_on, 'infinity')) FILTER (WHERE ends_on >= starts_on OR ends_on IS NULL) OVER earlier >= (SELECT gap_smooth_days FROM policy)$$, false, false,
 'It starts days after its subscription had ended, and reads as churn and reactivation: a renewal signed late, or a term that is missing; see gap_smooth_days'),
(413, 'double-counted subscription', 'subscription', 'warning', 'set',
 'mrr > 0 AND subscription_id IS NOT NULL AND dense_rank() OVER (PARTITION BY account_id, product, mrr, starts_on ORDER BY subscription_id) > 1', true, false,
 'Another subscription of this account has the same product, MRR and start: copied by a move from one system to another, or bought twice'),
(414, 'duplicate row', 'subscription', 'warning', 'set', 'subscription_id IS NULL AND row_number() OVER (PARTITION BY source_subscription ORDER BY starts_on) > 1', true, false,
 'The same in every column as another row, without a subscription_id to tell them apart: a join in the query given to map, or bought twice'),
(415, 'unknown currency', 'subscription', 'warning', 'row', 'currency IS NOT NULL AND upper(currency) NOT IN (SELECT code FROM iso_currency)', true, false,
 'No currency of ISO 4217 (csmetrics.iso_currency): mend the code; amounts of other currencies add up as if they were one'),
(416, 'mixed currencies', 'subscription', 'warning', 'row',
 $$currency IS NOT NULL AND (SELECT report_currency IS NULL FROM policy) AND upper(currency) <> (SELECT mode() WITHIN GROUP (ORDER BY upper(currency)) FROM source_subscription)$$, true, false,
 'In another currency than most, and added up as if it were one: set report_currency in the policy and map source fx_rate'),
(405, 'unknown parent', 'account', 'warning', 'row', 'parent_id IS NOT NULL AND parent_id NOT IN (SELECT account_id FROM source_account WHERE account_id IS NOT NULL)', false, false,
 'Its parent is no account of source_account, and counts as none: map the parent too, or mend the key'),
(460, 'rate twice', 'fx_rate', 'error', 'set', 'row_number() OVER (PARTITION BY upper(currency), on_date ORDER BY source_fx_rate) > 1', true, false,
 'Two rates of one currency on one day: which of them holds is chance: leave one out'),
(461, 'unknown currency', 'fx_rate', 'warning', 'row', 'upper(currency) NOT IN (SELECT code FROM iso_currency)', true, false, 'No currency of ISO 4217 (csmetrics.iso_currency): mend the code'),
(462, 'rate jumps', 'fx_rate', 'warning', 'set', 'rate / nullif(lag(rate) OVER (PARTITION BY upper(currency) ORDER BY on_date), 0) NOT BETWEEN 0.5 AND 2', true, false,
 'Half the rate before or less, or twice that or more: a point in the wrong place, or the rate of the other direction'),
(470, 'unknown parent', 'parent', 'error', 'row', 'parent_id IS NULL OR parent_id NOT IN (SELECT account_id FROM source_account WHERE account_id IS NOT NULL)', true, false,
 'The parent is no account of source_account, and counts as none: map the parent too, or mend the key'),
(471, 'own parent', 'parent', 'warning', 'row', 'account_id = parent_id', true, false, 'An account that belongs to itself: the row says nothing'),
(472, 'two parents', 'parent', 'error', 'set',
 $$coalesce(starts_on, '-infinity') < max(coalesce(ends_on, 'infinity')) OVER (PARTITION BY account_id ORDER BY starts_on NULLS FIRST, source_parent ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)$$, true, true,
 'It belongs to another account while an earlier row is in force: end the earlier row on the day on which this one starts'),
(420, 'duplicate ticket', 'ticket', 'warning', 'set', 'ticket_id IS NOT NULL AND row_number() OVER (PARTITION BY ticket_id ORDER BY opened_at, source_ticket) > 1', true, false,
 'A ticket_id that is there before: a join in the query given to map, or two help desks that count alike'),
(421, 'solved before opened', 'ticket', 'warning', 'row', 'solved_at < opened_at', true, false,
 'A solve before the opening takes no time, and is in no figure of how long it took: two clocks, or the zone of one column is wrong'),
(422, 'reply before opened', 'ticket', 'warning', 'row', 'first_reply_at < opened_at', true, false,
 'A reply before the opening is in no figure of how long it took: two clocks, or the agent opened it afterwards'),
(430, 'duplicate answer', 'survey', 'warning', 'set',
 'respondent_id IS NOT NULL AND responded_at IS NOT NULL AND row_number() OVER (PARTITION BY account_id, respondent_id, lower(kind), responded_at, ticket_id ORDER BY source_survey) > 1', true, false,
 'The same person answered the same question at the same instant before: sent twice, or doubled by a join'),
(431, 'score off its scale', 'survey', 'warning', 'row',
 $$(lowest >= highest) IS NOT TRUE AND (score < coalesce(lowest, CASE lower(kind) WHEN 'nps' THEN 0 ELSE 1 END) OR score > coalesce(highest, CASE lower(kind) WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 ELSE 7 END))$$, true, false,
 'Below the lowest or above the highest score: rejected, and in no figure; say by lowest and highest which scale it is'),
(432, 'nps not whole', 'survey', 'warning', 'row', $$lower(kind) = 'nps' AND score <> trunc(score) AND score < 'Infinity'$$, true, false,
 'Nobody answers NPS with a fraction: a mean of answers, or another scale'),
(433, 'answered before sent', 'survey', 'warning', 'row', 'responded_at < sent_at', true, false,
 'An answer before the question: two clocks, or the zone of one column is wrong'),
(440, 'bot or test user', 'usage', 'info', 'row',
 $$user_id ~* '(^|[^[:alpha:]])(bot|robot|crawler|test|demo|qa)([^[:alpha:]]|$)' OR role ~* '(^|[^[:alpha:]])(bot|robot|crawler|test|qa)([^[:alpha:]]|$)'$$, true, false,
 'Usage of users or roles named like bots or tests: leave them out in the query given to map'),
(441, 'inhuman usage', 'usage', 'info', 'set',
 $$(account_id, user_id) IN (SELECT u.account_id, u.user_id FROM (SELECT DISTINCT account_id, user_id, date_trunc('hour', at) AS hour FROM source_usage WHERE user_id IS NOT NULL AND at > '-infinity' AND at < 'infinity') u
                             GROUP BY u.account_id, u.user_id HAVING max(u.hour) - min(u.hour) >= interval '71 hours' AND count(*) >= 0.9 * (extract(epoch FROM max(u.hour) - min(u.hour)) / 3600 + 1))$$, true, false,
 'Users active in nine of ten hours of three days and more, night and day: a bot, or an account that many share'),
(450, 'reached before start', 'milestone', 'warning', 'set',
 'is_start IS NOT TRUE AND reached_at < min(reached_at) FILTER (WHERE is_start) OVER (PARTITION BY account_id)', true, false,
 'Reached before the milestone that starts the clock; first value before the start is in no figure: see which of the two is mistyped');
-- a window of its own name is spelled out where it is used
UPDATE quality_check SET condition = replace(condition, 'OVER earlier', 'OVER (PARTITION BY account_id, subscription_id ORDER BY starts_on, source_subscription ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)');

CREATE FUNCTION can_quarantine(rule text, source text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN (SELECT c.can_quarantine FROM quality_check c WHERE (c.rule, c.source) = ($1, $2));
COMMENT ON FUNCTION can_quarantine(text, text) IS 'Internal: can_quarantine of quality_check; NULL without such a rule';

CREATE FUNCTION judged_rows(source text, conditions text[], rows text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
-- the planner drops the join where no condition asks for known_id
RETURN format('SELECT %1$I.*, ARRAY[%2$s]::boolean[] AS found FROM %3$s AS %1$I %4$s CROSS JOIN (SELECT greatest(now(), (as_of + 1)::timestamp AT TIME ZONE time_zone - interval ''1 microsecond'') AS until_at FROM policy) AS clock',
    'source_' || source, (SELECT string_agg(format(E'(%s\n)', condition), ', ' ORDER BY n) FROM unnest(conditions) WITH ORDINALITY c(condition, n)), coalesce(rows, quote_ident('source_' || source)),
    CASE WHEN EXISTS (SELECT FROM source_column c WHERE c.source = $1 AND c.name = 'account_id')
         THEN format('LEFT JOIN (SELECT DISTINCT account_id AS known_id FROM source_account) AS known ON known_id = %I.account_id', 'source_' || source) END);
COMMENT ON FUNCTION judged_rows(text, text[], text) IS
'Internal: a query of the rows of a source, or of the query in brackets, with what the conditions say of each in found. To be run with the path of the model.';

CREATE FUNCTION quality_condition(model text, rule text, source text, condition text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    IF condition IS NULL THEN
        RETURN (SELECT c.condition FROM quality_check c WHERE c.rule = quality_condition.rule AND c.source = quality_condition.source);
    END IF;
    condition := checked_expression(condition, format('%I.%I', model, 'source_' || source)::regclass, 'boolean');
    -- it is run with the path of the model, where other functions might stand before those that it was held to
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    RETURN checked_expression(condition, format('%I.%I', model, 'source_' || source)::regclass, 'boolean');
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION '"%": %', rule, SQLERRM USING ERRCODE = SQLSTATE;
END
$$;
COMMENT ON FUNCTION quality_condition(text, text, text, text) IS 'Internal: the condition of a row of quality_rule, spelled out. An error names the rule.';

CREATE FUNCTION kept_rows(model text, source text, without text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    rows text := quote_ident('source_' || source);
    columns text := (SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.position)
                     FROM source_column c WHERE c.source = kept_rows.source);
    conditions text[];
    condition text;
BEGIN
    -- rows are judged by themselves before they are judged beside others
    EXECUTE format('SELECT array_agg(quality_condition($1, rule, source, r.condition)
                                     ORDER BY coalesce(c.kind, ''row''), c.position NULLS FIRST, rule)
                    FROM %I.quality_rule r LEFT JOIN quality_check c USING (rule, source)
                    WHERE source = $2 AND r.is_enabled AND r.quarantine', model) INTO conditions USING model, source;
    FOREACH condition IN ARRAY without || conditions LOOP
        rows := format('(SELECT %s FROM (%s) AS judged WHERE found[1] IS NOT TRUE)', columns,
                       judged_rows(source, ARRAY[condition], rows));
    END LOOP;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION kept_rows(text, text, text[]) IS
'Internal: what to select from for the rows of a source that count, those in quarantine left out; first the rows that '
'meet one of the conditions. To be run with the path of the model.';

CREATE PROCEDURE write_kept_view(model text, source text, without text[] DEFAULT '{}', of_keys boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    alias text := quote_ident('source_' || source);
    columns text;
    complaint text;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    SELECT string_agg(format('%s.%I', alias, c.name), ', ' ORDER BY c.position) INTO columns
    FROM source_column c WHERE c.source = write_kept_view.source;
    SELECT 'CASE ' || string_agg(format('WHEN %s THEN %s', c.failing, c.complaint), ' ' ORDER BY c.position) || ' END'
    INTO complaint FROM source_check c WHERE c.source = write_kept_view.source;
    EXECUTE format('CREATE OR REPLACE VIEW %1$I.%2$I WITH (security_invoker) AS
                    SELECT %3$s AS complaint, hash_record_extended(ROW (%4$s), 0) AS digest, %4$s FROM %5$s AS %6$s%7$s',
                   model, 'kept_' || source, coalesce(complaint, 'NULL::text'), columns,
                   kept_rows(model, source, without), alias,
                   CASE WHEN of_keys
                        THEN format(' WHERE %s.account_id IN (SELECT k.account_id FROM fresh_key k)', alias) END);
END
$$;
COMMENT ON PROCEDURE write_kept_view(text, text, text[], boolean) IS
'Internal: makes the view kept_<source> of a model anew, from the rules in quarantine; without: rows that meet one of '
'these conditions are left out too; of_keys: only those of the accounts of fresh_key are in it';

CREATE PROCEDURE write_kept_views(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    source text;
BEGIN
    FOR source IN SELECT DISTINCT c.source FROM source_column c LOOP
        CALL write_kept_view(model, source);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE write_kept_views(text) IS 'Internal: makes all views kept_<source> of a model anew';

CREATE TYPE headline_states AS (movements mrr_movements, resolved rate, satisfied survey, promoted survey, mrr numeric);
COMMENT ON TYPE headline_states IS 'Internal: what the headline figures of the trailing year are readings of';

CREATE TYPE headline_figures AS (
    nrr_rate double precision, grr_rate double precision, logo_churn_rate double precision, closing_mrr numeric,
    fcr_rate double precision, csat_rate double precision, nps_score double precision);
COMMENT ON TYPE headline_figures IS 'Internal: the headline figures of the trailing year; NULL: not looked at';

CREATE FUNCTION states_of(model text, source text DEFAULT NULL, accounts text[] DEFAULT NULL, without text[] DEFAULT '{}')
RETURNS headline_states
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    states headline_states;
    kept text;
BEGIN
    IF accounts IS NOT NULL THEN
        EXECUTE format('DELETE FROM %I.fresh_key', model);
        EXECUTE format('INSERT INTO %I.fresh_key SELECT k::%s FROM unnest($1) k', model, key_type(model)) USING accounts;
    END IF;
    FOREACH kept IN ARRAY '{account,subscription,ticket,survey}'::text[] LOOP
        CALL write_kept_view(model, kept, CASE WHEN kept = source THEN without ELSE '{}' END, accounts IS NOT NULL);
    END LOOP;
    EXECUTE format('SELECT h.* FROM %I.headline($1) h', model) INTO states
    USING CASE WHEN coalesce(source, 'account') = 'account' THEN '{ticket,survey}' ELSE ARRAY[source] END;
    RETURN states;
END
$$;
COMMENT ON FUNCTION states_of(text, text, text[], text[]) IS
'Internal: what the headline figures are made of, of the accounts of these keys, NULL: of all, without the rows of the '
'source that meet one of the conditions. It writes views anew: to be rolled back.';

CREATE FUNCTION key_type(model text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
        WHERE a.attrelid = format('%I.account_state', model)::regclass AND a.attname = 'account_id');
COMMENT ON FUNCTION key_type(text) IS 'Internal: the type of account_id in a model';

CREATE FUNCTION states_without(whole headline_states, theirs headline_states, rebuilt headline_states)
RETURNS headline_states
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- states are a group: all, less theirs as they are, and theirs without the rows, to the last digit
RETURN ROW (
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.movements, theirs.movements), whole.movements)),
                                   (rebuilt.movements)) v(s)),
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.resolved, theirs.resolved), whole.resolved)),
                                   (rebuilt.resolved)) v(s)),
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.satisfied, theirs.satisfied), whole.satisfied)),
                                   (rebuilt.satisfied)) v(s)),
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.promoted, theirs.promoted), whole.promoted)),
                                   (rebuilt.promoted)) v(s)),
    whole.mrr - coalesce(theirs.mrr, 0) + coalesce(rebuilt.mrr, 0))::headline_states;
COMMENT ON FUNCTION states_without(headline_states, headline_states, headline_states) IS
'Internal: the states of all, with those of some accounts exchanged for others';

CREATE FUNCTION figures_of(states headline_states, source text, pauses_are_churn boolean, satisfied_from numeric)
RETURNS headline_figures
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    SELECT m.nrr, m.grr, m.logo_churn, CASE WHEN source IN ('account', 'subscription') THEN coalesce(m.closing, 0) END,
           CASE WHEN source IN ('account', 'ticket') THEN rate((states).resolved) END,
           CASE WHEN source IN ('account', 'survey') THEN csat((states).satisfied, satisfied_from) END,
           CASE WHEN source IN ('account', 'survey') THEN nps((states).promoted) END
    FROM (SELECT 1) one LEFT JOIN movements((states).movements, pauses_are_churn) m ON source IN ('account', 'subscription');
END;
COMMENT ON FUNCTION figures_of(headline_states, text, boolean, numeric) IS
'Internal: the headline figures that rows of the source are part of';

CREATE FUNCTION effect_in_words(figures headline_figures, without headline_figures) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce('excluding these, ' || string_agg(
            CASE WHEN f.figure IS NULL THEN f.name || ' becomes known' WHEN f.other IS NULL THEN f.name || ' is unknown'
                 ELSE format('%s %s %s%s', f.name, CASE WHEN f.other > f.figure THEN 'rises' ELSE 'falls' END,
                             CASE WHEN c.change = 0 THEN 'less than 0.1' ELSE trim_scale(c.change)::text END,
                             CASE WHEN c.change = 1 THEN rtrim(f.unit, 's') ELSE f.unit END) END,
            ', ' ORDER BY f.n), 'excluding these changes no headline figure')
        FROM (VALUES (1, 'NRR', ' points', 100 * figures.nrr_rate, 100 * without.nrr_rate),
                     (2, 'GRR', ' points', 100 * figures.grr_rate, 100 * without.grr_rate),
                     (3, 'logo churn', ' points', 100 * figures.logo_churn_rate, 100 * without.logo_churn_rate),
                     (4, 'closing MRR', '', figures.closing_mrr::double precision,
                      without.closing_mrr::double precision),
                     (5, 'FCR', ' points', 100 * figures.fcr_rate, 100 * without.fcr_rate),
                     (6, 'CSAT', ' points', 100 * figures.csat_rate, 100 * without.csat_rate),
                     (7, 'NPS', ' points', figures.nps_score, without.nps_score)) f(n, name, unit, figure, other),
             LATERAL (SELECT round(abs(f.other - f.figure)::numeric, 1) AS change) c
        WHERE f.figure IS DISTINCT FROM f.other);
COMMENT ON FUNCTION effect_in_words(headline_figures, headline_figures) IS
'Internal: how the headline figures change, in words, to a tenth of their units';

CREATE TYPE found_rows AS (rule text, condition text, row_count bigint, accounts text[], sample_keys text);
COMMENT ON TYPE found_rows IS 'Internal: what a rule of data quality found among the rows of a source';

CREATE TYPE finding AS (
    rule text, source text, severity text, description text, row_count bigint, account_count bigint, sample_keys text,
    mrr numeric, figures headline_figures, without headline_figures, effect text, is_quarantined boolean);
COMMENT ON TYPE finding IS 'Internal: what CALL validate() writes to data_finding';

CREATE FUNCTION findings_of(source text, rules text[], conditions text[]) RETURNS SETOF found_rows
LANGUAGE plpgsql STABLE AS $findings$
DECLARE
    key text := (SELECT string_agg(format('coalesce(%I::text, ''NULL'')', c.name), ' || '' / '' || ' ORDER BY c.position) FROM csmetrics.source_column c
                 WHERE c.source = findings_of.source AND (c.required OR c.name IN (findings_of.source || '_id', 'name', 'user_id', 'respondent_id')));
    account text := CASE WHEN EXISTS (SELECT FROM csmetrics.source_column c WHERE c.source = findings_of.source AND c.name = 'account_id') THEN 'account_id::text' ELSE 'NULL::text' END;
BEGIN
    -- all rules in one pass; OFFSET 0 keeps the planner from working them out once for each
    RETURN QUERY EXECUTE format($query$
        SELECT ($1)[n], ($2)[n], coalesce(f.row_count, 0), coalesce(f.accounts, '{}'), f.sample_keys
        FROM generate_series(1, %3$s) n LEFT JOIN (
            SELECT n, count(*) AS row_count, array_agg(DISTINCT account) FILTER (WHERE account IS NOT NULL) AS accounts, string_agg(key, '; ' ORDER BY place) FILTER (WHERE place <= 5) AS sample_keys
            FROM (SELECT n, %1$s AS account, %2$s AS key, row_number() OVER (PARTITION BY n ORDER BY %2$s) AS place FROM (%4$s OFFSET 0) j, generate_series(1, %3$s) n WHERE true = ANY (j.found) AND j.found[n]) k
            GROUP BY n) f USING (n) $query$, account, key, cardinality(rules), csmetrics.judged_rows(source, conditions)) USING rules, conditions;
EXCEPTION WHEN OTHERS THEN
    IF cardinality(rules) = 1 THEN
        RAISE EXCEPTION '"%" of source "%": %', rules[1], source, SQLERRM USING ERRCODE = SQLSTATE;
    END IF;
    -- one after the other, to tell which of them it is
    FOR i IN 1 .. cardinality(rules) LOOP
        PERFORM FROM csmetrics.findings_of(source, rules[i:i], conditions[i:i]);
    END LOOP;
    RAISE;
END
$findings$;
COMMENT ON FUNCTION findings_of(text, text[], text[]) IS
'Internal: what each condition finds among the rows of a source. An error names the rule. To be run with the path of the model.';

CREATE FUNCTION found_in(model text, source text, rules text[], conditions text[]) RETURNS found_rows[]
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    found found_rows[];
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- whatever a rule does is undone: it runs read only, in a subtransaction that is rolled back; the rows found stay
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true);
        found := ARRAY(SELECT f FROM findings_of(source, rules, conditions) f);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN found;
    END;
END
$$;
COMMENT ON FUNCTION found_in(text, text, text[], text[]) IS
'Internal: what each rule finds among the rows of a source, read only. An error names the rule.';

CREATE FUNCTION plain_effect(found found_rows, source text, kind text, can_quarantine boolean, is_quarantined boolean)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (found).row_count = 0 THEN NULL
            WHEN is_quarantined THEN 'left out already: in quarantine'
            WHEN kind = 'feed' THEN 'nothing to leave out: rows are missing'
            WHEN NOT can_quarantine THEN 'nothing to leave out'
            WHEN source NOT IN ('account', 'subscription', 'ticket', 'survey')
                THEN 'no headline figure is made of these' END;
COMMENT ON FUNCTION plain_effect(found_rows, text, text, boolean, boolean) IS
'Internal: the effect of leaving rows out, where that takes no figures to tell; else NULL';

CREATE FUNCTION rules_in_force(model text) RETURNS TABLE (
    source text, rule text, condition text, severity text, description text, quarantine boolean, kind text,
    can_quarantine boolean, stops_refresh boolean, place bigint)
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT q.source, q.rule, quality_condition($1, q.rule, q.source, q.condition), q.severity,
               coalesce(q.description, c.description), q.quarantine, coalesce(c.kind, 'row'),
               coalesce(c.can_quarantine OR q.condition IS NOT NULL, true),
               coalesce(c.stops_refresh AND q.condition IS NULL, false),
               row_number() OVER (PARTITION BY q.source ORDER BY c.position, q.rule)
        FROM %I.quality_rule q LEFT JOIN quality_check c USING (rule, source) WHERE q.is_enabled $query$, model)
    USING model;
END
$$;
COMMENT ON FUNCTION rules_in_force(text) IS 'Internal: the rules of data quality that are enabled, with their conditions';

CREATE PROCEDURE find_effect(model text, condition text, accounts text[], INOUT finding finding, INOUT whole headline_states)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    -- of the accounts concerned alone: those of usage and the like are not rebuilt
    theirs headline_states := states_of(model, finding.source, accounts);
    pauses_are_churn boolean;
    satisfied_from numeric;
BEGIN
    finding.mrr := coalesce(theirs.mrr, 0);
    IF finding.effect IS NOT NULL THEN
        RETURN;
    END IF;
    whole := CASE WHEN whole IS NULL THEN states_of(model) ELSE whole END;
    EXECUTE format('SELECT p.pause_rule = ''churn'', p.satisfied_from FROM %I.policy p', model)
        INTO pauses_are_churn, satisfied_from;
    finding.figures := figures_of(whole, finding.source, pauses_are_churn, satisfied_from);
    finding.without := figures_of(
        states_without(whole, theirs, states_of(model, finding.source, accounts, ARRAY[condition])), finding.source,
        pauses_are_churn, satisfied_from);
    finding.effect := effect_in_words(finding.figures, finding.without);
END
$$;
COMMENT ON PROCEDURE find_effect(text, text, text[], finding, headline_states) IS
'Internal: adds to a finding the MRR of the accounts concerned and, unless its effect is plain, the headline figures '
'with and without its rows; whole: the states of all, once known';

CREATE PROCEDURE find_in_source(model text, source text, INOUT findings finding[], INOUT whole headline_states)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $find$
DECLARE
    started timestamptz := clock_timestamp();
    rules text[];
    conditions text[];
    found found_rows;
    known record;
    told finding;
    found_count integer := 0;
BEGIN
    SELECT array_agg(r.rule ORDER BY r.place), array_agg(r.condition ORDER BY r.place) INTO rules, conditions
    FROM rules_in_force(model) r WHERE r.source = find_in_source.source;
    FOREACH found IN ARRAY found_in(model, source, rules, conditions) LOOP
        SELECT r.* INTO known FROM rules_in_force(model) r WHERE (r.source, r.rule) = (find_in_source.source, found.rule);
        told := (found.rule, source, known.severity, known.description, found.row_count,
                 CASE WHEN known.kind <> 'feed' THEN cardinality(found.accounts) END, found.sample_keys, NULL, NULL, NULL,
                 plain_effect(found, source, known.kind, known.can_quarantine, known.quarantine), known.quarantine);
        IF found.row_count > 0 AND known.kind <> 'feed' THEN
            CALL find_effect(model, found.condition, found.accounts, told, whole);
        END IF;
        IF known.stops_refresh AND NOT known.quarantine THEN
            told.effect := told.effect || '; refresh stops at them';
        END IF;
        found_count := found_count + (found.row_count > 0)::integer;
        findings := findings || told;
    END LOOP;
    RAISE NOTICE 'validating model "%": source "%" by % rules, % found something, in % s', model, source,
        cardinality(rules), found_count, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$find$;
COMMENT ON PROCEDURE find_in_source(text, text, finding[], headline_states) IS
'Internal: adds what the rules find among the rows of a source to findings; whole: the states of all, once known';

CREATE FUNCTION data_findings(model text) RETURNS SETOF finding
-- long queries, each run once: compiling them takes longer than running them
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $findings$
DECLARE
    source text;
    zone text;
    findings finding[] := '{}';
    whole headline_states;
BEGIN
    -- rates as the source says now, and views of the rows that are left: undone at the end; the findings stay
    BEGIN
        PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
        -- keys read the same in every session
        SELECT p.time_zone INTO zone FROM policy p;
        PERFORM set_config('TimeZone', zone, true), set_config('DateStyle', 'ISO, YMD', true);
        CALL write_kept_views(model);
        DELETE FROM fresh_fx_rate;
        INSERT INTO fresh_fx_rate SELECT r.* FROM read_fx_rate() r WHERE r.rate IS NOT NULL;
        PERFORM write_fx_rate();
        FOR source IN SELECT DISTINCT r.source FROM rules_in_force(model) r ORDER BY r.source LOOP
            CALL find_in_source(model, source, findings, whole);
        END LOOP;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN QUERY SELECT f.* FROM unnest(findings) f;
    END;
END
$findings$;
COMMENT ON FUNCTION data_findings(text) IS
'Internal: what CALL validate() writes to data_finding. Rules run with the rights of the caller, read only; an error '
'names the rule.';

CREATE PROCEDURE validate(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off SET jit = off AS $validate$
DECLARE
    started timestamptz := clock_timestamp();
    counts record;
BEGIN
    PERFORM require_model(model);
    PERFORM require_all_rows(model, '^source_');
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one validation at a time, and no refresh meanwhile; readers go on
    CALL lock_model(model);
    DELETE FROM data_finding;
    INSERT INTO data_finding
    SELECT f.rule, f.source, f.severity, f.description, f.row_count, f.account_count, f.sample_keys, f.mrr,
           (f.figures).nrr_rate, (f.without).nrr_rate, (f.figures).grr_rate, (f.without).grr_rate,
           (f.figures).logo_churn_rate, (f.without).logo_churn_rate, (f.figures).closing_mrr, (f.without).closing_mrr,
           (f.figures).fcr_rate, (f.without).fcr_rate, (f.figures).csat_rate, (f.without).csat_rate,
           (f.figures).nps_score, (f.without).nps_score, f.effect, f.is_quarantined, now(), r.policy_hash
    FROM reporting_range r, data_findings(model) f;
    SELECT count(*) AS rules, count(*) FILTER (WHERE row_count > 0 AND severity = 'error') AS errors, count(*) FILTER (WHERE row_count > 0 AND severity = 'warning') AS warnings,
           count(*) FILTER (WHERE row_count > 0 AND severity = 'info') AS infos INTO counts FROM data_finding;
    RAISE NOTICE 'validated model "%" by % rules: % errors, % warnings, % infos, in % s', model, counts.rules, counts.errors, counts.warnings, counts.infos,
        round(extract(epoch FROM clock_timestamp() - started), 1);
END
$validate$;
COMMENT ON PROCEDURE validate(text) IS
'Holds the rows of the sources to the rules of quality_rule and replaces data_finding, which view data_quality reads, by what each found: rows, accounts, the MRR that they touch, and what NRR, GRR, logo churn and closing MRR, of tickets FCR, of surveys CSAT and NPS of the trailing year would be without the rows found, and are with all, as a refresh now would give them, of single accounts at constant rates whatever entity_grain and rate_rule say; rows that stop a refresh, and those in quarantine, are in neither. Nothing is changed in the histories. Rules run with the rights of the caller and can write nothing; an error names the rule and leaves everything as it was. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
