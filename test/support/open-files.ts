/** The files a process has open in a folder, as Linux tells them. */
import { existsSync } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Elsewhere nothing tells. */
export const tellsOpenFiles = existsSync('/proc/self/fd')

/** Of this process, with ` (deleted)` behind those without a name. */
export async function openFiles(directory: string): Promise<string[]> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')),
  )
  return links.filter((target) => target.startsWith(`${directory}/`))
}
