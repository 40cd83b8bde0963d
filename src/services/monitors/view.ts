import type { Monitor } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import { instantOrNull, instantText } from '../shared.js'

/** A monitor as its owner sees it: none of its secrets. */
export const showMonitor = (row: Row<'monitors'>): Monitor => ({
  id: row.id,
  name: row.name,
  description: row.description,
  contractId: row.contractId,
  active: row.active,
  maxBytes: row.maxBytes,
  maxFiles: row.maxFiles,
  rateLimit: row.rateLimit,
  allowedAddresses: row.allowedAddresses,
  signed: row.signingSealed !== null,
  tokenPrefix: row.tokenPrefix,
  signingPrefix: row.signingPrefix,
  createdAt: instantText(row.createdAt),
  updatedAt: instantText(row.updatedAt),
  lastUploadAt: instantOrNull(row.lastUploadAt),
})
