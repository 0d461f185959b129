-- The rows every contender reads: :customers customers (default 1000000) who buy and leave just as the BG/NBD model says, with the
-- parameters of its paper, r 0.243, alpha 4.414, a 0.793, b 2.426, known for 26 to 156 weeks. recency and age are in weeks, by the
-- day, as histories of days have them, and as _exact, which are nearly all different. A mean amount is drawn as the Gamma-Gamma model
-- says, with its paper's p 6.25, q 3.74, v 15.44.
-- The seed is fixed and the plan runs in one process, so that every run measures the same rows.
\if :{?customers} \else \set customers 1000000 \endif

drop table if exists customer;
create table customer (
  frequency int not null,
  recency float8 not null,
  age float8 not null,
  recency_exact float8 not null,
  age_exact float8 not null,
  mean_amount float8
);

-- A standard gamma variable. G. Marsaglia, W. W. Tsang, ACM Transactions on Mathematical Software 26 (2000) 363-372.
create or replace function gamma_variable(shape float8) returns float8 language plpgsql as $$
declare
  d float8 := case when shape < 1 then shape + 1 else shape end - 1.0 / 3;
  c float8 := 1 / sqrt(9 * d);
  x float8;
  v float8;
begin
  loop
    x := sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random());
    v := (1 + c * x) ^ 3;
    if v > 0 and ln(1 - random()) < x * x / 2 + d - d * v + d * ln(v) then
      return d * v * case when shape < 1 then (1 - random()) ^ (1 / shape) else 1 end;
    end if;
  end loop;
end $$;

create or replace function a_customer(out frequency int, out recency float8, out age float8, out mean_amount float8) language plpgsql as $$
declare
  rate float8 := gamma_variable(0.243) / 4.414;
  one float8 := gamma_variable(0.793);
  leaving float8 := one / (one + gamma_variable(2.426));
  next float8 := 0;
begin
  frequency := 0;
  recency := 0;
  age := 26 + 130 * random();
  loop
    next := case when rate > 1e-9 then next - ln(1 - random()) / rate else age end;
    exit when next >= age or frequency >= 5000;
    frequency := frequency + 1;
    recency := next;
    exit when random() < leaving;
  end loop;
  if frequency > 0 then
    mean_amount := gamma_variable(6.25 * frequency) / frequency * 15.44 / gamma_variable(3.74);
  end if;
end $$;

select setseed(0.42) \g /dev/null

-- The day of a purchase ends the week's seventh that it fell into.
insert into customer
select (c).frequency, ceil((c).recency * 7) / 7, ceil((c).age * 7) / 7, (c).recency, (c).age, (c).mean_amount
from (select a_customer() as c from generate_series(1, :customers) offset 0) as q;

-- Hint bits and statistics now, so that no contender pays for them.
vacuum (freeze, analyze) customer;
