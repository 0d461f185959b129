-- The customers of a fictional company as its own tables would hold them: telco.customer and
-- telco.subscription, made from telco_customer_churn.csv (see NOTICE.md).
--
-- The file is a snapshot without dates. It says of each customer how many months it stayed (tenure),
-- whether it has left (Churn), what it paid by month at the end (MonthlyCharges) and in all
-- (TotalCharges). Tenures, departures and payments below are the file's; the calendar is made up:
--
--   Snapshot   2026-07-01.
--   Stayed     Began tenure months before the snapshot.
--   Left       The file does not say when. (Descriptions of the data elsewhere say: within the last
--              month. With a quarter of all leaving at once there would be no history to show.) Here
--              customers leave on the first of a month, the last of them on 2026-06-01. The longest
--              tenure, 72 months, then begins on 2020-06-01, and that is where the history begins. In
--              between, a tenure of t months can end in 73 - t different months. The customers of
--              equal tenure are spread evenly over these, in the order of the file.
--   Prices     The simplest history that meets both charges: MonthlyCharges in the second half of the
--              tenure, and one earlier price in the first half, h = tenure / 2 whole months:
--              (TotalCharges - MonthlyCharges * (tenure - h)) / h. One price throughout if h = 0.
--   Tenure 0   Has not paid yet (TotalCharges is blank): one subscription from the snapshot day on.
CREATE SCHEMA telco;

-- The file as it is. To be run from the root of the repository, where the path below begins.
CREATE TABLE telco.file (
    line integer GENERATED ALWAYS AS IDENTITY,
    customerID text PRIMARY KEY, gender text, SeniorCitizen integer, Partner text, Dependents text, tenure integer,
    PhoneService text, MultipleLines text, InternetService text, OnlineSecurity text, OnlineBackup text,
    DeviceProtection text, TechSupport text, StreamingTV text, StreamingMovies text, Contract text,
    PaperlessBilling text, PaymentMethod text, MonthlyCharges numeric, TotalCharges text, Churn text);
\copy telco.file (customerID, gender, SeniorCitizen, Partner, Dependents, tenure, PhoneService, MultipleLines, InternetService, OnlineSecurity, OnlineBackup, DeviceProtection, TechSupport, StreamingTV, StreamingMovies, Contract, PaperlessBilling, PaymentMethod, MonthlyCharges, TotalCharges, Churn) FROM 'demo/telco/telco_customer_churn.csv' (FORMAT csv, HEADER true)

CREATE TABLE telco.customer (
    id        text PRIMARY KEY,
    contract  text NOT NULL,
    internet  text NOT NULL,
    joined_on date NOT NULL,
    left_on   date);
INSERT INTO telco.customer
SELECT customerID, Contract, InternetService,
       (coalesce(left_on, '2026-07-01') - tenure * interval '1 month')::date AS joined_on, left_on
FROM (SELECT f.*,
             CASE Churn WHEN 'Yes' THEN
                (date '2026-06-01' - (2 * nth - 1) * (73 - tenure) / (2 * of_all) * interval '1 month')::date
             END AS left_on
      FROM (SELECT f.*, row_number() OVER (PARTITION BY tenure, Churn ORDER BY line) AS nth,
                   count(*) OVER (PARTITION BY tenure, Churn) AS of_all
            FROM telco.file f) f) f;

CREATE TABLE telco.subscription (
    customer_id   text NOT NULL REFERENCES telco.customer,
    valid_from    date NOT NULL,
    valid_to      date,
    monthly_price numeric(12, 6) NOT NULL CHECK (monthly_price > 0),
    PRIMARY KEY (customer_id, valid_from));
INSERT INTO telco.subscription
SELECT c.id, price.*
FROM telco.file f
JOIN telco.customer c ON c.id = f.customerID,
     LATERAL (SELECT tenure / 2 AS h) half,
     LATERAL (SELECT (c.joined_on + h * interval '1 month')::date AS changed_on) change,
     LATERAL (SELECT c.joined_on, changed_on, (TotalCharges::numeric - MonthlyCharges * (tenure - h)) / h WHERE h > 0
              UNION ALL
              SELECT changed_on, c.left_on, MonthlyCharges) price;
ANALYZE telco.customer, telco.subscription;
