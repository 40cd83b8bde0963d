import { DrifthookError } from '../../errors.js'

/**
 * Loads a package that hosts install only if they use the adapter for it.
 * @throws DrifthookError `DRIVER_NOT_FOUND` with the command that remedies it
 */
export async function optionalPackage<Package>(name: string): Promise<Package> {
  try {
    // Not a literal: a bundler must not look for the optional peer.
    return (await import(/* @vite-ignore */ name)) as Package
  } catch (cause) {
    throw new DrifthookError('DRIVER_NOT_FOUND', `${name} could not be loaded. npm install ${name}`, {
      cause,
    })
  }
}
