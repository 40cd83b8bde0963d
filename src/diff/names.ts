/**
 * Names in XML namespaces. A name is its local part and the URI of its namespace (Namespaces in XML 1.0
 * §2.1); prefixes are no part of it. In profiles, schemas and paths it is just `line`; only where one parent
 * has equal local names of several namespaces those are told apart as `line{urn:example:orders}`. The URI
 * itself stands beside the name (`namespace`), so that profiles add up whichever of them shows the conflict.
 */

export interface Named {
  namespace?: string
}

/** What is the same for the same name, whatever stands beside it. */
export function identityOf(key: string, { namespace }: Named): string {
  if (namespace === undefined) return key
  const suffix = `{${namespace}}`
  return key.endsWith(suffix) ? key : key + suffix
}

export function localOf(key: string, { namespace }: Named): string {
  const suffix = `{${namespace}}`
  return namespace !== undefined && key.endsWith(suffix) ? key.slice(0, -suffix.length) : key
}

/** Children by what they are, for comparing two parents. Nothing to do where no name is in a namespace. */
export function byIdentity<T extends Named>(children: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  if (!hasNamespaces(children)) return children
  return new Map([...children].map(([key, child]) => [identityOf(key, child), child]))
}

/** Children by their local names, the URI added where several share one. */
export function byShortName<T extends Named>(children: Map<string, T>): Map<string, T> {
  if (!hasNamespaces(children)) return children
  const taken = new Map<string, number>()
  for (const [key, child] of children) {
    const local = localOf(key, child)
    taken.set(local, (taken.get(local) ?? 0) + 1)
  }
  return new Map(
    [...children].map(([key, child]) => {
      const local = localOf(key, child)
      return [taken.get(local) === 1 ? local : identityOf(key, child), child]
    }),
  )
}

/**
 * The children of a file by the names a contract has for them. What the contract knows in another namespace
 * gets the contract's name too: the namespace is then what changed.
 */
export function byContractName<T extends Named>(
  children: Map<string, T>,
  contract: ReadonlyMap<string, { node: Named }>,
): Map<string, T> {
  if (!hasNamespaces(children) && !expectsNamespaces(contract)) return children
  const exact = new Map([...contract].map(([key, { node }]) => [identityOf(key, node), key]))
  const found = new Map<string, T>()
  const others: [key: string, child: T][] = []
  for (const [key, child] of children) {
    const name = exact.get(identityOf(key, child))
    if (name === undefined) others.push([key, child])
    else found.set(name, child)
  }
  const free = new Map<string, string[]>()
  for (const [key, { node }] of contract) {
    if (!found.has(key)) free.set(localOf(key, node), [...(free.get(localOf(key, node)) ?? []), key])
  }
  for (const [key, child] of others) {
    const name = free.get(localOf(key, child))?.shift()
    const own = contract.has(key) || found.has(key) ? identityOf(key, child) : key
    found.set(name ?? own, child)
  }
  return found
}

function hasNamespaces(children: ReadonlyMap<string, Named>): boolean {
  for (const child of children.values()) if (child.namespace !== undefined) return true
  return false
}

function expectsNamespaces(contract: ReadonlyMap<string, { node: Named }>): boolean {
  for (const { node } of contract.values()) if (node.namespace !== undefined) return true
  return false
}
