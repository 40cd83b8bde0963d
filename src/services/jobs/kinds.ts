import type { Job } from '../../model.js'
import { endDeliveries } from './end-deliveries.js'
import { expunge } from './expunge.js'
import { fanOut } from './fan-out.js'
import type { JobKind } from './kind.js'
import { periodicKinds } from './periodic.js'
import { reencrypt } from './reencrypt.js'
import { replay } from './replay.js'
import { uploadLease } from './upload-lease.js'

/** Every kind of job there is. */
export const jobKinds: Readonly<Record<Job['kind'], JobKind>> = {
  replay,
  reencrypt,
  end_deliveries: endDeliveries,
  fan_out: fanOut,
  upload_lease: uploadLease,
  expunge,
  prune: periodicKinds.prune.work,
}
