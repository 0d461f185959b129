-- Data quality: rules about the rows of the sources, what they find, and what the headline figures would be without it.
--
-- A rule is an SQL condition that the rows found meet. The rows found are those that would be left out, so that one
-- text says what is wrong, what quarantine removes and what the figures are compared without.

-- What map could not read as the type asked for is a column of each source, which comes last.
INSERT INTO csmetrics.source_column
SELECT DISTINCT source, 2000, 'misread', 'text', false, 'What of the row could not be read as the type asked for, and '
       'why; map fills it. NULL: all was read'
FROM csmetrics.source_column;

-- What the histories cannot hold: refresh names the account, and rules find all of them.
DELETE FROM csmetrics.source_check WHERE position = 0 OR position >= 90;
INSERT INTO csmetrics.source_check
SELECT source, 90,
       string_agg(format(CASE WHEN type = 'timestamptz'
                              THEN '(%1$I < ''0001-01-01 00:00+00'' OR %1$I >= ''10000-01-01 00:00+00'')'
                              -- a milestone is due when its day is over
                              WHEN name = 'due_on' THEN '%1$I NOT BETWEEN ''0001-01-01'' AND ''9999-12-30'''
                              ELSE '%1$I NOT BETWEEN ''0001-01-01'' AND ''9999-12-31''' END, name)
                  || CASE WHEN required AND (source, name) <> ('survey', 'responded_at') THEN ''
                          ELSE format(' AND %I <> ''infinity''', name) END, ' OR ' ORDER BY position),
       $$'a day or an instant outside the years 1 to 9999'$$
FROM csmetrics.source_column
WHERE source <> 'account' AND name <> 'renews_on' AND type IN ('date', 'timestamptz')
GROUP BY source;
INSERT INTO csmetrics.source_check
SELECT source, 0, 'misread IS NOT NULL',
       -- rows of vendors name themselves
       format('misread || CASE WHEN misread ~ ''^(table|account) '' THEN '''' '
              'ELSE coalesce('' ('' || nullif(concat_ws('', '', %s), '''') || '')'', '''') END',
              coalesce(string_agg(format('%L || %I', replace(name, '_id', '') || ' ', name), ', ' ORDER BY position)
                  FILTER (WHERE name IN (source || '_id', source, 'user_id', 'feature', 'kind', 'currency')
                                AND source <> 'account'), 'NULL'))
FROM csmetrics.source_column GROUP BY source;
INSERT INTO csmetrics.source_check VALUES
-- NaN is above all numbers
('subscription', 91, 'abs(mrr) > 1e18', $$format('mrr %s is no amount between -10^18 and 10^18', mrr)$$),
('subscription', 92, 'greatest(discount_mrr, limited_discount_mrr) > 1e18',
 $$format('the discounts %s and %s are no amounts up to 10^18', coalesce(discount_mrr::text, 'NULL'),
          coalesce(limited_discount_mrr::text, 'NULL'))$$),
('survey', 91, 'abs(lowest) > 1e18 OR abs(highest) > 1e18',
 $$format('the scale from %s to %s is out of range', lowest, highest)$$),
('usage', 91, 'events >= 281474976710656', $$format('events %s are 2^48 or more', events)$$);

DELETE FROM csmetrics.iso_currency;
INSERT INTO csmetrics.iso_currency
SELECT code FROM string_to_table(
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF '
    'CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD '
    'GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP '
    'LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN '
    'PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS '
    'TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA '
    'YER ZAR ZMW ZWG ZWL', ' ') code;

CREATE OR REPLACE FUNCTION csmetrics.is_dst_hole(local timestamp, zone text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (local AT TIME ZONE zone) AT TIME ZONE zone <> local;
COMMENT ON FUNCTION csmetrics.is_dst_hole(timestamp, text) IS
'Is this a local time that the zone never had, because clocks were set forward over it? A column that holds such times '
'is of another zone than it is taken for. Ask of your own table, before the mapping. An unknown zone: SQLSTATE 22023. '
'NULL for NULL.';

-- What stops a refresh, by the names of rules; a check without a name here is called by its number.
DELETE FROM csmetrics.quality_check;
INSERT INTO csmetrics.quality_check
SELECT 100 + row_number() OVER (ORDER BY c.source, c.position), coalesce(n.rule, 'refused ' || c.position), c.source,
       'error', 'row', c.failing, true, true,
       coalesce(n.description, 'Refresh stops at such rows: mend them, or leave them out')
FROM csmetrics.source_check c LEFT JOIN (VALUES
    ('subscription', 2, 'start missing', 'Nothing says since when it is in force: give it a starts_on'),
    ('subscription', 3, 'ends before start',
     'A term cannot end before it starts: the days are swapped, or one is mistyped'),
    ('subscription', 4, 'mrr missing', 'Nothing says what it is worth: give it an mrr, 0 if it is free'),
    ('subscription', 7, 'rate missing',
     'Nothing says what its currency is worth in the currency of report: give source_fx_rate a rate'),
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
    ('survey', 4, 'scale upside down',
     'lowest has to be below highest; higher_is_better says which end is the good one'),
    ('survey', 5, 'direction missing', 'CES scales run both ways: say by higher_is_better which end is the good one'),
    ('survey', 91, 'scale out of range', 'No ends of a scale: mend them'),
    ('usage', 2, 'instant missing', 'Nothing says when it happened: give it an at'),
    ('usage', 3, 'events below 0', 'A count cannot be below 0: mend it'),
    ('usage', 4, 'feature name too long',
     'More than 255 bytes are no name of a feature: an address or a message was mapped to it'),
    ('usage', 91, 'events out of range', 'No count of events: mend it'),
    ('milestone', 2, 'name missing', 'Nothing says what was reached: give it a milestone'),
    ('signal', 2, 'name missing', 'Nothing says which signal it is: give it a name'),
    ('signal', 3, 'instant missing', 'Nothing says when it was so: give it an at'),
    ('signal', 4, 'value missing', 'A signal without a value says nothing: leave it out'),
    ('signal', 5, 'value out of range', 'No number that counts: mend it'),
    ('entitlement', 2, 'feature missing', 'Nothing says what the account is entitled to: give it a feature'),
    ('entitlement', 3, 'ends before start',
     'An entitlement cannot end before it starts: the days are swapped, or one is mistyped')
    ) n(source, position, rule, description) USING (source, position)
WHERE c.failing <> 'account_id IS NULL' AND c.position NOT IN (0, 90)
UNION ALL
SELECT 200 + row_number() OVER (ORDER BY source, position),
       CASE position WHEN 90 THEN 'date out of range' ELSE 'account missing' END, source, 'error', 'row', failing,
       true, true,
       CASE position WHEN 90 THEN 'No day or instant of the years 1 to 9999: mistyped, or a stand-in for none: map it '
                                  'to NULL'
                     ELSE 'Nothing says whose it is: give it an account_id' END
FROM csmetrics.source_check WHERE failing = 'account_id IS NULL' OR position = 90
UNION ALL
SELECT 10 + row_number() OVER (ORDER BY source), 'misread', source, 'error', 'row', failing, true, true,
       'A value is not of the one plain form that its type has in a text, so that it could be read in two ways or in '
       'none: say in the query given to map how it is written'
FROM csmetrics.source_check WHERE position = 0;

INSERT INTO csmetrics.quality_check
SELECT 300 + row_number() OVER (ORDER BY source), 'orphan', source, 'error', 'row',
       'account_id IS NOT NULL AND known_id IS NULL', true, false,
       'Of an account that source_account does not have: it counts, but has no name, segment or owner: map the account '
       'too, or mend the key'
FROM (SELECT DISTINCT source FROM csmetrics.source_column WHERE name = 'account_id' AND source <> 'account') s
UNION ALL
SELECT 330 + row_number() OVER (ORDER BY source), 'future date', source, 'warning', 'row', condition, true, false,
       'It happened after now: a clock is wrong, a zone is, or the year is mistyped; it counts as not yet'
FROM (VALUES
    ('ticket', $$greatest(opened_at, nullif(first_reply_at, 'infinity'), nullif(solved_at, 'infinity'),
                          nullif(escalated_at, 'infinity')) > until_at$$),
    ('survey', $$greatest(nullif(responded_at, 'infinity'), sent_at) > until_at$$),
    ('usage', $$at > until_at AND at < 'infinity'$$),
    ('signal', $$at > until_at AND at < 'infinity'$$),
    ('milestone', $$reached_at > until_at AND reached_at <> 'infinity'$$),
    -- on no day of the earth yet
    ('account', $$created_on > (until_at AT TIME ZONE 'Pacific/Kiritimati')::date$$)) v(source, condition)
UNION ALL
SELECT 350 + row_number() OVER (ORDER BY source), 'unmatched', source, 'warning', 'feed', 'false', false, false,
       'Rows of a connected vendor that stand for no account, or cannot for want of another row, and are in no figure: '
       'see account_identity, or whether a table was not synced'
FROM (SELECT DISTINCT source FROM csmetrics.source_column
      WHERE name = 'account_id' AND source NOT IN ('account', 'parent', 'fx_rate')) s
UNION ALL
SELECT 378, 'unknown crm key', 'account', 'warning', 'feed', 'false', false, false,
       'Keys of the CRM that a connected vendor notes and that are those of no account: of one that was deleted, or '
       'never was; what such customers have may stand under an account of its own: mend the note, or map it in '
       'account_identity'
UNION ALL
SELECT 379, 'kept in place', 'subscription', 'info', 'feed', 'false', false, false,
       'Items that a vendor changes in place, without versions or lines of invoices: what they were before the first '
       'refresh is not known, and no expansion before it is seen; see CONNECTORS.md'
UNION ALL
SELECT 900 + row_number() OVER (ORDER BY source), 'stale feed', source, 'warning', 'feed', format($$
    %1$I = (SELECT max(f.%1$I) FROM {internal}.%2$I f, {model}.reporting_range r WHERE f.%1$I <= r.as_of_at)
    AND %1$I < (SELECT as_of_at FROM {model}.reporting_range) - (
        -- days without a row between days with; that one pause was longer once does not make it usual
        SELECT CASE WHEN count(gap) >= 10
                    THEN greatest(3, 5 * percentile_disc(0.95) WITHIN GROUP (ORDER BY gap),
                                  (array_agg(gap ORDER BY gap DESC))[2]) END
        FROM (SELECT day - lag(day) OVER (ORDER BY day) AS gap
              FROM (SELECT DISTINCT f.%1$I::date AS day
                    FROM {internal}.%2$I f, {model}.reporting_range r
                    WHERE f.%1$I <= r.as_of_at AND f.%1$I > '-infinity') d) g
        ) * interval '1 day'$$, time_column, 'source_' || source),
       false, false,
       'No new row for five times its usual interval, three days and two of its pauses: see whether the feed still '
       'runs; figures of the last days are too low'
FROM (VALUES ('usage', 'at'), ('ticket', 'opened_at'), ('survey', 'responded_at'), ('signal', 'at'))
     v(source, time_column);

INSERT INTO csmetrics.quality_check
    (position, rule, source, severity, kind, can_quarantine, stops_refresh, condition, description) VALUES
(400, 'account missing', 'account', 'error', 'row', true, true,
 'account_id IS NULL',
 'An account without a key: give it one'),
(401, 'account twice', 'account', 'error', 'set', false, true,
 'account_id IS NOT NULL AND row_number() OVER (PARTITION BY account_id ORDER BY {columns}) > 1',
 'Two accounts of one key: give one row an account in the query given to map, since every view reads it'),
(402, 'unknown time zone', 'account', 'error', 'row', true, false,
 'time_zone IS NOT NULL AND lower(time_zone) NOT IN (SELECT lower(name) FROM pg_timezone_names)',
 'No time zone by IANA''s names, and where its usage is mapped refresh fails: map it to a name like Europe/Berlin, '
 'or to NULL'),
(403, 'test account', 'account', 'info', 'row', true, false,
 $$is_test OR name ~* '(^|[^[:alpha:]])(test|testing|demo|qa|sandbox|dummy)([^[:alpha:]]|$)'$$,
 'Marked as a test, or named like one: map is_test, and the model leaves it out'),
(404, 'more users than seats', 'account', 'info', 'row', false, false,
 'account_id IN (SELECT account_id FROM {model}.usage_depth WHERE is_over_seats)',
 'More users are active than seats were bought, as of the last refresh: room to expand, users counted twice, or '
 'seats out of date'),
(405, 'unknown parent', 'account', 'warning', 'row', false, false,
 'parent_id IS NOT NULL
  AND parent_id NOT IN (SELECT account_id FROM {internal}.source_account WHERE account_id IS NOT NULL)',
 'Its parent is no account of source_account, and counts as none: map the parent too, or mend the key'),
(410, 'negative mrr', 'subscription', 'warning', 'row', true, false,
 'mrr < 0',
 'A credit or a correction among the MRR: credit_rule of the policy says whether it counts; MRR of a term is not '
 'below 0'),
(411, 'overlap', 'subscription', 'warning', 'set', true, false,
 $$subscription_id IS NOT NULL AND (mrr >= 0 OR mrr IS NULL) AND (ends_on > starts_on OR ends_on IS NULL)
   AND starts_on < max(coalesce(ends_on, 'infinity'))
       FILTER (WHERE (mrr >= 0 OR mrr IS NULL) AND (ends_on > starts_on OR ends_on IS NULL))
       OVER (PARTITION BY account_id, subscription_id, product ORDER BY starts_on, {columns}
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)$$,
 'It starts while an earlier row of this subscription and product is in force, and its MRR counts twice: end the '
 'earlier row on the day on which this one starts'),
(412, 'gap', 'subscription', 'warning', 'set', false, false,
 $$subscription_id IS NOT NULL
   AND starts_on > max(coalesce(ends_on, 'infinity')) FILTER (WHERE ends_on >= starts_on OR ends_on IS NULL)
       OVER (PARTITION BY account_id, subscription_id ORDER BY starts_on, {columns}
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
   AND starts_on - max(coalesce(ends_on, 'infinity')) FILTER (WHERE ends_on >= starts_on OR ends_on IS NULL)
       OVER (PARTITION BY account_id, subscription_id ORDER BY starts_on, {columns}
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) >= (SELECT gap_smooth_days FROM {model}.policy)$$,
 'It starts days after its subscription had ended, and reads as churn and reactivation: a renewal signed late, or a '
 'term that is missing; see gap_smooth_days'),
(413, 'double-counted subscription', 'subscription', 'warning', 'set', true, false,
 'mrr > 0 AND subscription_id IS NOT NULL
  AND dense_rank() OVER (PARTITION BY account_id, product, mrr, starts_on ORDER BY subscription_id) > 1',
 'Another subscription of this account has the same product, MRR and start: copied by a move from one system to '
 'another, or bought twice'),
(414, 'duplicate row', 'subscription', 'warning', 'set', true, false,
 'subscription_id IS NULL AND row_number() OVER (PARTITION BY {columns} ORDER BY starts_on) > 1',
 'The same in every column as another row, without a subscription_id to tell them apart: a join in the query given '
 'to map, or bought twice'),
(415, 'unknown currency', 'subscription', 'warning', 'row', true, false,
 'currency IS NOT NULL AND upper(currency) NOT IN (SELECT code FROM csmetrics.iso_currency)',
 'No currency of ISO 4217 (csmetrics.iso_currency): mend the code; amounts of other currencies add up as if they '
 'were one'),
(416, 'mixed currencies', 'subscription', 'warning', 'row', true, false,
 $$currency IS NOT NULL AND (SELECT report_currency IS NULL FROM {model}.policy)
   AND upper(currency) <> (SELECT mode() WITHIN GROUP (ORDER BY upper(currency))
                          FROM {internal}.source_subscription)$$,
 'In another currency than most, and added up as if it were one: set report_currency in the policy and map source '
 'fx_rate'),
-- Contracts and deals that are mapped by hand.
(409, 'deal of several accounts', 'subscription', 'warning', 'set', true, false,
 'mrr > 0 AND subscription_id IS NOT NULL
  AND dense_rank() OVER (PARTITION BY subscription_id, starts_on, mrr ORDER BY account_id) > 1',
 'The same subscription_id, start and MRR stand under another account, too: a deal that is joined with all of its '
 'companies counts once for each; map it to the one that pays'),
(417, 'last day as end', 'subscription', 'warning', 'set', false, false,
 $$mrr > 0 AND (SELECT gap_smooth_days <= 1 FROM {model}.policy)
   AND ((account_id, coalesce(product, ''), starts_on - 1) IN (
            SELECT s.account_id, coalesce(s.product, ''), s.ends_on FROM {internal}.source_subscription s
            WHERE s.mrr > 0 AND s.ends_on >= s.starts_on)
        OR starts_on - 1 = max(coalesce(ends_on, 'infinity'))
               FILTER (WHERE mrr > 0 AND (ends_on >= starts_on OR ends_on IS NULL))
               OVER (PARTITION BY account_id ORDER BY starts_on, {columns}
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))$$,
 'The term before it ended one day earlier: ends_on is the day after the last, and was given the last; each renewal '
 'reads as churn and reactivation: map ends_on + 1'),
(418, 'late renewal', 'subscription', 'warning', 'set', false, false,
 $$mrr > 0
   AND row_number() OVER (PARTITION BY account_id, coalesce(subscription_id, starts_on::text) ORDER BY starts_on,
                                       {columns}) = 1
   AND max(coalesce(ends_on, 'infinity')) FILTER (WHERE mrr > 0 AND (ends_on >= starts_on OR ends_on IS NULL))
       OVER (PARTITION BY account_id ORDER BY starts_on, {columns}
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
       BETWEEN starts_on - 92
           AND starts_on - greatest(2, (SELECT gap_smooth_days FROM {model}.policy))$$,
 'Under a new subscription_id the account is back within three months of its end, and reads as churn and reactivation: '
 'a renewal signed late, if it used the product meanwhile; see gap_smooth_days'),
(419, 'early renewal', 'subscription', 'warning', 'set', false, false,
 $$(account_id, coalesce(subscription_id, ''), starts_on) IN (
       SELECT b.account_id, coalesce(b.subscription_id, ''), b.starts_on
       FROM {internal}.source_subscription a JOIN {internal}.source_subscription b
            ON b.account_id = a.account_id AND coalesce(b.product, '') = coalesce(a.product, '')
       WHERE a.mrr > 0 AND b.mrr > 0 AND (a.subscription_id = b.subscription_id) IS NOT TRUE
         AND b.starts_on > a.starts_on AND b.starts_on < a.ends_on AND a.ends_on <= b.starts_on + 92
         AND (b.ends_on > a.ends_on OR b.ends_on IS NULL))$$,
 'It starts within three months before the end of another subscription of the account and product, and both count '
 'until then: a renewal signed early under a new id: end the other on the day on which this one starts'),
(420, 'duplicate ticket', 'ticket', 'warning', 'set', true, false,
 'ticket_id IS NOT NULL AND row_number() OVER (PARTITION BY ticket_id ORDER BY opened_at, {columns}) > 1',
 'A ticket_id that is there before: a join in the query given to map, or two help desks that count alike'),
(421, 'solved before opened', 'ticket', 'warning', 'row', true, false,
 'solved_at < opened_at',
 'A solve before the opening takes no time, and is in no figure of how long it took: two clocks, or the zone of one '
 'column is wrong'),
(422, 'reply before opened', 'ticket', 'warning', 'row', true, false,
 'first_reply_at < opened_at',
 'A reply before the opening is in no figure of how long it took: two clocks, or the agent opened it afterwards'),
(430, 'duplicate answer', 'survey', 'warning', 'set', true, false,
 'respondent_id IS NOT NULL AND responded_at IS NOT NULL
  AND row_number() OVER (PARTITION BY account_id, respondent_id, lower(kind), responded_at, ticket_id
                         ORDER BY {columns}) > 1',
 'The same person answered the same question at the same instant before: sent twice, or doubled by a join'),
(431, 'score off its scale', 'survey', 'warning', 'row', true, false,
 $$(lowest >= highest) IS NOT TRUE
   AND (score < coalesce(lowest, CASE lower(kind) WHEN 'nps' THEN 0 ELSE 1 END)
        OR score > coalesce(highest, CASE lower(kind) WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 ELSE 7 END))$$,
 'Below the lowest or above the highest score: rejected, and in no figure; say by lowest and highest which scale it '
 'is'),
(432, 'nps not whole', 'survey', 'warning', 'row', true, false,
 $$lower(kind) = 'nps' AND score <> trunc(score) AND score < 'Infinity'$$,
 'Nobody answers NPS with a fraction: a mean of answers, or another scale'),
(433, 'answered before sent', 'survey', 'warning', 'row', true, false,
 'responded_at < sent_at',
 'An answer before the question: two clocks, or the zone of one column is wrong'),
(434, 'nps on another scale', 'survey', 'warning', 'row', true, false,
 $$lower(kind) = 'nps' AND (coalesce(lowest, 0) IN (0, 1) AND coalesce(highest, 10) = 10) IS NOT TRUE$$,
 'Promoters and detractors are known of 0 to 10 alone: rejected, and in no figure; ask on that scale'),
(435, 'nps from 1', 'survey', 'info', 'row', true, false,
 $$lower(kind) = 'nps' AND lowest = 1 AND coalesce(highest, 10) = 10$$,
 'NPS is asked from 0 on: taken as it is, 9 and 10 as promoters, but there is one detractor less to choose'),
(440, 'bot or test user', 'usage', 'info', 'row', true, false,
 $$user_id ~* '(^|[^[:alpha:]])(bot|robot|crawler|test|demo|qa)([^[:alpha:]]|$)'
   OR role ~* '(^|[^[:alpha:]])(bot|robot|crawler|test|qa)([^[:alpha:]]|$)'$$,
 'Usage of users or roles named like bots or tests: leave them out in the query given to map'),
(441, 'inhuman usage', 'usage', 'info', 'set', true, false,
 $$(account_id, user_id) IN (
       SELECT u.account_id, u.user_id
       FROM (SELECT DISTINCT account_id, user_id, date_trunc('hour', at) AS hour FROM {internal}.source_usage
             WHERE user_id IS NOT NULL AND at > '-infinity' AND at < 'infinity') u
       GROUP BY u.account_id, u.user_id
       HAVING max(u.hour) - min(u.hour) >= interval '71 hours'
              AND count(*) >= 0.9 * (extract(epoch FROM max(u.hour) - min(u.hour)) / 3600 + 1))$$,
 'Users active in nine of ten hours of three days and more, night and day: a bot, or an account that many share'),
(450, 'reached before start', 'milestone', 'warning', 'set', true, false,
 'is_start IS NOT TRUE AND reached_at < min(reached_at) FILTER (WHERE is_start) OVER (PARTITION BY account_id)',
 'Reached before the milestone that starts the clock; first value before the start is in no figure: see which of '
 'the two is mistyped'),
(455, 'signal of the model', 'signal', 'warning', 'row', true, false,
 'signal IN (SELECT m.name FROM csmetrics.model_signal m)',
 'Named like a signal that every model has of itself, which is read in its place: give it another name'),
(460, 'rate twice', 'fx_rate', 'error', 'set', true, false,
 'row_number() OVER (PARTITION BY upper(currency), on_date ORDER BY {columns}) > 1',
 'Two rates of one currency on one day: which of them holds is chance: leave one out'),
(461, 'unknown currency', 'fx_rate', 'warning', 'row', true, false,
 'upper(currency) NOT IN (SELECT code FROM csmetrics.iso_currency)',
 'No currency of ISO 4217 (csmetrics.iso_currency): mend the code'),
(462, 'rate jumps', 'fx_rate', 'warning', 'set', true, false,
 'rate / nullif(lag(rate) OVER (PARTITION BY upper(currency) ORDER BY on_date), 0) NOT BETWEEN 0.5 AND 2',
 'Half the rate before or less, or twice that or more: a point in the wrong place, or the rate of the other '
 'direction'),
(470, 'unknown parent', 'parent', 'error', 'row', true, false,
 'parent_id IS NULL
  OR parent_id NOT IN (SELECT account_id FROM {internal}.source_account WHERE account_id IS NOT NULL)',
 'The parent is no account of source_account, and counts as none: map the parent too, or mend the key'),
(471, 'own parent', 'parent', 'warning', 'row', true, false,
 'account_id = parent_id',
 'An account that belongs to itself: the row says nothing'),
(472, 'two parents', 'parent', 'error', 'set', true, true,
 $$coalesce(starts_on, '-infinity') < max(coalesce(ends_on, 'infinity'))
       OVER (PARTITION BY account_id ORDER BY starts_on NULLS FIRST, {columns}
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)$$,
 'It belongs to another account while an earlier row is in force: end the earlier row on the day on which this one '
 'starts');

-- Which rows are kept.

CREATE OR REPLACE FUNCTION csmetrics.can_quarantine(rule text, source text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.can_quarantine FROM csmetrics.quality_check c WHERE (c.rule, c.source) = ($1, $2));
COMMENT ON FUNCTION csmetrics.can_quarantine(text, text) IS
'Internal: can_quarantine of quality_check; NULL without such a rule';

CREATE OR REPLACE FUNCTION csmetrics.judged_rows(
    model text, source text, conditions text[], rows text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('SELECT %1$I.*, ARRAY[%2$s]::boolean[] AS found
               FROM %3$s AS %1$I %4$s
                    CROSS JOIN (SELECT greatest(now(), (as_of + 1)::timestamp AT TIME ZONE time_zone
                                                       - interval ''1 microsecond'') AS until_at
                                FROM %5$I.policy) AS clock',
    'source_' || source,
    (SELECT string_agg(format(E'(%s\n)', condition), ', ' ORDER BY n)
     FROM unnest(conditions) WITH ORDINALITY c(condition, n)),
    -- OFFSET 0: Citus brings distributed rows together before conditions ask for others of them
    coalesce(rows, format('(SELECT * FROM %I.%I OFFSET 0)', csmetrics.internal_schema(model), 'source_' || source)),
    -- the planner drops the join where no condition asks for known_id
    CASE WHEN EXISTS (SELECT 1 FROM csmetrics.source_column c WHERE c.source = $2 AND c.name = 'account_id')
         THEN format('LEFT JOIN (SELECT DISTINCT account_id AS known_id FROM %I.source_account) AS known
                      ON known_id = %I.account_id', csmetrics.internal_schema(model), 'source_' || source) END,
    model);
COMMENT ON FUNCTION csmetrics.judged_rows(text, text, text[], text) IS
'Internal: a query of the rows of a source, or of the query in brackets, with what the conditions say of each in '
'found';

CREATE OR REPLACE FUNCTION csmetrics.of_model(expression text, model text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN csmetrics.filled_in(expression, jsonb_build_object(
    'model', quote_ident(model), 'internal', quote_ident(csmetrics.internal_schema(model))));
COMMENT ON FUNCTION csmetrics.of_model(text, text) IS
'Internal: the expression with {model} and {internal} replaced by the schemas of the model';

CREATE OR REPLACE FUNCTION csmetrics.quality_condition(model text, rule text, source text, condition text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation regclass;
BEGIN
    IF condition IS NULL THEN
        -- {columns} are not a row of the view, whose type no other machine knows
        RETURN (SELECT csmetrics.filled_in(csmetrics.of_model(c.condition, model), jsonb_build_object(
                           'columns', (SELECT string_agg(quote_ident(s.name), ', ' ORDER BY s.position)
                                       FROM csmetrics.source_column s WHERE s.source = c.source)))
                FROM csmetrics.quality_check c
                WHERE c.rule = quality_condition.rule AND c.source = quality_condition.source);
    END IF;
    relation := format('%I.%I', csmetrics.internal_schema(model), 'source_' || source)::regclass;
    RETURN csmetrics.checked_expression(condition, relation, 'boolean', model);
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION '"%": %', rule, SQLERRM USING ERRCODE = SQLSTATE;
END
$$;
COMMENT ON FUNCTION csmetrics.quality_condition(text, text, text, text) IS
'Internal: the condition of a row of quality_rule, spelled out. An error names the rule.';

CREATE OR REPLACE FUNCTION csmetrics.kept_rows(model text, source text, without text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rows text := format('%I.%I', csmetrics.internal_schema(model), 'source_' || source);
    columns text := (SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.position)
                     FROM csmetrics.source_column c WHERE c.source = kept_rows.source);
    conditions text[];
    condition text;
BEGIN
    -- rows are judged by themselves before they are judged beside others
    EXECUTE format('SELECT array_agg(csmetrics.quality_condition($1, rule, source, r.condition)
                                     ORDER BY coalesce(c.kind, ''row''), c.position NULLS FIRST, rule)
                    FROM %I.quality_rule r LEFT JOIN csmetrics.quality_check c USING (rule, source)
                    WHERE source = $2 AND r.is_enabled AND r.quarantine', model) INTO conditions USING model, source;
    FOREACH condition IN ARRAY without || conditions LOOP
        rows := format('(SELECT %s FROM (%s) AS judged WHERE found[1] IS NOT TRUE)', columns,
                       csmetrics.judged_rows(model, source, ARRAY[condition], rows));
    END LOOP;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION csmetrics.kept_rows(text, text, text[]) IS
'Internal: what to select from for the rows of a source that count, those in quarantine left out; first the rows that '
'meet one of the conditions';

CREATE OR REPLACE FUNCTION csmetrics.row_digest(VARIADIC "values" "any") RETURNS bigint
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.row_digest("any") IS
'A number that tells rows apart, made of the hashes of values in their order; NULL is one of them. The same in any '
'session, not on another machine. A type that cannot be hashed: SQLSTATE 42883; an array of values: 0A000.';

CREATE OR REPLACE FUNCTION csmetrics.telling_columns(source text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE source WHEN 'subscription' THEN '{cancelled_on,discount_mrr,limited_discount_mrr}'::text[]
                   WHEN 'ticket' THEN '{reopened,escalated,escalated_at,agent_replies}'
                   WHEN 'survey' THEN '{sent_at}'
                   WHEN 'milestone' THEN '{is_value}' END;
COMMENT ON FUNCTION csmetrics.telling_columns(text) IS
'Internal: the optional columns of a source of which refresh notes whether any row has a value: where none has, what '
'would be counted by them is unknown, not nothing. NULL: none of them matters so';

CREATE OR REPLACE FUNCTION csmetrics.fed_mask(source text, alias text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(string_agg(format('CASE WHEN %s.%I IS NULL THEN 0 ELSE %s END', alias, name,
                                          1 << (place::integer - 1)), ' | ' ORDER BY place), 'NULL::integer')
        FROM unnest(csmetrics.telling_columns(source)) WITH ORDINALITY c(name, place));
COMMENT ON FUNCTION csmetrics.fed_mask(text, text) IS
'Internal: SQL of which of telling_columns() a row has a value of, the first in the lowest bit';

CREATE OR REPLACE FUNCTION csmetrics.kept_query(
    model text, source text, without text[] DEFAULT '{}', of_keys boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    alias text := quote_ident('source_' || source);
    columns text;
    complaint text;
BEGIN
    SELECT string_agg(format('%s.%I', alias, c.name), ', ' ORDER BY c.position) INTO columns
    FROM csmetrics.source_column c WHERE c.source = kept_query.source;
    SELECT 'CASE ' || string_agg(format('WHEN %s THEN %s', c.failing, c.complaint), ' ' ORDER BY c.position) || ' END'
    INTO complaint FROM csmetrics.source_check c WHERE c.source = kept_query.source;
    RETURN format(
        'SELECT %1$s AS complaint, csmetrics.row_digest(%2$s) AS digest, %6$s AS fed_mask, %2$s FROM %3$s AS %4$s%5$s',
        coalesce(csmetrics.of_model(complaint, model), 'NULL::text'), columns,
        csmetrics.kept_rows(model, source, without), alias,
        CASE WHEN of_keys
             THEN format(' WHERE %s.account_id IN (SELECT k.account_id FROM %I.fresh_key k)', alias,
                         csmetrics.internal_schema(model)) END, csmetrics.fed_mask(source, alias));
END
$$;
COMMENT ON FUNCTION csmetrics.kept_query(text, text, text[], boolean) IS
'Internal: what view kept_<source> of a model is, from the rules in quarantine; without: rows that meet one of these '
'conditions are left out too; of_keys: only those of the accounts of fresh_key are in it';

CREATE OR REPLACE PROCEDURE csmetrics.write_kept_view(
    model text, source text, without text[] DEFAULT '{}', of_keys boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET citus.enable_ddl_propagation = off AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS %s', csmetrics.internal_schema(model),
                   'kept_' || source, csmetrics.kept_query(model, source, without, of_keys));
END
$$;
COMMENT ON PROCEDURE csmetrics.write_kept_view(text, text, text[], boolean) IS
'Internal: makes the view kept_<source> of a model anew, as kept_query() says';

CREATE OR REPLACE PROCEDURE csmetrics.renew_kept_view(model text, source text, is_forced boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET citus.enable_ddl_propagation = off AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    kept text := csmetrics.kept_query(model, source);
    is_same boolean;
BEGIN
    -- what is replaced leaves a dead row in each catalog behind, and a refresh may come each second
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.read_form f WHERE f.source = $1 AND f.kept_hash = $2)', internal)
        INTO is_same USING source, md5(kept);
    IF is_same AND NOT is_forced THEN
        RETURN;
    END IF;
    CALL csmetrics.write_kept_view(model, source);
    EXECUTE format('INSERT INTO %I.read_form VALUES ($1, $2)
                    ON CONFLICT (source) DO UPDATE SET kept_hash = excluded.kept_hash', internal)
        USING source, md5(kept);
END
$$;
COMMENT ON PROCEDURE csmetrics.renew_kept_view(text, text, boolean) IS
'Internal: makes the view kept_<source> of a model anew where rules changed, or is_forced';

CREATE OR REPLACE PROCEDURE csmetrics.write_kept_views(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source text;
BEGIN
    FOR source IN SELECT DISTINCT c.source FROM csmetrics.source_column c LOOP
        CALL csmetrics.renew_kept_view(model, source, is_forced => true);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.write_kept_views(text) IS
'Internal: makes all views kept_<source> of a model anew';

CREATE OR REPLACE FUNCTION csmetrics.key_type(model text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
        WHERE a.attrelid = csmetrics.relation(model, 'account_state') AND a.attname = 'account_id');
COMMENT ON FUNCTION csmetrics.key_type(text) IS 'Internal: the type of account_id in a model';
