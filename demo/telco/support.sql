-- Made up, as the file has nothing of the kind: how customers of the last year got started, and the
-- tickets of the first half of 2026. Dice stand for chance, thrown by md5 so that every run is the
-- same; what they are loaded with is written here, and the views below must find it.
CREATE FUNCTION telco.dice(throw text) RETURNS double precision LANGUAGE sql IMMUTABLE
RETURN ('x' || substr(md5(throw), 1, 8))::bit(32)::bigint / 4294967296.0;

-- A technician calls at half of the new customers: they use the service after 6 days in the middle, the
-- others, who install it themselves, after 15, and one in eight of these never gets it to work.
CREATE TABLE telco.installation AS
SELECT id AS customer_id, CASE WHEN telco.dice(id || 'way') < 0.5 THEN 'technician' ELSE 'self-install' END AS way, joined_on AS ordered_on
FROM telco.customer WHERE joined_on BETWEEN '2025-07-01' AND '2026-06-30';
ALTER TABLE telco.installation ADD works_at timestamptz;
UPDATE telco.installation
SET works_at = ordered_on + CASE way WHEN 'technician' THEN 6 ELSE 15 END * sqrt(ln(1 - telco.dice(customer_id || 'took')) / ln(0.5)) * interval '1 day'
WHERE way = 'technician' OR telco.dice(customer_id || 'never') >= 1 / 8.0;

-- One ticket for four customers a month, twice that over fiber. Half are solved within 20 hours; one in
-- twelve is never. One in ten is opened again, and for a fifth somebody asks again within days.
CREATE TABLE telco.ticket AS
SELECT c.id || '-' || to_char(month, 'YYMM') || again.suffix AS id, c.id AS customer_id, c.internet,
       month + telco.dice(c.id || month || 'day') * interval '28 days' + again.later AS opened_at,
       NULL::timestamptz AS replied_at, NULL::timestamptz AS solved_at, (telco.dice(c.id || month || 'reopened') < 0.1)::integer AS reopened,
       1 + floor(3 * telco.dice(c.id || month || 'replies'))::integer AS replies, telco.dice(c.id || month || 'escalated') < 0.05 AS escalated
FROM telco.customer c, generate_series(timestamptz '2026-01-01', '2026-06-01', '1 month') month,
     LATERAL (VALUES ('', interval '0', 1.0), ('b', 4 * interval '1 day', 0.2)) again(suffix, later, share)
WHERE telco.dice(c.id || month || 'ticket') < CASE c.internet WHEN 'Fiber optic' THEN 0.5 ELSE 0.25 END
  AND telco.dice(c.id || month || 'again') < again.share
  AND c.joined_on <= month AND coalesce(c.left_on, 'infinity') > month;
UPDATE telco.ticket SET replied_at = opened_at + telco.dice(id || 'reply') * interval '6 hours',
                        solved_at = CASE WHEN telco.dice(id || 'unsolved') >= 1 / 12.0
                                         THEN opened_at + 20 * ln(1 - telco.dice(id || 'solve')) / ln(0.5) * interval '1 hour' END;
ANALYZE telco.installation, telco.ticket;
