// DuckDB on its own column copy of the rows, asked the very text of delta.sql, on one thread and on two.
//   node duckdb.mjs PACKAGE_FOLDER SEGMENTS_CSV ROWS_CSV
// Loads the segments into an in-memory table, warms up, prints "threads<TAB>seconds" a line and writes the answer to ROWS_CSV.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [packages, segments, rows] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(`${packages}/`)('@duckdb/node-api');
const query = readFileSync(new URL('delta.sql', import.meta.url), 'utf8');

const db = await (await DuckDBInstance.create()).connect();
await db.run(`create table seg as select * from read_csv('${segments}', header = false, columns =
  {customer_id: 'bigint', starts: 'date', ends: 'date', mrr: 'decimal(12,2)'})`);

let answer = await db.runAndReadAll(query);
for (const threads of [1, 2]) {
  await db.run(`set threads = ${threads}`);
  const start = performance.now();
  answer = await db.runAndReadAll(query);
  console.log(`${threads}\t${((performance.now() - start) / 1000).toFixed(4)}`);
}
const lines = [answer.columnNames(), ...answer.getRows()].map(row => row.join(',') + '\n');
writeFileSync(rows, lines.join(''));
