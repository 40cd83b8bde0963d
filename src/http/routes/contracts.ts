import type { ContractCreate, ContractUpdate } from '../../services/contracts.js'
import { invalidField } from '../../services/validate.js'
import { param, type Route } from '../route.js'
import type { MemoryFile } from '../upload/memory.js'
import type { ReceivedFiles } from '../upload/reader.js'
import { fromWire } from '../wire.js'

export const contractRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/contracts',
    status: 201,
    takesFile: true,
    handle: ({ services, principal, body, form }) =>
      services.contracts.create(principal, form === null ? (body as ContractCreate) : fromForm(form)),
  },
  {
    method: 'GET',
    path: '/contracts',
    status: 200,
    handle: ({ services, principal, query }) => services.contracts.list(principal, query),
  },
  {
    method: 'GET',
    path: '/contracts/:id',
    status: 200,
    handle: (call) => call.services.contracts.get(call.principal, param(call, 'id')),
  },
  {
    method: 'PATCH',
    path: '/contracts/:id',
    status: 200,
    handle: (call) =>
      call.services.contracts.update(call.principal, param(call, 'id'), call.body as ContractUpdate),
  },
  {
    method: 'DELETE',
    path: '/contracts/:id',
    status: 204,
    handle: (call) => call.services.contracts.delete(call.principal, param(call, 'id')),
  },
]

/** A form has only texts; what is not a text in the JSON body is JSON here. */
function fromForm({ files: [file], fields }: ReceivedFiles<MemoryFile>): ContractCreate {
  const plain = Object.entries(fields).map(([name, value]) =>
    name === 'tags' || name === 'policy' ? [name, fromWire(json(name, value))] : [name, value],
  )
  const { bytes, fileName } = file
  return { ...Object.fromEntries(plain), file: { bytes, ...(fileName === null ? {} : { name: fileName }) } }
}

function json(name: string, value: unknown): unknown {
  try {
    return JSON.parse(String(value))
  } catch {
    throw invalidField(name, 'not_json', 'must be JSON in a form')
  }
}
