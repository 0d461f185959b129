select * from mixed.revenue_monthly;
