-- A prediction a customer.
select sum(csmetrics.bgnbd_expected(0.243, 4.414, 0.793, 2.426, frequency, recency, age, 39)) from customer;
