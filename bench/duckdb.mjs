// DuckDB on its own column copy of the rows, asked the very text of a query, on one thread and on two.
//   node duckdb.mjs PACKAGE_FOLDER LOAD QUERY_FILE ROWS_CSV
// Runs LOAD, which makes the table, warms up, prints "threads<TAB>seconds" a line and writes the answer to ROWS_CSV.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [packages, load, file, rows] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(`${packages}/`)('@duckdb/node-api');
const query = readFileSync(file, 'utf8');

const db = await (await DuckDBInstance.create()).connect();
await db.run(load);

let answer = await db.runAndReadAll(query);
for (const threads of [1, 2]) {
  await db.run(`set threads = ${threads}`);
  const start = performance.now();
  answer = await db.runAndReadAll(query);
  console.log(`${threads}\t${((performance.now() - start) / 1000).toFixed(4)}`);
}
const lines = [answer.columnNames(), ...answer.getRows()].map(row => row.join(',') + '\n');
writeFileSync(rows, lines.join(''));
