import { DrifthookError } from '../errors.js'
import { isPreconditionFailed, type Storage, type Write } from '../ports/storage.js'

/** One write, and what its refusal means: an error for the caller, or that reading again will help. */
export interface Step {
  write: Write
  refused?: Partial<Record<'exists' | 'missing' | 'moved', DrifthookError | 'again'>>
}

const attempts = 10

/**
 * Commits what `build` makes of the state it reads, and builds anew when somebody was faster.
 * @param build reads and returns the writes, with whatever else the caller wants back
 * @throws the step's own error, or DrifthookError `CONFLICT`
 */
export async function commitSteps<Built extends { steps: Step[] }>(
  storage: Pick<Storage, 'commit'>,
  build: () => Promise<Built>,
): Promise<Built> {
  for (let attempt = 1; ; attempt++) {
    const built = await build()
    try {
      await storage.commit(built.steps.map((step) => step.write))
      return built
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error
      const verdict = built.steps[error.write]?.refused?.[error.reason]
      if (verdict === 'again' && attempt < attempts) continue
      if (verdict !== undefined && verdict !== 'again') throw verdict
      throw new DrifthookError('CONFLICT', 'Somebody else changed this meanwhile. Read it again and retry.', {
        cause: error,
      })
    }
  }
}
