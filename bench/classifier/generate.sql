-- Customers with ten numbers, of which three matter, and whether they left; and others whose causes lie in pairs alone.
set client_min_messages = warning;
drop table if exists leaver, paired;
select setseed(0.5) \g /dev/null
create table leaver as
select n, random() < 1 / (1 + exp(-(-1 + 0.5 * x1 - 0.3 * x2 + 0.02 * x3))) as y, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10
from (select n, random() * 4 - 2 as x1, random() * 10 as x2, round((random() * 100)::numeric, 2)::float8 as x3, floor(random() * 1000) as x4, random() - 0.5 as x5,
             random() as x6, -ln(random() + 1e-9) as x7, sqrt(random()) as x8, random() * 1e4 as x9, (random() < 0.3)::int::float8 as x10 from generate_series(1, :rows) n) q;
alter table leaver drop column n;
-- normal numbers by Box and Muller
create table paired as
select n, random() < 1 / (1 + exp(-(1.5 * a * b + 1.2 * case when (c > 0) <> (d > 0.3) then 1 else -1 end + case when u > 0.6 and k = 2 then 2 else 0 end
                                    - case when v > 0.7 and l >= 2 then 2 else 0 end + 0.3 * e - 1))) as y, a, b, c, d, e, f, u, v, 'k' || k as k, 'l' || l as l
from (select n, sqrt(-2 * ln(1 - r1)) * cos(2 * pi() * r2) as a, sqrt(-2 * ln(1 - r1)) * sin(2 * pi() * r2) as b, sqrt(-2 * ln(1 - r3)) * cos(2 * pi() * r4) as c,
             sqrt(-2 * ln(1 - r3)) * sin(2 * pi() * r4) as d, sqrt(-2 * ln(1 - r5)) * cos(2 * pi() * r6) as e, sqrt(-2 * ln(1 - r5)) * sin(2 * pi() * r6) as f, u, v,
             floor(k * 4)::int as k, floor(l * 4)::int as l
      from (select n, random() as r1, random() as r2, random() as r3, random() as r4, random() as r5, random() as r6, random() as u, random() as v, random() as k, random() as l
            from generate_series(1, 40000) n) r) q;
vacuum analyze leaver;
vacuum analyze paired;
