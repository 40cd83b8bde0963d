/**
 * Conformance suites are data: cases that assert with `node:assert` and know no test runner. Give them the
 * `test` function of yours and a harness that makes the adapter under test.
 */

export interface ConformanceCase<Harness> {
  topic: string
  name: string
  /** Why this harness cannot run the case, or null. */
  needs?: (harness: Harness) => string | null
  run(harness: Harness): Promise<void>
}

export interface ConformanceRun<Harness extends { close(): Promise<void> }> {
  cases: readonly ConformanceCase<Harness>[]
  harness: Harness
  /** Registers a test: `test` of node:test, vitest and others. */
  test: (name: string, run: () => Promise<void>) => unknown
  /** Registers a case that was left out; its name says what is missing. Default: printed as a warning. */
  skip?: (name: string) => unknown
}

/** Registers every case. After each one the harness closes what the case has opened. */
export function runConformance<Harness extends { close(): Promise<void> }>(
  run: ConformanceRun<Harness>,
): void {
  const { cases, harness, test, skip = (name) => process.emitWarning(`skipped: ${name}`) } = run
  for (const each of cases) {
    const name = `${each.topic}: ${each.name}`
    const missing = each.needs?.(harness) ?? null
    if (missing !== null) skip(`${name} (${missing})`)
    else test(name, () => runCase(each, harness))
  }
}

/** Runs one case and closes what it has opened. */
export async function runCase<Harness extends { close(): Promise<void> }>(
  { run }: ConformanceCase<Harness>,
  harness: Harness,
): Promise<void> {
  try {
    await run(harness)
  } finally {
    await harness.close()
  }
}
