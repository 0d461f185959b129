-- All that refresh stores, a line a row
select row
from (select 'account ' || t from bench.account t union all select 'left out ' || t from bench_internal.left_out_account t
      union all select 'state ' || t from bench_internal.account_state t union all select 'user ' || t from bench_internal.user_state t
      union all select 'discount ' || t from bench_internal.discount_state t union all select 'entitlement ' || t from bench_internal.entitlement_state t
      union all select 'digest ' || t from bench_internal.account_digest t
      union all select concat_ws(' ', 'source', source, row_count) from bench.refreshed_source) c(row) order by row collate "C";
