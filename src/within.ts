/**
 * What `work` resolves to, if it does so in `ms` milliseconds. It is not cut off, only no longer waited for.
 * @throws what `late` makes when the time is up, or what `work` rejects with
 */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}
