import Table from 'cli-table3';

/** Columns whose cells are numbers stand to the right, the others to the left. Plain: a log file has no colours. */
export function table(head: string[], rows: string[][], leftColumns = 1): string {
  const colAligns = head.map((_, column) => (column < leftColumns ? ('left' as const) : ('right' as const)));
  const it = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
  it.push(...rows);
  return it.toString();
}
