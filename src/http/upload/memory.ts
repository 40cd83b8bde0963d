/** A file kept in memory: the sample of a new contract. */
import { fileTooLarge } from '../../services/uploads/intake.js'
import type { FileIntakes } from './arrivals.js'

export interface MemoryFile {
  bytes: Uint8Array
  fileName: string | null
  release(): Promise<void>
}

/** One file of at most `maxBytes`. */
export const inMemory = (maxBytes: number): FileIntakes<MemoryFile> => ({
  maxBytes,
  maxFiles: 1,
  open({ fileName }) {
    const chunks: Uint8Array[] = []
    let size = 0
    return {
      async write(chunk) {
        size += chunk.byteLength
        if (size > maxBytes) throw fileTooLarge(maxBytes)
        chunks.push(chunk)
      },
      end: async () => ({ bytes: Buffer.concat(chunks, size), fileName, release: async () => {} }),
      async abort() {
        chunks.length = 0
      },
    }
  },
})
