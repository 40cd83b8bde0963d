/** The host's own SQL transaction, for as long as it lasts. It begins and ends it; nobody here does. */
export interface HostTransaction {
  /**
   * Runs one statement in the transaction and resolves to its rows; each has one column, of text.
   * @param sql with `$1`, `$2`… for the values, each once and in this order
   * @param values texts only: every SQL library passes these on alike
   */
  run(sql: string, values: readonly string[]): Promise<readonly object[]>
}
