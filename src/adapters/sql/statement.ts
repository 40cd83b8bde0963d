/**
 * Makes statements with their values, in the order in which they were bound.
 * @param place the placeholder of the n-th value, counted from 1
 */
export const statementWith =
  <Value>(place: (n: number) => string) =>
  (write: (bind: (value: Value) => string) => string): [sql: string, values: Value[]] => {
    const values: Value[] = []
    const sql = write((value) => place(values.push(value)))
    return [sql, values]
  }
