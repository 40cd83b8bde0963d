/** What a registry left out of package-lock.json. See complete-lock.js. */

/**
 * @typedef {object} Locked
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {Record<string, string>} [optionalDependencies]
 * @typedef {{ packages: Record<string, Locked> }} Lock
 */

const platforms = 'aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32|windows'.split('|')
const processors = 'arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64|wasm32'.split('|')

/**
 * The optional dependencies the lock file lacks. Ranges are left alone: only a pinned version says what would
 * have been locked.
 * @param {Lock} lock
 */
export function missingFrom(lock) {
  return Object.entries(lock.packages).flatMap(([place, { dev, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, version]) => /^\d/.test(version) && !isLocked(lock, place, name))
      .map(([name, version]) => ({ name, version, dev: dev === true })),
  )
}

/**
 * Node looks for `name` beside what needs it, then further and further up.
 * @param {Lock} lock
 * @param {string} place
 * @param {string} name
 */
function isLocked(lock, place, name) {
  for (let at = place; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (`${at}/node_modules/${name}` in lock.packages) return true
  }
  return `node_modules/${name}` in lock.packages
}

/**
 * With what was missing: enough for npm to know that other platforms need it and this one does not.
 * @param {Lock} lock
 * @returns {Lock}
 */
export function completed(lock) {
  const packages = { ...lock.packages }
  for (const { name, version, dev } of missingFrom(lock)) {
    const words = name.split(/[/-]/)
    const os = words.find((word) => platforms.includes(word))
    const cpu = words.find((word) => processors.includes(word))
    // Without them npm would fetch it everywhere, and fail here.
    if (!os || !cpu) throw new Error(`${name} does not say in its name which platform it is for`)
    packages[`node_modules/${name}`] = {
      version,
      ...{ cpu: [cpu], ...(dev ? { dev } : {}) },
      ...(words.includes('musl') ? { libc: ['musl'] } : {}),
      ...{ optional: true, os: [os === 'windows' ? 'win32' : os] },
    }
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
  return { ...lock, packages: Object.fromEntries(sorted) }
}
