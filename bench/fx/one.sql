select * from one.revenue_monthly;
