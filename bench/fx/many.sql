select * from many.revenue_monthly;
