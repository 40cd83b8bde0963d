// What the quick start keeps beside itself, in .data: its keys, its database, and what it was told once.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env.QUICKSTART_DATA ?? join(import.meta.dirname, '.data')
mkdirSync(folder, { recursive: true, mode: 0o700 })

export const storageFile = join(folder, 'drifthook.db')

/**
 * The key that encrypts stored secrets and the one that opens the management routes, made on the first start.
 * @returns {{ secretKey: string, apiKey: string }}
 */
export function loadKeys() {
  const found = read('keys.json')
  if (found !== null) return found
  const keys = {
    secretKey: randomBytes(32).toString('base64'),
    apiKey: randomBytes(24).toString('base64url'),
  }
  write('keys.json', keys)
  return keys
}

/**
 * The records the first start made. The signing secret is among them: it is shown once, so a receiver keeps it.
 * @typedef {{ contractId: string, monitorId: string, webhookId: string, secret: string, token: string }} Demo
 * @returns {Demo | null}
 */
export const loadDemo = () => read('demo.json')

/** @param {Demo} demo */
export const saveDemo = (demo) => write('demo.json', demo)

/** @param {string} name */
function read(name) {
  const file = join(folder, name)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

/**
 * @param {string} name
 * @param {object} value
 */
function write(name, value) {
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
}
