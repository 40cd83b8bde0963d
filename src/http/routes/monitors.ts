import type { Monitor, MonitorSecret } from '../../model.js'
import type { MonitorCreate, MonitorUpdate } from '../../services/monitors/input.js'
import { type Call, param, type Route } from '../route.js'

const withUrl = async (call: Call, made: Promise<(Monitor & MonitorSecret) | MonitorSecret>) => {
  const shown = await made
  return { ...shown, uploadUrl: call.uploadUrl(shown.token) }
}

export const monitorRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/monitors',
    status: 201,
    handle: (call) =>
      withUrl(call, call.services.monitors.create(call.principal, call.body as MonitorCreate)),
  },
  {
    method: 'GET',
    path: '/monitors',
    status: 200,
    handle: ({ services, principal, query }) => services.monitors.list(principal, query),
  },
  {
    method: 'GET',
    path: '/monitors/:id',
    status: 200,
    handle: (call) => call.services.monitors.get(call.principal, param(call, 'id')),
  },
  {
    method: 'PATCH',
    path: '/monitors/:id',
    status: 200,
    handle: (call) =>
      call.services.monitors.update(call.principal, param(call, 'id'), call.body as MonitorUpdate),
  },
  {
    method: 'DELETE',
    path: '/monitors/:id',
    status: 204,
    handle: (call) => call.services.monitors.delete(call.principal, param(call, 'id')),
  },
  {
    method: 'POST',
    path: '/monitors/:id/rotate-token',
    status: 200,
    handle: (call) => withUrl(call, call.services.monitors.rotateToken(call.principal, param(call, 'id'))),
  },
  {
    method: 'POST',
    path: '/monitors/:id/rotate-signing-secret',
    status: 200,
    handle: (call) => call.services.monitors.rotateSigningSecret(call.principal, param(call, 'id')),
  },
  {
    method: 'GET',
    path: '/monitors/:id/upload-url',
    status: 200,
    handle: (call) => withUrl(call, call.services.monitors.uploadUrl(call.principal, param(call, 'id'))),
  },
]
