import { DrifthookError } from '../errors.js'
import type { Permission, Principal } from '../model.js'

/**
 * Lets a call through or ends it.
 * @throws DrifthookError `FORBIDDEN` naming the permission that is missing
 */
export function requirePermission(principal: Principal, permission: Permission): void {
  const everyVerb = `${permission.split(':')[0]}:*` as const
  const granted = principal.permissions
  if (granted.includes('*') || granted.includes(permission) || granted.includes(everyVerb)) return
  throw new DrifthookError('FORBIDDEN', `This needs the permission ${permission}.`)
}
