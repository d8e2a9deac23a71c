import type { ReactNode } from 'react'
import { join } from './join.ts'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** What the column sorts by; without it the column does not sort. Only a list that is shown whole is ever sorted. */
  readonly sortBy?: (row: Row) => string | number
  readonly className?: string
}

/** A column's key; with `-` before it the largest comes first. */
export type Sort = string

/** A table. On a narrow screen each row becomes a card, led by its first column. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
}: {
  /** What the table holds; read out, not shown. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly sort?: Sort | undefined
  readonly onSort?: (sort: Sort | undefined) => void
}): ReactNode {
  return (
    <div className="overflow-x-auto rounded-xl border border-border bg-surface">
      <table role="table" className="stacking w-full border-collapse text-left text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <Heading key={column.key} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {sorted(rows, columns, sort).map((row) => (
            <tr role="row" key={rowKey(row)} className="border-t border-border">
              {columns.map((column, place) => (
                <td
                  role="cell"
                  key={column.key}
                  data-label={column.title}
                  data-lead={place === 0 ? '' : undefined}
                  className={join('align-top md:px-3 md:py-3 md:first:pl-4', column.className)}
                >
                  <div className="min-w-0">{column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Heading<Row>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>
  readonly sort: Sort | undefined
  readonly onSort: ((sort: Sort | undefined) => void) | undefined
}): ReactNode {
  const state =
    sort === column.key ? 'ascending' : sort === `-${column.key}` ? 'descending' : 'none'
  const next = { none: column.key, ascending: `-${column.key}`, descending: undefined }[state]
  const sorts = column.sortBy !== undefined && onSort !== undefined
  return (
    <th
      role="columnheader"
      scope="col"
      aria-sort={sorts && state !== 'none' ? state : undefined}
      className="px-3 py-2.5 text-[13px] first:pl-4 font-medium whitespace-nowrap text-muted"
    >
      {sorts ? (
        <button type="button" className="font-medium hover:text-text" onClick={() => onSort(next)}>
          {column.title}
          <span aria-hidden="true" className="ml-1 inline-block w-2">
            {{ none: '', ascending: '↑', descending: '↓' }[state]}
          </span>
        </button>
      ) : (
        column.title || <span className="sr-only">Actions</span>
      )}
    </th>
  )
}

function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | undefined,
): readonly Row[] {
  const falling = sort?.startsWith('-') === true
  const sortBy = columns.find(({ key }) => key === (falling ? sort.slice(1) : sort))?.sortBy
  if (!sortBy) return rows
  return rows.toSorted((a, b) => (falling ? -1 : 1) * compare(sortBy(a), sortBy(b)))
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b))
}
